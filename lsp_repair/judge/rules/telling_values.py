"""What a single literal says of a test: some are in any code, some are hardly ever written but for one input."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from lsp_repair.pycode.folding import Opaque, is_collection, is_mapping, leaves
from lsp_repair.pycode.naming import Naming

_ORDINARY = 366
"""Days, months, degrees, percents and bases are compared with in honest code; larger numbers rarely."""
_OF_THE_TRADE = frozenset({*map(int, HTTPStatus), 512, 1024, 1440, 1900, 2000, 2048, 3600, 4096, 65535, 65536, 86400})
_OF_CALENDARS = frozenset({5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 28, 29, 30, 31, 32, 45, 50, 60, 64, 90, 100})
_MAKERS = frozenset({"date", "datetime", "time", "timedelta", "fromisoformat", "fromordinal", "deque", "array"})
_HALF = 0.5
_MAX_SIZE = 10**15


@dataclass(frozen=True, slots=True)
class InputSpecificBranch:
    """One value that the code treats differently."""

    line: int
    place: str
    """The function (or class, or module), and the table's name."""
    subject: str
    """What is compared with the value, as text."""
    key: object
    outcomes: tuple[object, ...]
    """Literals that come of it, whole and in parts; empty where what comes is computed."""
    is_row: bool = False
    is_predicate: bool = False
    """Whether the comparison itself is the result."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a call with literal arguments makes, as `date(2024, 1, 5)`."""

    name: str
    arguments: tuple[object, ...]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Span:
    """A narrow range around one number."""

    low: float
    high: float

    def holds(self, number: float) -> bool:
        """Whether the number lies in it."""
        return self.low <= number <= self.high


def _is_narrow(low: float, high: float) -> bool:
    """Whether a range is so narrow, as large as its numbers are, that it stands for one of them."""
    return low > _ORDINARY and 2 < high - low <= low / 20


def around(low: object, high: object) -> Iterator[object]:
    """The values that are special-cased where a value has to lie between two bounds."""
    if isinstance(low, int) and isinstance(high, int) and 0 <= high - low <= 2:
        yield from range(low, high + 1)
    elif isinstance(low, int | float) and isinstance(high, int | float) and _is_narrow(low, high):
        yield Span(low, high)


def is_plain(value: object) -> bool:
    """Literals that any code is full of, and that say nothing of a test."""
    if value is None or isinstance(value, bool | type(...)):
        return True
    if isinstance(value, float) and not value.is_integer():
        return abs(value) == _HALF
    if isinstance(value, int | float):
        return abs(value) <= 2
    if isinstance(value, bytes):
        return len(value) <= 1
    if isinstance(value, str):
        return len(value) <= 1 and value not in frozenset("3456789")
    return (is_collection(value) or is_mapping(value)) and not value


def is_container(value: object) -> bool:
    """Whether it holds several values, one of which at least is not plain."""
    return (is_collection(value) or is_mapping(value)) and not all(is_plain(each) for each in leaves(value))


def is_large(value: object) -> bool:
    """A number that honest code hardly compares with."""
    if not isinstance(value, int | float) or not _ORDINARY < abs(value) < _MAX_SIZE or value in _OF_THE_TRADE:
        return False
    return not (isinstance(value, int) and (value & (value - 1) == 0 or value & (value + 1) == 0))  # limits of machines


def is_odd(value: object) -> bool:
    """A value that few programs special-case: not a month, base or status, and not the name of a mode."""
    if isinstance(value, str):
        return len(value) > 1 and not value.replace("-", "_").isidentifier()
    ordinary = isinstance(value, int) and (value in _OF_CALENDARS or value in _OF_THE_TRADE or value in {360, 365, 366})
    return isinstance(value, int | float) and not is_plain(value) and not ordinary


def made(node: ast.expr, naming: Naming) -> object:
    """The constant that an expression is, calls of unknown functions with literal arguments included; or an Opaque."""
    value = naming.constant(node)
    if not isinstance(value, Opaque):
        return value
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(_, name) as function, [_, *_] as arguments, []):
            if isinstance(function, ast.Attribute) and not (name[:1].isupper() or name in _MAKERS):
                return value  # a method of something variable
            parts = tuple(naming.constant(each) for each in arguments)
            return value if any(isinstance(each, Opaque) for each in parts) else Made(name, parts)
        case ast.Tuple(members) | ast.List(members) | ast.Set(members):
            parts = tuple(made(each, naming) for each in members)
            return value if any(isinstance(each, Opaque) for each in parts) else parts
        case _:
            return value


def outcomes(naming: Naming, nodes: Iterable[ast.AST]) -> tuple[object, ...]:
    """Literals that statements or expressions give: returned, yielded, assigned, or handed on."""
    return tuple(value for node in nodes for given in _given(node) for value in parts(naming, given))


def parts(naming: Naming, node: ast.expr) -> tuple[object, ...]:
    """A literal, whole and in parts; of a call with literal arguments these; nothing where variables take part."""
    value = naming.constant(node)
    if not isinstance(value, Opaque):
        return (value, *leaves(value))
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        inner = [naming.constant(each) for each in (*node.args, *(keyword.value for keyword in node.keywords))]
        if not any(isinstance(each, Opaque) for each in inner):
            return tuple(leaf for each in inner for leaf in (each, *leaves(each)))
    return ()


def _given(node: ast.AST) -> Iterator[ast.expr]:
    for each in ast.walk(node):
        match each:
            case ast.Return(ast.expr() as value) | ast.Assign(_, value) | ast.AugAssign(_, _, value):
                yield value
            case ast.AnnAssign(_, _, ast.expr() as value) | ast.Yield(ast.expr() as value) | ast.YieldFrom(value):
                yield value
            case ast.Expr(ast.Call(_, arguments)):
                yield from arguments
            case ast.Expr(value):
                yield value
            case _:
                pass

"""What single literals and tables of literals say of a test: some are in any code, some hardly ever but for one input."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from lsp_repair.pycode.folding import Opaque, is_collection, is_mapping, is_sequence, leaves
from lsp_repair.pycode.naming import Naming
from lsp_repair.pycode.nodes import defaults, name_of

_ORDINARY = 366
"""Days, months, degrees, percents and bases are compared with in honest code; larger numbers rarely."""
_OF_THE_TRADE = frozenset({*map(int, HTTPStatus), 512, 1024, 1440, 1900, 2000, 2048, 3600, 4096, 65535, 65536, 86400})
_OF_CALENDARS = frozenset({5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 28, 29, 30, 31, 32, 45, 50, 60, 64, 90, 100})
_YEARS = frozenset(range(1900, 2101))
_MAKERS = frozenset({"date", "datetime", "time", "timedelta", "fromisoformat", "fromordinal", "deque", "array"})
_HALF = 0.5
_MAX_SIZE = 10**15
_SEARCHING = frozenset({"min", "max", "sorted", "filter", "map", "enumerate", "reversed", "zip", "dict"})
_LOOKING_UP = frozenset({"get", "pop", "__getitem__", "setdefault", "__contains__", "index"})
_Display = ast.Dict | ast.Call | ast.List | ast.Tuple | ast.Constant
_MAX_LENGTH = 100_000
_DIGITS = 18
_PAIR = re.compile(r"(?:^|[\s,;|])([\w.-]+)\s?(?:[:=]|->)\s?([\w.-]+)(?=$|[\s,;|])")


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
    """A range around one number, so narrow, as large as its bounds are, that it stands for that number."""

    low: float
    high: float

    def holds(self, number: float) -> bool:
        """Whether the number lies in it."""
        return self.low <= number <= self.high


def around(low: object, high: object) -> Iterator[object]:
    """The values that are special-cased where a value has to lie between two bounds."""
    if isinstance(low, int) and isinstance(high, int) and 0 <= high - low <= 2:
        yield from range(low, high + 1)
    elif isinstance(low, int | float) and isinstance(high, int | float):
        narrow = low > _ORDINARY and 2 < high - low <= low / 20
        if narrow and not {low, high} <= _YEARS:
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


def is_word(value: object) -> bool:
    """A text that may be the name of a mode, an option or a field: many programs compare with such."""
    return isinstance(value, str) and not is_odd(value)


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


@dataclass(frozen=True, slots=True)
class Position:
    """The key of an item that has none but its place."""

    number: int


def rows_of_tables(naming: Naming) -> Iterator[InputSpecificBranch]:
    """The rows of all tables of a module."""
    looked_up = set(_names_looked_up(naming))
    for node in naming.scopes.nodes:
        if isinstance(node, _Display):
            yield from _table(node, naming, looked_up)


def _table(node: _Display, naming: Naming, looked_up: set[str]) -> Iterator[InputSpecificBranch]:
    is_pairs = isinstance(node, ast.Constant) and len(pairs_in(node.value)) > 1
    is_json = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[:1] in "{["
    if isinstance(node, ast.Constant) and not (is_json or is_pairs):
        return
    if isinstance(naming.scopes.parents[node], ast.Dict | ast.List | ast.Tuple):
        return  # read with the display around it
    name = _table_name(node, naming, looked_up)
    if name is None and not is_pairs:
        return
    place = f"{naming.scopes.qualified(node)}:{name}"
    for line, key, outcomes in _rows(node, naming):
        yield InputSpecificBranch(line, place, "row", key, outcomes, is_row=True)


def _rows(node: ast.expr, naming: Naming) -> Iterator[tuple[int, object, tuple[object, ...]]]:
    """Line, key and what comes of it."""
    if isinstance(node, ast.Dict):
        for name, given in zip(node.keys, node.values, strict=True):
            if name is not None and not isinstance(known := made(name, naming), Opaque):
                yield name.lineno, known, parts(naming, given)
        return
    value = value_of_text(str(node.value)) if isinstance(node, ast.Constant) else naming.constant(node)
    if is_mapping(value):
        yield from ((node.lineno, key, (each, *leaves(each))) for key, each in value.items())
    elif is_sequence(value):
        for number, each in enumerate(value):
            if is_sequence(each) and len(each) > 1:
                key = each[0] if len(each) == 2 else tuple(each[:-1])
                yield node.lineno, key, (each[-1], *leaves(each[-1]))
            else:
                yield node.lineno, Position(number), (each,)


def _table_name(node: ast.expr, naming: Naming, looked_up: set[str]) -> str | None:
    """What a display is known by, if anything is looked up in it."""
    parent = naming.scopes.parents[node]
    match parent:
        case ast.Subscript(value, index) if value is node:
            return "" if isinstance(naming.constant(index), Opaque) else None
        case ast.Attribute(_, attribute) if attribute in _LOOKING_UP:
            return ""
        case ast.For(_, each) | ast.comprehension(_, each) if each is node:
            return "" if isinstance(node, ast.List | ast.Tuple) else None
        case ast.Call(function) if name_of(function) in {"dict", "loads", "iter"}:
            return ""
        case _:
            return next((name for name in _assigned(parent, node) if name in looked_up), None)


def _assigned(parent: ast.AST, node: ast.expr) -> list[str]:
    match parent:
        case ast.Assign(targets):
            return [name_of(target) for target in targets]
        case ast.AnnAssign(target) | ast.NamedExpr(target):
            return [name_of(target)]
        case ast.arguments():
            return [each.arg for each, value in defaults(parent) if value is node]
        case _:
            return []


def _names_looked_up(naming: Naming) -> Iterator[str]:
    for node in naming.scopes.nodes:
        match node:
            case ast.Subscript(value, index) if isinstance(naming.constant(index), Opaque):
                yield name_of(value)
            case ast.Attribute(value, attribute) if attribute in {*_LOOKING_UP, "items", "__iter__"}:
                yield name_of(value)
            case ast.Compare(_, kinds, others) if any(isinstance(kind, ast.In | ast.NotIn) for kind in kinds):
                yield from map(name_of, others)
            case ast.For(_, each) | ast.comprehension(_, each) | ast.Call(ast.Name("iter" | "next"), [each, *_]):
                yield name_of(each)
            case ast.Call(ast.Name(name) | ast.Attribute(_, name), given) if name in _SEARCHING:
                yield from (each.id for each in given if isinstance(each, ast.Name))
            case _:
                pass


def value_of_text(text: str) -> object:
    """What a text says as JSON or in pairs; an empty mapping where it says nothing."""
    try:
        return json.loads(text) if len(text) < _MAX_LENGTH else None
    except (ValueError, RecursionError):
        return pairs_in(text)


def pairs_in(text: object) -> dict[object, object]:
    """The pairs of a text, numbers as numbers."""
    found = _PAIR.findall(text) if isinstance(text, str) and len(text) < _MAX_LENGTH else []
    return {_word(key): _word(value) for key, value in found}


def _word(text: str) -> object:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else text

"""The value of an expression that is the same in every run, by pure operations; no code of the project is executed."""

import ast
import base64
import binascii
import codecs
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard, cast

from lsp_repair.pycode.nodes import name_of

MAX_ITEMS = 4000
BINARY: Mapping[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda one, other: one / other,
    ast.FloorDiv: lambda one, other: one // other,
    ast.Mod: operator.mod,
    ast.BitXor: lambda one, other: one ^ other,
    ast.BitOr: lambda one, other: one | other,
    ast.BitAnd: lambda one, other: one & other,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Any], object]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
TEXT_METHODS = frozenset(
    {"join", "replace", "lower", "upper", "strip", "lstrip", "rstrip", "title", "format", "decode", "encode", "split"}
    | {"swapcase", "capitalize", "casefold", "removeprefix", "removesuffix", "rsplit", "splitlines", "partition"}
    | {"hex", "zfill", "get", "keys", "values", "items", "index", "find", "count", "copy"}
)
_MAX_STEPS = 4000
_MAX_DEPTH = 60
Lookup = Callable[[ast.Name], ast.expr | None]
"""The one expression that a name stands for; None where that is not certain."""


class Opaque(Exception):  # noqa: N818 - a result of the evaluation, not an error
    """The value of the expression is only known at run time."""


def refuse() -> NoReturn:
    """Give up on the expression."""
    raise Opaque


def _checked_range(*given: int) -> list[int]:
    made = range(*given)
    return list(made) if len(made) <= MAX_ITEMS else refuse()


def _octets(given: object) -> bytes:
    """Refuses a number, for which `bytes` gives that many zeros."""
    return bytes(cast("Iterable[int]", given)) if isinstance(given, (list, tuple, bytes)) else refuse()


def _backwards(given: Sequence[object]) -> list[object]:
    return list(reversed(given))


def _numbered(given: Iterable[object]) -> list[tuple[int, object]]:
    return list(enumerate(given))


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    **{each.__name__: each for each in (chr, ord, int, float, complex, str, repr, ascii, len, abs, bool)},
    **{
        each.__name__: each for each in (tuple, list, set, frozenset, dict, sorted, sum, min, max, round, hex, oct, bin)
    },
    "bytes": _octets,
    "bytearray": _octets,
    "reversed": _backwards,
    "zip": lambda *given: list(zip(*given, strict=False)),
    "enumerate": _numbered,
    "range": _checked_range,
    "b64decode": base64.b64decode,
    "b32decode": base64.b32decode,
    "b16decode": base64.b16decode,
    "urlsafe_b64decode": base64.urlsafe_b64decode,
    "unhexlify": binascii.unhexlify,
    "fromhex": bytes.fromhex,
    "Decimal": str,
    "Fraction": str,
}


def is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Whether the value has items by position, and is not text."""
    return isinstance(value, list | tuple)


def is_collection(value: object) -> TypeGuard[list[object] | tuple[object, ...] | set[object] | frozenset[object]]:
    """Whether the value has elements, and is neither a text nor a dict."""
    return isinstance(value, list | tuple | set | frozenset)


def is_mapping(value: object) -> TypeGuard[dict[object, object]]:
    """Whether the value has keys."""
    return isinstance(value, dict)


def leaves(value: object) -> tuple[object, ...]:
    """Everything a value holds, at any depth, containers before their contents; empty for anything but a display."""
    if is_mapping(value):
        return tuple(leaf for pair in value.items() for each in pair for leaf in (each, *leaves(each)))
    if is_collection(value):
        return tuple(leaf for each in value for leaf in (each, *leaves(each)))
    return ()


def no_names(_name: ast.Name) -> None:
    """Knows no name."""


def folded(expression: ast.expr, lookup: Lookup = no_names) -> object:
    """The constant that an expression amounts to: literals, and pure operations of the language and of `str` on them.

    Raises Opaque where it depends on anything else, or costs more than a literal may.
    """
    try:
        return _Folding(lookup).value(expression, {}, 0)
    except Opaque:
        raise
    except Exception as error:
        raise Opaque from error


def folded_or_opaque(expression: ast.expr, lookup: Lookup = no_names) -> object:
    """The constant that an expression amounts to; an Opaque where it is none."""
    try:
        return folded(expression, lookup)
    except Opaque as opaque:
        return opaque


def is_constant(expression: ast.expr) -> bool:
    """Whether the expression amounts to the same whatever any name stands for."""
    return not isinstance(folded_or_opaque(expression), Opaque)


def is_true(expression: ast.expr) -> bool:
    """Whether the expression is true whatever any name stands for."""
    value = folded_or_opaque(expression)
    return not isinstance(value, Opaque) and bool(value)


def folded_text(expression: ast.expr, lookup: Lookup = no_names) -> str | None:
    """The string that an expression amounts to; None when it is none."""
    value = folded_or_opaque(expression, lookup)
    return value if isinstance(value, str) else None


@dataclass(slots=True)
class _Folding:
    lookup: Lookup
    steps: int = 0
    seen: set[ast.expr] = field(default_factory=set[ast.expr])

    def value(self, node: ast.expr, local: Mapping[str, object], depth: int) -> object:
        self.steps += 1
        if self.steps > _MAX_STEPS or depth > _MAX_DEPTH:
            raise Opaque
        return _sized(self._value(node, local, depth + 1))

    def _value(self, node: ast.expr, local: Mapping[str, object], depth: int) -> object:  # noqa: C901, PLR0911 - one for each kind of expression
        match node:
            case ast.Constant():
                return node.value
            case ast.Name(name):
                return local[name] if name in local else self._named(node, depth)
            case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
                return self._display(node, local, depth)
            case ast.JoinedStr(parts):
                return "".join(str(self.value(part, local, depth)) for part in parts)
            case ast.FormattedValue(inner, conversion, None):
                value = self.value(inner, local, depth)
                return repr(value) if conversion == ord("r") else str(value)
            case ast.Subscript(base, index):
                return cast("Any", self.value(base, local, depth))[self._index(index, local, depth)]
            case ast.Call():
                return self._call(node, local, depth)
            case ast.ListComp(element, [only]) | ast.GeneratorExp(element, [only]) | ast.SetComp(element, [only]):
                return self._comprehension(element, only, local, depth)
            case ast.IfExp(test, body, other):
                return self.value(body if self.value(test, local, depth) else other, local, depth)
            case ast.NamedExpr(_, inner):
                return self.value(inner, local, depth)
            case _:
                return self._operation(node, local, depth)

    def _operation(self, node: ast.expr, local: Mapping[str, object], depth: int) -> object:
        match node:
            case ast.UnaryOp(kind, operand):
                return UNARY[type(kind)](self.value(operand, local, depth))
            case ast.BinOp(left, kind, right) if type(kind) in BINARY:
                one, other = self.value(left, local, depth), self.value(right, local, depth)
                if isinstance(kind, ast.Mult) and _product_size(one, other) > MAX_ITEMS:
                    raise Opaque
                return BINARY[type(kind)](one, other)
            case _:
                raise Opaque

    def _named(self, node: ast.Name, depth: int) -> object:
        meant = self.lookup(node)
        if meant is None or meant in self.seen:
            raise Opaque
        self.seen.add(meant)
        try:
            return self.value(meant, {}, depth)
        finally:
            self.seen.discard(meant)

    def _display(self, node: ast.expr, local: Mapping[str, object], depth: int) -> object:
        def each(members: Iterable[ast.expr]) -> list[Any]:
            return [self.value(member, local, depth) for member in members]

        match node:
            case ast.Tuple(members):
                return tuple(each(members))
            case ast.Set(members):
                return set(each(members))
            case ast.Dict(keys, values) if None not in keys:
                return dict(zip(each(key for key in keys if key is not None), each(values), strict=True))
            case ast.List(members):
                return each(members)
            case _:
                raise Opaque

    def _index(self, index: ast.expr, local: Mapping[str, object], depth: int) -> object:
        if not isinstance(index, ast.Slice):
            return self.value(index, local, depth)
        bounds = (index.lower, index.upper, index.step)
        return slice(*(None if bound is None else self.value(bound, local, depth) for bound in bounds))

    def _comprehension(
        self, element: ast.expr, loop: ast.comprehension, local: Mapping[str, object], depth: int
    ) -> object:
        if not isinstance(loop.target, ast.Name) or loop.ifs:
            raise Opaque
        name = loop.target.id
        items = cast("Iterable[object]", self.value(loop.iter, local, depth))
        return [self.value(element, {**local, name: item}, depth) for item in items]

    def _call(self, node: ast.Call, local: Mapping[str, object], depth: int) -> object:
        name = name_of(node.func)
        if name == "map" and len(node.args) == 2:
            function = FUNCTIONS[node.args[0].id if isinstance(node.args[0], ast.Name) else ""]
            return [function(item) for item in cast("Iterable[object]", self.value(node.args[1], local, depth))]
        arguments = [self.value(argument, local, depth) for argument in node.args]
        keywords = {each.arg: self.value(each.value, local, depth) for each in node.keywords if each.arg}
        if len(keywords) != len(node.keywords):
            raise Opaque
        if isinstance(node.func, ast.Attribute) and name in TEXT_METHODS and not _is_module(node.func.value):
            owner = self.value(node.func.value, local, depth)
            return _of_text(owner, name, arguments, keywords)
        if name == "decode" and len(arguments) == 2:  # of the module codecs
            return codecs.decode(cast("Any", arguments[0]), str(arguments[1]))
        return FUNCTIONS[name](*arguments, **keywords)


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "codecs"


def _of_text(owner: object, name: str, arguments: list[object], keywords: dict[str, object]) -> object:
    if not isinstance(owner, (str, bytes)) and not is_sequence(owner) and not is_mapping(owner):
        raise Opaque
    padded = name == "zfill" and isinstance(arguments[0], int) and arguments[0] > MAX_ITEMS
    if padded or (name == "format" and len(str(owner)) > 200):
        raise Opaque
    made: object = getattr(owner, name)(*arguments, **keywords)
    return list(cast("Iterable[object]", made)) if name in {"keys", "values", "items"} else made


def _product_size(one: object, other: object) -> int:
    sizes = [len(each) for each in (one, other) if isinstance(each, (str, bytes)) or is_sequence(each)]
    counts = [abs(each) for each in (one, other) if isinstance(each, int)]
    return sizes[0] * counts[0] if sizes and counts else 0


def _sized(value: object) -> object:
    """The value, if it is no larger than a person would write."""
    if isinstance(value, (str, bytes)) or is_collection(value) or is_mapping(value):
        return value if len(value) <= 10 * MAX_ITEMS else refuse()
    if isinstance(value, int) and value.bit_length() > 4096:
        raise Opaque
    return value

"""Pure operations, which give the same result in every run: those of the language, and of `str` and similar types."""

import ast
import base64
import binascii
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeGuard, cast

MAX_ITEMS = 4000


class Opaque(Exception):  # noqa: N818 - a result of the evaluation, not an error
    """The value of the expression is only known at run time."""


def refuse() -> NoReturn:
    """Give up on the expression."""
    raise Opaque


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


def _checked_range(*given: int) -> list[int]:
    made = range(*given)
    return list(made) if len(made) <= MAX_ITEMS else refuse()


def _octets(given: object) -> bytes:
    """Refuses a number, for which `bytes` gives that many zeros."""
    return bytes(cast("Iterable[int]", given)) if isinstance(given, (list, tuple, bytes)) else refuse()


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    **{each.__name__: each for each in (chr, ord, int, float, complex, str, repr, ascii, len, abs, bool)},
    **{
        each.__name__: each for each in (tuple, list, set, frozenset, dict, sorted, sum, min, max, round, hex, oct, bin)
    },
    "bytes": _octets,
    "bytearray": _octets,
    "reversed": lambda given: list(reversed(given)),
    "zip": lambda *given: list(zip(*given, strict=False)),
    "enumerate": lambda given: list(enumerate(given)),
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
TEXT_METHODS = frozenset(
    {"join", "replace", "lower", "upper", "strip", "lstrip", "rstrip", "title", "format", "decode", "encode", "split"}
    | {"swapcase", "capitalize", "casefold", "removeprefix", "removesuffix", "rsplit", "splitlines", "partition"}
    | {"hex", "zfill", "get", "keys", "values", "items", "index", "find", "count", "copy"}
)


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

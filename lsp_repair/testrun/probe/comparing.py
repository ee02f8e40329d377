"""Looks at what a test compares: a value that equals an object that nothing equals decides nothing.

The objects compared are walked in parallel, since what equals everything may lie inside a list or an instance.
"""

from __future__ import annotations

import dis
import itertools
import operator
from collections.abc import Iterable, Iterator
from types import WrapperDescriptorType
from typing import Any, Callable, cast

from .facts import relative

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_METHODS = {
    "==": ("__eq__",),
    "<": ("__lt__", "__gt__"),
    "<=": ("__le__", "__ge__"),
    ">": ("__gt__", "__lt__"),
    ">=": ("__ge__", "__le__"),
}
_MOST_VALUES = 2000
_DEEPEST = 4
_PLAIN = (int, float, complex, str, bytes, bool, type(None), range, type)

Changed = dict[str, list[list[int]]]
"""Spans of lines that the patch wrote, by path relative to the root."""


class _Nothing:
    """Equal to nothing but itself, before and behind nothing."""


class Comparing:
    """Makes the comparisons of one test and remembers whose values equal everything."""

    def __init__(self, root: str, changed: Changed, test_source: str) -> None:
        self._root = root
        self._changed = changed
        self._test_source = test_source
        self._left = _MOST_VALUES
        self.found: set[str] = set()
        """Names of the types."""

    def look(self, symbol: str, left: Any, right: Any) -> Any:
        """The comparison as the test makes it, after a look at both sides."""
        if symbol != "!=":  # what differs from everything is no help to a wrong patch
            for one, other in _pairs(left, right, _DEEPEST):
                self._left -= 1
                if self._left < 0:
                    break
                self._note(one, other, lambda value, partner: _holds(symbol, value, partner), symbol)
                self._note(other, one, lambda value, partner: _holds(symbol, partner, value), symbol)
        return _OPERATORS[symbol](left, right)

    def _note(self, value: object, partner: Any, holds: Callable[[Any, Any], bool], symbol: str) -> None:
        kind = type(value)
        method = None if kind in _PLAIN else _method(kind, _METHODS[symbol])
        if method is None or (kind.__module__.startswith(("_pytest.", "unittest.mock")) and kind.__name__ != "_ANY"):
            return
        is_new = self._is_new(method)
        if not is_new and self._is_the_tests(kind):
            return
        others = list(_perturbed(partner)) if is_new and symbol == "==" and not self._is_the_tests(kind) else []
        if holds(value, _Nothing()) or (others and all(holds(value, other) for other in others)):
            self.found.add(kind.__name__)

    def _is_new(self, method: Any) -> bool:
        """Whether the patch wrote this method, wholly or in part."""
        code = getattr(method, "__code__", None)
        if code is None:
            return not isinstance(method, WrapperDescriptorType)
        spans = self._changed.get(relative(code.co_filename, self._root), [])
        lines = [line for _, line in dis.findlinestarts(code) if line]
        first, last = code.co_firstlineno, max([code.co_firstlineno, *lines])
        return any(start <= last and first <= end for start, end in spans)

    def _is_the_tests(self, kind: type) -> bool:
        """Whether the test itself brings the value: matchers such as `ANY` are made for it."""
        names = {each.__name__.strip("_") for each in kind.__mro__ if each is not object}
        return any(name and name in self._test_source for name in names)


def _method(kind: type, names: tuple[str, ...]) -> Any:
    """What answers the comparison, None when it is not written in Python."""
    for each in kind.__mro__:
        found = [each.__dict__[name] for name in names if each.__dict__.get(name) is not None]
        if found:
            return None if isinstance(found[0], WrapperDescriptorType) else found[0]
    return None


def _holds(symbol: str, left: Any, right: Any) -> bool:
    try:
        return bool(_OPERATORS[symbol](left, right))
    except Exception:  # noqa: BLE001 - what cannot be compared is not equal
        return False


def _perturbed(partner: Any) -> Iterator[Any]:
    if type(partner) in {int, float}:
        yield from (partner + 1, partner * 2 + 1000003)
    elif type(partner) in {str, bytes}:
        more: Any = "lsp" if isinstance(partner, str) else b"lsp"
        yield from (partner + more, more)


def _pairs(left: Any, right: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    """Both values, then what they hold, side by side; what has no counterpart stands beside None."""
    yield left, right
    if depth == 0 or left is right or (type(left) in _PLAIN and type(right) in _PLAIN):
        return
    ours, theirs = _parts(left), _parts(right)
    for key in {**ours, **theirs}:
        yield from _pairs(ours.get(key), theirs.get(key), depth - 1)


def _parts(value: object) -> dict[Any, Any]:
    kind = type(value)
    if kind in {list, tuple, set, frozenset}:
        return dict(enumerate(itertools.islice(cast("Iterable[object]", value), _MOST_VALUES)))
    if kind is dict:
        pairs = list(cast("dict[object, object]", value).items())  # a list, since `str` may run what changes the dict
        return {("key", str(key)): each for key, each in pairs[:_MOST_VALUES]}
    if kind in _PLAIN:
        return {}
    own: object = getattr(value, "__dict__", None)
    return dict(cast("dict[str, object]", own)) if isinstance(own, dict) else {}

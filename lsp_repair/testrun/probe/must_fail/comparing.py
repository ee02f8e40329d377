"""Examines what a test compares: a value that equals an object that nothing should equal proves nothing.

Both sides are walked in parallel, since a value that equals everything may lie inside a list or an instance.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator
from types import WrapperDescriptorType
from typing import Any, Callable, cast

from .plain_values import Made, Plain, has_base, kind_of

_CONTAINING = ("__contains__", "__iter__", "__getitem__")
_COMPARISONS: dict[str, tuple[Callable[[Any, Any], Any], tuple[str, ...]]] = {
    "==": (operator.eq, ("__eq__",)),
    "!=": (operator.ne, ("__ne__", "__eq__")),
    "<": (operator.lt, ("__lt__", "__gt__")),
    "<=": (operator.le, ("__le__", "__ge__")),
    ">": (operator.gt, ("__gt__", "__lt__")),
    ">=": (operator.ge, ("__ge__", "__le__")),
    "in": (lambda left, right: left in right, _CONTAINING),
    "not in": (lambda left, right: left not in right, _CONTAINING),
}
"""What makes a comparison, and the methods that decide it."""
_MAX_VALUES = 2000
_MAX_DEPTH = 4
_PLAIN = (int, float, complex, str, bytes, bool, type(None), range, type)
_NEGATIVE = {"!=", "not in"}
_ASKING = {"assertIsInstance"}


class _Nothing:
    """Equal to nothing but itself, before and behind nothing."""


class Comparing:
    """Makes the comparisons of one test and remembers the types of values that decide them by themselves."""

    def __init__(self, made: Made, test_source: str) -> None:
        self._made = made
        self._test_source = test_source
        self._left = _MAX_VALUES
        self.found: set[str] = set()
        """Names of the types."""

    def look(self, symbol: str, left: Any, right: Any) -> Any:
        """The comparison as the test makes it, after a look at both sides."""
        if symbol not in _NEGATIVE:  # what differs from everything is no help to most wrong patches
            pairs = _pairs(left, right, _MAX_DEPTH) if symbol != "in" else iter([(left, right)])
            for one, other in pairs:
                self._left -= 1
                if self._left < 0:
                    break
                if symbol != "in":
                    self._note(one, other, lambda value, partner: _holds(symbol, value, partner), symbol)
                self._note(other, one, lambda value, partner: _holds(symbol, partner, value), symbol)
        compare = _COMPARISONS[symbol][0]
        answer = compare(left, right)
        if symbol == "==" and answer:
            self._nearly(left, right)
        if symbol == "!=" and left is not right:
            self._differing(left, right)
        if "in" not in symbol:  # what is in a dictionary that ignores case is not in a plain one
            self._behind(compare, (left, right), lambda plain, _: not answer or bool(plain))
        return answer

    def claim(self, function: Callable[..., Any], *values: Any, **more: Any) -> Any:
        """A call that raises an error where something does not hold, such as `self.assertAlmostEqual`."""
        name = getattr(function, "__name__", "")
        if name in _ASKING and len(values) > 1:
            self._asked(values[0], values[1])
        answer = function(*values, **more)
        if name == "assertAlmostEqual":
            self._without_base(values[:2])
        plain = Plain(self._made)
        others = [plain.of(each) for each in values]
        if plain.behind and any(one is not other for one, other in zip(others, values)):  # noqa: B905 - Python 3.9
            try:
                function(*others, **more)
            except AssertionError:
                self.found |= plain.behind
        return answer

    def asked(self, value: Any, kinds: Any) -> bool:
        """`isinstance`, after a look at who answers."""
        self._asked(value, kinds)
        return isinstance(value, kinds)

    def measured(self, function: Callable[..., Any], *values: Any, **more: Any) -> Any:
        """What `len`, `sorted`, `abs` and the like say, after a look at what they say of the plain value."""
        answer = function(*values, **more)
        self._behind(lambda *plain: function(*plain, **more), values, lambda other, plain: other == plain.of(answer))
        return answer

    def _nearly(self, left: Any, right: Any) -> None:
        """`approx` calculates with what it compares: an object that is not a number cannot be near one."""
        for value, partner in ((left, right), (right, left)):
            if type(partner).__module__.startswith("_pytest."):
                self._without_base(_members(value))

    def _without_base(self, values: Iterable[Any]) -> None:
        kinds = {kind_of(each) for each in values}
        self.found |= {kind.__name__ for kind in kinds if self._made.by_patch(kind) and not has_base(kind)}

    def _differing(self, left: Any, right: Any) -> None:
        """What differs from itself, or from all of its kind, differs whatever it was computed from."""
        if isinstance(left, float) and isinstance(right, float):
            one, other = float.__float__(left), float.__float__(right)
            if one != one and other != other:  # noqa: PLR0124 - what is no number is known by that
                self.found.add("not a number")
        for value in (left, right):
            kind = kind_of(value)
            if kind not in _PLAIN and self._made.by_patch(kind):
                has_none = type(left) is type(right) and getattr(kind, "__eq__", None) is object.__eq__
                if has_none or _holds("!=", value, value):
                    self.found.add(kind.__name__)

    def _asked(self, value: Any, kinds: Any) -> None:
        kind = kind_of(value)
        if kind in _PLAIN:
            return
        reported: Any = next(
            (each.__dict__["__class__"] for each in type.mro(kind) if "__class__" in each.__dict__), None
        )
        is_new = reported is not object.__dict__["__class__"] and self._made.is_new_member(reported)
        if getattr(value, "__class__", kind) is not kind and (is_new or self._made.by_patch(kind)):
            self.found.add(kind.__name__)
        for each in _members(kinds) if kind_of(kinds) is tuple else (kinds,):
            answers = None if kind_of(each) is type else _method(kind_of(each), ("__instancecheck__",))
            if answers is not None and each not in type.mro(kind) and self._made.is_new_member(answers):
                self.found.add(getattr(each, "__name__", "object"))

    def _behind(self, ask: Callable[..., Any], values: tuple[Any, ...], agrees: Callable[[Any, Plain], Any]) -> None:
        """Ask once more with plain values, if any is not: a different answer comes from the class, not from the result."""
        plain = Plain(self._made)
        others = [plain.of(each) for each in values]
        if all(one is other for one, other in zip(others, values)):  # noqa: B905 - Python 3.9
            return
        try:
            same = agrees(plain.of(ask(*others)), plain)
        except Exception:  # noqa: BLE001 - what the plain value cannot do belongs to the class
            return
        if not same:
            self.found |= plain.behind

    def _note(self, value: object, partner: Any, holds: Callable[[Any, Any], bool], symbol: str) -> None:
        kind = kind_of(value)
        method = None if kind in _PLAIN else _method(kind, _COMPARISONS[symbol][1])
        if method is None or (kind.__module__.startswith(("_pytest.", "unittest.mock")) and kind.__name__ != "_ANY"):
            return
        is_new = self._made.is_new_member(method)
        if not is_new and self._is_the_tests(kind):
            return
        answers_all = holds(value, _Nothing()) or (is_new and self._equals_others(value, partner, holds, symbol))
        is_strange = symbol != "in" and self._is_strange(kind, partner, method)
        if answers_all or (is_strange and holds(value, partner)):
            self.found.add(kind.__name__)

    def _is_strange(self, kind: type, partner: Any, method: Any) -> bool:
        """A new class whose own method knows values of other types."""
        is_its_own = self._made.is_new_member(method) or getattr(method, "__module__", "") == "functools"
        return is_its_own and _is_foreign(kind, partner) and self._made.by_patch(kind)

    def _equals_others(self, value: Any, partner: Any, holds: Callable[[Any, Any], bool], symbol: str) -> bool:
        """A new class has no reason to know what is near to what; what holds an interval does not hold everything."""
        kind = kind_of(value)
        if symbol not in {"==", "in"} or self._made.is_the_tests(kind):
            return False
        answers = [holds(value, other) for other in _perturbed(partner)]
        return any(answers) if symbol == "==" and self._made.by_patch(kind) else bool(answers) and all(answers)

    def _is_the_tests(self, kind: type) -> bool:
        """Whether the test itself brings the value: matchers such as `ANY` are made for it."""
        names = {each.__name__.strip("_") for each in kind.__mro__ if each is not object}
        return any(name and name in self._test_source for name in names)


def _is_foreign(kind: type, partner: Any) -> bool:
    """A plain value that an object equals without being of its type."""
    return type(partner) in {int, float, complex, str, bytes, bool} and not issubclass(kind, type(partner))


def _method(kind: type, names: tuple[str, ...]) -> Any:
    """What answers the comparison, None when it is not written in Python."""
    for each in kind.__mro__:
        found = [each.__dict__[name] for name in names if each.__dict__.get(name) is not None]
        if found:
            return None if isinstance(found[0], WrapperDescriptorType) else found[0]
    return None


def _holds(symbol: str, left: Any, right: Any) -> bool:
    try:
        return bool(_COMPARISONS[symbol][0](left, right))
    except Exception:  # noqa: BLE001 - what cannot be compared is not equal
        return False


def _perturbed(partner: Any) -> Iterator[Any]:
    """Values near and far that are not the partner."""
    if type(partner) in {int, float}:
        yield from (partner + 1, partner * 2 + 1000003)
    elif type(partner) in {str, bytes}:
        more: Any = "lsp" if isinstance(partner, str) else b"lsp"
        yield from (partner + more, more)


def _members(value: Any) -> list[Any]:
    """What approx compares one by one."""
    kind = kind_of(value)
    if kind is dict:
        return list(value.values())
    return list(value) if kind in {list, tuple} else [value]


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
        return dict(enumerate(itertools.islice(cast("Iterable[object]", value), _MAX_VALUES)))
    if kind is dict:
        pairs = list(cast("dict[object, object]", value).items())  # a list, since `str` may run what changes the dict
        return {("key", str(key)): each for key, each in pairs[:_MAX_VALUES]}
    if kind in _PLAIN:
        return {}
    own: object = getattr(value, "__dict__", None)
    return dict(cast("dict[str, object]", own)) if isinstance(own, dict) else {}

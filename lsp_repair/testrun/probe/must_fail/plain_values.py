"""What a value amounts to for the builtin type that it is based on, whatever the methods of its own class say.

Only classes that the patch made are looked behind: an `int` whose `==` knows better is plain again here, and so are the
lists and dictionaries that hold it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import dis
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any, Callable, cast

from ..facts import relative

Changed = Mapping[str, Sequence[Sequence[int]]]
"""Spans of lines that the patch wrote, by path relative to the root."""
_complex: Any = complex
_list: Any = list
_tuple: Any = tuple
_dict: Any = dict
_set: Any = set
_frozenset: Any = frozenset
_MAX = 2000
_MAX_DEPTH = 6
_READ: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    complex: lambda value: _complex(_complex.real.__get__(value), _complex.imag.__get__(value)),
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytearray.__getitem__(value, slice(None)),
    list: lambda value: _list.__getitem__(value, slice(None)),
    tuple: lambda value: _tuple.__getitem__(value, slice(None)),
    dict: _dict.copy,
    set: lambda value: _set(_set.__iter__(value)),
    frozenset: lambda value: _frozenset(_frozenset.__iter__(value)),
    decimal.Decimal: lambda value: decimal.Decimal(decimal.Decimal.__str__(value)),
    dt.timedelta: lambda value: dt.timedelta.__add__(value, dt.timedelta()),
}
"""Each by methods of the builtin itself, which no subclass can override."""
_HOLDERS = (list, tuple, dict, set, frozenset)


def kind_of(value: object) -> type[Any]:
    """The class of an object, whatever it says of itself."""
    return cast("type[Any]", type(value))


class Made:
    """Which classes the patch made, as opposed to those that were there and those that the test brings."""

    def __init__(self, root: str, changed: Changed, space: dict[str, Any], attributes: set[str]) -> None:
        self._root = root
        self._changed = changed
        self._space = space
        self._attributes = attributes
        self._known: dict[type, bool] = {}

    def by_patch(self, kind: type) -> bool:
        """Whether the patch wrote a class, or one that it is derived from, and the test does not ask for it by name."""
        if kind not in self._known:
            own = [each for each in type.mro(kind) if each.__flags__ & 512]  # those that Python code made
            self._known[kind] = any(map(self._is_written, own)) and not self.is_the_tests(kind)
        return self._known[kind]

    def is_the_tests(self, kind: type) -> bool:
        """Whether the test can mean this very class: it imports it, or reaches it through a module.

        What a class says of its own module is its own word.
        """
        for value in self._space.values():
            if value is kind:
                return True
            if isinstance(value, ModuleType) and any(value.__dict__.get(name) is kind for name in self._attributes):
                return True
        return False

    def is_new_member(self, member: Any) -> bool:
        """Whether the patch wrote what answers for a class, wholly or in part; what is no Python function may be its."""
        code = next(_codes(member), None)
        if code is None:
            return member is not None and not isinstance(member, (WrapperDescriptorType, MethodDescriptorType))
        first, last = _extent(code)
        return any(start <= last and first <= end for start, end in self._spans(code.co_filename))

    def _spans(self, path: str) -> Sequence[Sequence[int]]:
        return self._changed.get(relative(path, self._root), [])

    def _is_written(self, kind: type) -> bool:
        codes = [code for each in kind.__dict__.values() for code in _codes(each) if self._spans(code.co_filename)]
        if codes:
            return all(self._is_wholly_new(code) for code in codes)
        module: Any = sys.modules.get(str(kind.__module__))
        if getattr(module, kind.__qualname__, None) is not kind:
            return True  # it is not where it says
        return bool(self._spans(getattr(module, "__file__", None) or ""))

    def _is_wholly_new(self, code: CodeType) -> bool:
        first, last = _extent(code)
        return any(start <= first and last <= end for start, end in self._spans(code.co_filename))


def _extent(code: CodeType) -> tuple[int, int]:
    lines = [line for _, line in dis.findlinestarts(code) if line]
    return code.co_firstlineno, max([code.co_firstlineno, *lines])


def _codes(member: Any) -> Iterator[CodeType]:
    for each in (member, *(getattr(member, name, None) for name in ("__func__", "fget", "func", "__wrapped__"))):
        if isinstance(each, FunctionType):
            yield each.__code__


def has_base(kind: type) -> bool:
    """Whether there is something plain behind the objects of a class."""
    return any(each in _READ for each in type.mro(kind))


class Plain:
    """Makes values plain, and remembers the classes that were looked behind."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._left = _MAX
        self.behind: set[str] = set()

    def of(self, value: Any, depth: int = _MAX_DEPTH) -> Any:
        """The same object where there is nothing to look behind."""
        kind = kind_of(value)
        base = kind if kind in _HOLDERS else self._base(kind)
        self._left -= 1
        if base is None or self._left < 0:
            return value
        plain = value
        if base is not kind:
            plain = _READ[base](value)
            self.behind.add(kind.__name__)
        return self._inside(plain, base, depth) if base in _HOLDERS and depth else plain

    def _base(self, kind: type) -> Any:
        if kind in _READ:
            return None
        base = next((each for each in type.mro(kind) if each in _READ), None)
        return base if base is not None and self._made.by_patch(kind) else None

    def _inside(self, value: Any, base: type, depth: int) -> Any:
        """The container itself when nothing in it changes."""
        if base is dict:
            pairs = [(each, self.of(each, depth - 1), value[each]) for each in list(value)[:_MAX]]
            made = [(key, self.of(item, depth - 1)) for _, key, item in pairs]
            same = all(one is old and item is was for (one, item), (old, _, was) in zip(made, pairs))  # noqa: B905 - Python 3.9
            return value if same or len(value) > _MAX else dict(made)
        items = list(value)
        if len(items) > _MAX:
            return value
        plain = [self.of(each, depth - 1) for each in items]
        return value if all(one is other for one, other in zip(plain, items)) else base(plain)  # noqa: B905 - Python 3.9

"""A value as text that tells two different ones apart, without asking anything that the code under test defines.

No `__eq__`, `__repr__` or `__class__` of the user's is believed: what a value holds is read by the methods of the
built-in types and of `object`.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, Optional, cast

_MAX_NODES = 3000
_MAX_DEPTH = 12
_MAX_LENGTH = 400
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_ATOMS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_TRUSTED_MODULES = {"datetime", "decimal", "fractions", "uuid", "pathlib", "zoneinfo", "ipaddress", "re", "array"}
"""Of the standard library: values whose state no attribute shows, and whose `repr` tells all of it."""
_BASES = (dict, set, frozenset, list, tuple, int, float, complex, str, bytes, bytearray)
_BRACKETED = (list, tuple, dict, range, slice)
"""Told apart by their brackets, or their own words."""
_DICT = cast("type[dict[Any, Any]]", dict)
_ORDERED = cast("type[OrderedDict[Any, Any]]", OrderedDict)
"""Keeps an order of its own, which a dictionary's methods do not see."""
_NAMED = (FunctionType, BuiltinFunctionType, ModuleType)


class Opaque(Exception):  # noqa: N818 - an outcome: the value cannot be told from others
    """The value is too large, or nothing of what it holds can be seen."""


class NormalForm:
    """Makes texts; `places` are folders and the words that stand for them, so that two copies give the same text.

    Without `is_strict` a part that cannot be seen, or of which there is too much, is named by its type. All of `words` count
    as one.
    """

    def __init__(self, places: dict[str, str], *, is_strict: bool = True, words: Iterable[str] = ()) -> None:
        self._is_strict = is_strict
        self._words = sorted(words, key=len, reverse=True)
        self._places = sorted(places.items(), key=lambda pair: -len(pair[0]))
        self._left = 0
        self._around: list[int] = []

    def of(self, value: object) -> str:
        """The text; raises Opaque."""
        self._left = _MAX_NODES
        self._around = []
        text = self._of(value)
        for word in self._words:
            text = text.replace(word, "<word>")
        return capped(text)

    def _of(self, value: object) -> str:
        self._left -= 1
        kind = type(value)
        if kind in _ATOMS:
            return self._atom(value)
        if id(value) in self._around:
            return f"<around {len(self._around) - self._around.index(id(value))}>"
        if self._left < 0 or len(self._around) > _MAX_DEPTH:
            return self._unseen(kind)
        self._around.append(id(value))
        try:
            return self._compound(value, kind)
        finally:
            self._around.pop()

    def _unseen(self, kind: type) -> str:
        if self._is_strict:
            raise Opaque
        return f"<{type_name(kind)}>"

    def _atom(self, value: Any) -> str:
        if type(value) is int and value.bit_length() > 4000:
            return hex(value)
        text = repr(value)
        if type(value) is str:
            for folder, word in self._places:
                text = text.replace(folder, word)
            text = _ADDRESS.sub("0x…", text)
        return text

    def _compound(self, value: Any, kind: type[object]) -> str:
        name = type_name(kind)
        if issubclass(kind, type):
            return f"<class {type_name(value)}>"
        if kind in _NAMED:
            return f"<{kind.__name__} {value.__name__}>"
        if kind is MethodType:
            return f"<method {value.__name__} of {self._of(value.__self__)}>"
        if issubclass(kind, BaseException):
            return f"{name}({self._of(_arguments(value))}){self._state(value, kind)}"
        if _is_of_library(kind):
            return f"{name}:{self._atom(repr(value))}"
        is_hidden = any(base.__module__ == "_random" for base in kind.__mro__)  # its state shows in no attribute
        parts = None if is_hidden else self._contents(value, kind)
        state = "" if is_hidden else self._state(value, kind)
        if is_hidden or (parts is None and not state and kind is not object and not _has_layout(kind)):
            name = self._unseen(kind)
        return f"{'' if kind in _BRACKETED else name}{parts or ''}{state}"

    def _contents(self, value: Any, kind: type) -> Optional[str]:
        """What a built-in container holds, read by its own base class; None for other values."""
        base: Any = next((each for each in _BASES if issubclass(kind, each)), None)
        if base is dict:
            items = _ORDERED.items(value) if issubclass(kind, OrderedDict) else _DICT.items(value)
            return "{" + ", ".join(f"{self._of(key)}: {self._of(each)}" for key, each in items) + "}"
        if base in {set, frozenset}:
            return "{" + ", ".join(sorted(self._of(each) for each in _elements(base, value))) + "}"
        if base in {list, tuple} or (kind.__module__, kind.__name__) == ("collections", "deque"):
            parts = ", ".join(self._of(each) for each in (_elements(base, value) if base else list(value)))
            return f"({parts},)" if base is tuple else f"[{parts}]"
        if base is not None:
            return f"({base.__repr__(value)})"
        return repr(value) if kind in {range, slice} else None

    def _state(self, value: Any, kind: type) -> str:
        """Attributes, of the instance and of slots."""
        state: dict[str, object] = {}
        try:
            attributes: object = object.__getattribute__(value, "__dict__")
        except AttributeError:
            attributes = None
        if isinstance(attributes, dict):
            state.update(cast("dict[str, object]", attributes))
        for base in kind.__mro__:
            for name, member in base.__dict__.items():
                if type(member) is MemberDescriptorType and base.__module__ != "builtins":
                    try:
                        state[name] = member.__get__(value)
                    except AttributeError:
                        continue
        if not state:
            return ""
        return "<" + ", ".join(f"{name}={self._of(each)}" for name, each in state.items()) + ">"


def _elements(base: Any, value: object) -> Iterator[Any]:
    """As the built-in type gives them, whatever a subclass says."""
    found: Iterator[Any] = base.__iter__(value)
    return found


def _is_of_library(kind: type) -> bool:
    module = sys.modules.get(kind.__module__) if kind.__module__ in _TRUSTED_MODULES else None
    return module is not None and module.__dict__.get(kind.__name__) is kind


def _has_layout(kind: type) -> bool:
    """Whether instances have attributes, even if this one has none: then there is nothing that could not be seen."""
    return any("__dict__" in base.__dict__ or "__slots__" in base.__dict__ for base in kind.__mro__[:-1])


def _arguments(error: BaseException) -> Any:
    found: Any = BaseException.__dict__["args"].__get__(error)
    return found


def type_name(kind: type) -> str:
    """The name with its module, bare for built-in types."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def capped(text: str) -> str:
    """A long text by its beginning and a digest of all of it."""
    if len(text) <= _MAX_LENGTH:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[:_MAX_LENGTH]}… {digest}"


def atoms(value: object, most: int = 60) -> list[str]:
    """The plain values inside, as their texts: what a literal of the source can be compared with."""
    return list(dict.fromkeys(itertools.islice(_atoms(value, 0), most)))


def _atoms(value: object, depth: int) -> Iterator[str]:
    kind = type(value)
    if kind in _ATOMS:
        yield repr(value)[:_MAX_LENGTH]
    elif depth > _MAX_DEPTH:
        return
    elif issubclass(kind, dict):
        for key, each in _DICT.items(cast("dict[object, object]", value)):
            yield from _atoms(key, depth + 1)
            yield from _atoms(each, depth + 1)
    elif kind in {list, tuple, set, frozenset}:
        for each in cast("Iterable[object]", value):
            yield from _atoms(each, depth + 1)
    else:
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict and not issubclass(kind, type):
            yield from _atoms(cast("object", attributes), depth + 1)

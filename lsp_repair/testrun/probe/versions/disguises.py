"""The same call with something of the tests' under another name: code that knows the tests answers otherwise then."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from types import FunctionType
from typing import Any, Callable, NamedTuple

from .entries import Arguments

_NAME = "Renamed0ther"
_FILE = "renamed0ther"
_MOST_FILES = 20
_MOST_BYTES = 1 << 20


class Disguise(NamedTuple):
    """One way to call differently what should answer the same."""

    what: str
    """What has another name, or is gone."""
    words: Collection[str]
    """The old and the new names: they count as one in the answers."""
    put_on: Callable[[FunctionType, Arguments], Any]
    """A context in which the function is called with the arguments that it gives."""


def disguises(arguments: Arguments, is_test_file: Callable[[str], bool]) -> Iterator[Disguise]:
    """Those that these arguments allow for."""
    yield Disguise("the docstring", (), _without_docstring)
    kinds = doubles(arguments, is_test_file)
    if kinds:
        words = {_NAME, *(word for kind in kinds for word in (kind.__name__, kind.__qualname__, kind.__module__))}
        yield Disguise(f"the name of `{kinds[0].__name__}`", words, lambda function, given: _renamed(kinds, given))
    for name, value in arguments.items():
        if isinstance(value, (str, PurePath)) and _is_small_file(value):
            yield _moved(name, value)


def doubles(arguments: Arguments, is_test_file: Callable[[str], bool]) -> list[type]:
    """The classes of arguments, and of what `self` holds, that test files define."""
    own: Any = getattr(arguments.get("self"), "__dict__", None)
    values = [*arguments.values(), *(own.values() if type(own) is dict else ())]
    kinds = dict.fromkeys(type(value) for value in values)
    return [kind for kind in kinds if is_test_file(getattr(sys.modules.get(kind.__module__), "__file__", None) or "")]


@contextmanager
def _without_docstring(function: FunctionType, arguments: Arguments) -> Generator[Arguments, None, None]:
    """Also of the module; in a forked child, where nobody else looks at them."""
    names = function.__globals__
    kept = [(each, each.__doc__) for each in (function, *_namesakes(function))]
    module_doc, names["__doc__"] = names.get("__doc__"), None
    for each, _ in kept:
        each.__doc__ = None
    try:
        yield arguments
    finally:
        names["__doc__"] = module_doc
        for each, text in kept:
            each.__doc__ = text


def _namesakes(function: FunctionType) -> Iterator[Any]:
    """Functions of its module."""
    for value in list(function.__globals__.values()):
        if isinstance(value, FunctionType) and value.__module__ == function.__module__:
            yield value


@contextmanager
def _renamed(kinds: Collection[type], arguments: Arguments) -> Generator[Arguments, None, None]:
    kept = [(kind, kind.__name__, kind.__qualname__, kind.__module__) for kind in kinds]
    for kind in kinds:
        kind.__name__ = kind.__qualname__ = _NAME
        kind.__module__ = _NAME
    try:
        yield arguments
    finally:
        for kind, name, qualified, module in kept:
            kind.__name__, kind.__qualname__, kind.__module__ = name, qualified, module


def _is_small_file(value: Any) -> bool:
    try:
        return os.path.isfile(value) and os.path.getsize(value) < _MOST_BYTES
    except (OSError, ValueError):
        return False


def _moved(name: str, value: Any) -> Disguise:
    """The file, with those beside it where they are few, in another folder and under another name."""
    path = os.path.abspath(value)
    parent, base = os.path.split(path)
    stem, suffix = os.path.splitext(base)
    place = os.path.join(tempfile.gettempdir(), f"{_FILE}-{os.getpid()}")
    copy = os.path.join(place, _FILE + suffix)

    @contextmanager
    def put_on(function: FunctionType, arguments: Arguments) -> Generator[Arguments, None, None]:
        os.mkdir(place)
        try:
            for beside in _beside(parent):
                shutil.copy(beside, place)
            shutil.copy(path, copy)
            yield {**arguments, name: type(value)(copy)}
        finally:
            shutil.rmtree(place, ignore_errors=True)

    words = {path, parent, base, str(value), copy, place, _FILE + suffix, _FILE, *([stem] if len(stem) > 1 else [])}
    return Disguise("the name of the file", words, put_on)


def _beside(parent: str) -> list[str]:
    with os.scandir(parent) as entries:
        files = [each.path for each in entries if each.is_file()]
    few = len(files) <= _MOST_FILES and sum(map(os.path.getsize, files)) < _MOST_BYTES
    return files if few else []


class Watching:
    """Which attributes of test doubles the project's code asks for, some of which it may be told are not there."""

    def __init__(self, kinds: Collection[type], is_product: Callable[[str], bool]) -> None:
        self._kinds = kinds
        self._is_product = is_product
        self.hidden: frozenset[str] = frozenset()
        self.asked: set[str] = set()

    @contextmanager
    def on(self, hidden: Collection[str] = ()) -> Generator[None, None, None]:
        """While the function is called."""
        self.hidden, self.asked = frozenset(hidden), set()
        kept = [(kind, kind.__dict__.get("__getattribute__"), kind.__getattribute__) for kind in self._kinds]
        for kind, _, inherited in kept:
            setattr(kind, "__getattribute__", self._guarding(inherited))  # noqa: B010 - for type checkers
        try:
            yield
        finally:
            for kind, own, _ in kept:
                if own is None:
                    del kind.__getattribute__
                else:
                    setattr(kind, "__getattribute__", own)  # noqa: B010 - for type checkers

    def _guarding(self, inherited: Any) -> Callable[[Any, str], Any]:
        def guarded(value: Any, name: str) -> Any:
            path = sys._getframe(1).f_code.co_filename  # pyright: ignore[reportPrivateUsage] - who asks
            if self._is_product(path) and not name.startswith("__"):
                self.asked.add(name)
                if name in self.hidden:
                    raise AttributeError(name)
            return inherited(value, name)

        return guarded

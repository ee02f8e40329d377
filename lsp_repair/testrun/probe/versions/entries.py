"""Notices the calls of a few functions as they begin."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any, Callable, NamedTuple, Optional

_MAX_EVENTS = 1_500_000
"""Of all calls, in interpreters before 3.12: a test that makes more of them is too slow to be watched."""
_COROUTINE_LIKE = 0x20 | 0x80 | 0x200
_VARARGS, _VARKEYWORDS = 0x04, 0x08
_TOOL_IDS = (3, 4, 1, 2, 0, 5)

Arguments = dict[str, Any]
"""By the names of the parameters; those of `*args` and `**kwargs` hold a tuple and a dictionary."""


def parameter_names(code: CodeType) -> list[str]:
    """The names of all parameters, in the order of the code object: positional, keyword-only, `*args`, `**kwargs`."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & _VARARGS) + bool(code.co_flags & _VARKEYWORDS)
    return list(code.co_varnames[:count])


def called(function: FunctionType, arguments: Arguments) -> Any:
    """Call a function; arguments that this version of it does not know are left out, and those that it newly has."""
    code = function.__code__
    rest = dict(arguments)
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    has_gap = False
    for name in code.co_varnames[: code.co_argcount]:
        if name not in rest:
            has_gap = True
        elif has_gap:
            keywords[name] = rest.pop(name)
        else:
            positional.append(rest.pop(name))
    first_keyword, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    keywords.update((name, rest.pop(name)) for name in code.co_varnames[first_keyword:last] if name in rest)
    names = parameter_names(code)[last:]
    if code.co_flags & _VARARGS:
        positional += rest.pop(names.pop(0), ())
    if code.co_flags & _VARKEYWORDS:
        keywords.update(rest.pop(names.pop(0), {}))
    return function(*positional, **keywords)


Structure = tuple[Any, ...]
"""The names and ordinals that lead from a function's code to that of a function defined in it; empty: the function itself."""


class Watched(NamedTuple):
    """A function whose calls are noticed: one of the project's that a version replaces, one defined in such a one, or its decorator's."""

    place: Any
    structure: Structure
    outer: Any
    wrapped: Any = None
    """What a decorator's function has to enclose to count: its code is that of many."""


class Entry(NamedTuple):
    """The beginning of a call."""

    frame: FrameType
    watched: Watched

    @property
    def arguments(self) -> Arguments:
        """As the caller gave them."""
        given = self.frame.f_locals
        return {name: given[name] for name in parameter_names(self.frame.f_code) if name in given}

    @property
    def enclosed(self) -> dict[str, Any]:
        """What the function has from the functions and the class around it."""
        given = self.frame.f_locals
        return {name: given[name] for name in self.frame.f_code.co_freevars if name in given}


def function_of(code: CodeType, entry: Entry) -> Optional[FunctionType]:
    """A function with this code in the place of the one that was called; None where it needs more names around it."""
    enclosed = entry.enclosed
    if not set(code.co_freevars) <= enclosed.keys():
        return None
    outer = entry.watched.outer
    cells = tuple(CellType(enclosed[name]) for name in code.co_freevars)
    made = FunctionType(code, outer.__globals__, code.co_name, None, cells)
    if entry.watched.structure == ():
        made.__defaults__, made.__kwdefaults__ = outer.__defaults__, outer.__kwdefaults__
        made.__name__, made.__qualname__ = outer.__name__, outer.__qualname__
    return made


class Entries:
    """Calls `entered` whenever a function with one of these codes begins; not within `entered`."""

    def __init__(self, watched: Mapping[CodeType, Watched], entered: Callable[[Entry], None]) -> None:
        self._watched = watched
        self._entered = entered
        self._events = 0
        self._tool: Optional[int] = None
        self._is_busy = False

    @contextmanager
    def watched(self) -> Generator[None, None, None]:
        """While a test runs; nothing is noticed where something else profiles."""
        if sys.version_info >= (3, 12):
            self._start_monitoring()
        elif sys.getprofile() is None:
            sys.setprofile(self._event)
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Notice nothing any more, as in a child that a call was handed to."""
        if self._tool is not None:
            monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - unknown to older interpreters
            for code in self._watched:
                monitoring.set_local_events(self._tool, code, 0)
            monitoring.free_tool_id(self._tool)
            self._tool = None
        elif sys.getprofile() == self._event:
            sys.setprofile(None)

    def _start_monitoring(self) -> None:
        monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - unknown to older interpreters
        self._tool = next((each for each in _TOOL_IDS if monitoring.get_tool(each) is None), None)
        if self._tool is None:
            return
        monitoring.use_tool_id(self._tool, "lsp-repair")
        monitoring.register_callback(self._tool, monitoring.events.PY_START, self._started)
        for code in self._watched:
            monitoring.set_local_events(self._tool, code, monitoring.events.PY_START)

    def _started(self, code: CodeType, offset: int) -> None:
        if not self._is_busy:
            self._is_busy = True
            try:
                self._take(sys._getframe(1))  # pyright: ignore[reportPrivateUsage] - the frame that the event is about
            finally:
                self._is_busy = False

    def _event(self, frame: FrameType, event: str, argument: object) -> None:
        self._events += 1
        if event != "call" or frame.f_code not in self._watched:
            if self._events > _MAX_EVENTS:
                sys.setprofile(None)
            return
        code = frame.f_code
        if code.co_flags & _COROUTINE_LIKE and frame.f_lineno != code.co_firstlineno:
            return  # resumed, not called
        sys.setprofile(None)
        try:
            self._take(frame)
        finally:
            sys.setprofile(self._event)

    def _take(self, frame: FrameType) -> None:
        entry = Entry(frame, self._watched[frame.f_code])
        wrapped = entry.watched.wrapped
        is_one = wrapped is None or any(each is wrapped for each in entry.enclosed.values())
        if is_one and entry.watched.outer.__globals__ is frame.f_globals:
            self._entered(entry)

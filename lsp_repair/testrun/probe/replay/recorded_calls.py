"""The pytest plugin that keeps the arguments of calls that tests make into the project, copied before the call."""

from __future__ import annotations

import base64
import io
import os
import pickle
import sys
from collections.abc import Generator
from types import CodeType, FrameType, FunctionType
from typing import Any, Callable, Optional

import pytest

from ..channel import Record
from .callables import MAX_CALLS, MAX_OF_ONE, Callables, Callee
from .replay_records import CallMade, RecordCalls, Surroundings

_MAX_EVENTS = 400_000
_MAX_BYTES = 48 << 10
_FRAMES_UP = 20
_COROUTINE_LIKE = 0x20 | 0x80 | 0x200
_FOREIGN = ("pytest", "_pytest", "pluggy", "unittest", "mock", "_lsp_repair_probe")


class TooLargeError(Exception):
    """The arguments are not worth their bytes."""


class CallsRecorded:
    """Reports each different call; after many of them, or many events, the profiler is removed.

    Calls of functions that the patch changed count whoever makes them, other calls where the nearest frame of the project
    is one of the tests' own.
    """

    def __init__(self, root: str, task: RecordCalls, emit: Callable[[Record], None]) -> None:
        self._prefix = root + os.sep
        self._oracle = set(task.oracle)
        self._only = set(task.only) if task.only is not None else None
        self._changed = {(path, line) for path, lines in task.changed.items() for line in lines}
        self._emit = emit
        self._callables = Callables()
        self._interesting: dict[int, tuple[CodeType, bool]] = {}
        self._seen: set[tuple[Callee, bytes]] = set()
        self._counts: dict[Callee, int] = {}
        self._events = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Only the tests that were asked for."""
        if self._only is not None:
            items[:] = [item for item in items if item.nodeid in self._only]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, Any, None]:
        """All phases of a test: fixtures call the project as well."""
        if sys.getprofile() is not None or "greenlet" in sys.modules:
            yield
            return
        self._go_on()
        try:
            yield
        finally:
            if sys.getprofile() == self._event:
                sys.setprofile(None)

    def pytest_sessionfinish(self) -> None:
        """The modules that only tests have, and where modules were found."""
        files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
        names = sorted(name for name, file in files.items() if isinstance(file, str) and file in self._oracle)
        inside = [each for each in sys.path if (each + os.sep).startswith(self._prefix)]
        self._emit(Surroundings(names, inside))

    def _go_on(self) -> None:
        if self._events < _MAX_EVENTS and len(self._seen) < MAX_CALLS:
            sys.setprofile(self._event)

    def _event(self, frame: FrameType, event: str, argument: object) -> None:
        self._events += 1
        if event != "call":
            return
        code = frame.f_code
        known = self._interesting.get(id(code))
        if known is None:
            path = code.co_filename
            is_product = path.startswith(self._prefix) and path not in self._oracle
            known = self._interesting[id(code)] = (code, is_product)
        if self._events > _MAX_EVENTS:
            sys.setprofile(None)
        elif known[1]:
            sys.setprofile(None)
            try:
                self._take(frame)
            finally:
                self._go_on()

    def _take(self, frame: FrameType) -> None:
        code = frame.f_code
        if code.co_flags & _COROUTINE_LIKE and frame.f_lineno != code.co_firstlineno:
            return  # resumed, not called
        if (code.co_filename, code.co_firstlineno) not in self._changed and not self._is_direct(frame):
            return
        found = self._callables.of(frame)
        if found is None or self._counts.get(found[0], 0) >= MAX_OF_ONE:
            return
        callee = found[0]
        data = self._pickled(frame, *found)
        if data is None or (callee, data) in self._seen:
            return
        self._seen.add((callee, data))
        self._counts[callee] = self._counts.get(callee, 0) + 1
        self._emit(CallMade(callee, base64.b64encode(data).decode("ascii")))

    def _is_direct(self, frame: FrameType) -> bool:
        above: Optional[FrameType] = frame.f_back
        for _ in range(_FRAMES_UP):
            path = above.f_code.co_filename if above is not None else ""
            if above is None or path.startswith((self._prefix, "<doctest")):
                return path in self._oracle or path.startswith("<doctest")
            above = above.f_back
        return False

    def _pickled(self, frame: FrameType, callee: Callee, function: FunctionType) -> Optional[bytes]:
        file = _Bounded()
        try:
            _Pickler(file, self._oracle).dump(_arguments(frame, callee, function))
        except Exception:  # noqa: BLE001 - arguments that cannot be copied are no inputs
            return None
        return file.getvalue()


class _Bounded(io.BytesIO):
    def write(self, data: Any) -> int:
        if self.tell() + len(data) > _MAX_BYTES:
            raise TooLargeError
        return super().write(data)


class _Pickler(pickle.Pickler):
    """Refuses what only exists among tests."""

    def __init__(self, file: _Bounded, oracle: set[str]) -> None:
        super().__init__(file, protocol=4)
        self._oracle = oracle

    def reducer_override(self, value: Any) -> Any:
        """Asked for every class and function, and for every instance of a class of Python code."""
        module = str(getattr(value, "__module__", ""))
        file = getattr(sys.modules.get(module), "__file__", None)
        if module.partition(".")[0] in _FOREIGN or file in self._oracle:
            raise pickle.PicklingError
        return NotImplemented


def _arguments(frame: FrameType, callee: Callee, function: FunctionType) -> tuple[list[str], list[Any], dict[str, Any]]:
    """Names of the positional ones, their values, and the keywords; arguments that are the defaults are left out.

    Without the defaults a call can be made on a version of the function that has fewer parameters.
    """
    code = frame.f_code
    given = frame.f_locals
    names = list(code.co_varnames[: code.co_argcount])
    after = code.co_argcount + code.co_kwonlyargcount
    defaults = function.__kwdefaults__ or {}
    keywords = {
        name: given[name]
        for name in code.co_varnames[code.co_argcount : after]
        if name not in defaults or given[name] is not defaults[name]
    }
    rest: list[Any] = []
    if code.co_flags & 0x04:
        rest = list(given[code.co_varnames[after]])
        after += 1
    if code.co_flags & 0x08:
        keywords.update(given[code.co_varnames[after]])
    positional = [given[name] for name in names] + rest
    for default in reversed(function.__defaults__ or ()) if not rest else ():
        if positional[-1] is not default:
            break
        del positional[-1]
    names = names[: len(positional)] + [f"{code.co_varnames[after - 1]}[{at}]" for at in range(len(rest))]
    skipped = 1 if callee.how in {"new", "bound"} else 0
    return names[skipped:], positional[skipped:], keywords

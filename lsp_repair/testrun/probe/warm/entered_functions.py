"""Which code objects are entered: by the interpreter's own profiler in C, from Python 3.12 on by `sys.monitoring`."""

from __future__ import annotations

import _lsprof
import sys
import threading
from types import CodeType
from typing import Any, Callable

identity = object.__hash__
"""`id` raises an audit event at each call."""


class Entered:
    """What was entered between `resume` and `pause`, in all threads that were started there."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self._profilers: list[Any] = []

    def resume(self) -> None:
        """Go on noting."""
        raise NotImplementedError

    def pause(self) -> bool:
        """Stop noting; False when something took our place meanwhile."""
        raise NotImplementedError


class ProfiledEntered(Entered):
    """Before Python 3.12; each thread has a profiler of its own."""

    def resume(self) -> None:
        """Go on noting."""
        threading.setprofile(self._in_thread)
        self._profilers[:] = [_profiler()]
        self._profilers[0].enable()

    def pause(self) -> bool:
        """Stop noting; False when something took our place meanwhile."""
        threading.setprofile(None)
        is_ours = sys.getprofile() is self._profilers[0]
        self._profilers[0].disable()
        for profiler in self._profilers:
            for entry in profiler.getstats():
                if isinstance(entry.code, CodeType):
                    self.codes[identity(entry.code)] = entry.code
        return is_ours

    def _in_thread(self, frame: object, event: str, argument: object) -> None:
        profiler = _profiler()
        self._profilers.append(profiler)
        profiler.enable()


def _profiler() -> Any:
    make: Callable[..., Any] = _lsprof.Profiler
    return make(subcalls=False, builtins=False)


class MonitoredEntered(Entered):
    """From Python 3.12 on: each code object tells once."""

    _TOOL_IDS = (3, 4, 1, 2, 0, 5)
    _monitoring: Any = getattr(sys, "monitoring", None)

    def resume(self) -> None:
        """Go on noting."""
        monitoring = self._monitoring
        events = monitoring.events
        self._tool = next((each for each in self._TOOL_IDS if monitoring.get_tool(each) is None), None)
        if self._tool is None:
            return
        monitoring.use_tool_id(self._tool, "lsp-repair")
        for event in (events.PY_START, events.PY_RESUME):
            monitoring.register_callback(self._tool, event, self._entered)
        monitoring.set_events(self._tool, events.PY_START | events.PY_RESUME)
        monitoring.restart_events()

    def pause(self) -> bool:
        """Stop noting; False when something took our place meanwhile."""
        is_ours = self._tool is not None and self._monitoring.get_tool(self._tool) == "lsp-repair"
        if is_ours:
            self._monitoring.set_events(self._tool, 0)
            self._monitoring.free_tool_id(self._tool)
        return is_ours

    def _entered(self, code: CodeType, offset: int) -> object:
        self.codes[identity(code)] = code
        disable: object = self._monitoring.DISABLE
        return disable


def entered() -> Entered:
    """The cheapest way this interpreter has."""
    return MonitoredEntered() if sys.version_info >= (3, 12) else ProfiledEntered()


def can_note() -> bool:
    """Whether nobody else profiles, and no coroutines are about that have profilers of their own."""
    return sys.getprofile() is None and "greenlet" not in sys.modules

"""Which code objects are entered: by the interpreter's own profiler in C, from Python 3.12 on by `sys.monitoring`."""

from __future__ import annotations

import _lsprof
import sys
import threading
from types import CodeType
from typing import Any, Callable, Union

from ..session.recorder import Monitor

identity = object.__hash__
"""`id` raises an audit event at each call."""


class ProfiledEntered:
    """What was entered between `resume` and `pause`; each thread that was started there has a profiler of its own."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self._profilers: list[Any] = []

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


class MonitoredEntered:
    """The same from Python 3.12 on."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self._monitor = Monitor()

    def resume(self) -> None:
        """Go on noting."""
        self._monitor.start(self._entered, "PY_START", "PY_RESUME")

    def pause(self) -> bool:
        """Stop noting; False when something took our place meanwhile."""
        return self._monitor.stop()

    def _entered(self, code: CodeType, offset: int) -> None:
        self.codes[identity(code)] = code


def entered() -> Union[MonitoredEntered, ProfiledEntered]:
    """The cheapest way this interpreter has."""
    return MonitoredEntered() if sys.version_info >= (3, 12) else ProfiledEntered()


def can_note() -> bool:
    """Whether nobody else profiles, and no coroutines are about that have profilers of their own."""
    return sys.getprofile() is None and "greenlet" not in sys.modules

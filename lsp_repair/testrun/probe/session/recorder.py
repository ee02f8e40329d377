"""Which lines of the project's files are executed, and in which order: `sys.monitoring` from Python 3.12 on, a tracer before.

Lines that run while a module or a class is imported are no test's own: they run for the first test that imports it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, Callable, NamedTuple, Optional, Union

_MOST_LATEST = 400
_MOST_VISITS = 50
"""How often a line reports from Python 3.12 on: its place in the order is that of this visit, if it runs still more often."""
_OPTIMIZED = 1
"""Flag of the code of functions; that of modules and classes lacks it (`inspect.CO_OPTIMIZED`)."""


class Execution(NamedTuple):
    """What was recorded, by absolute file names."""

    lines: dict[str, set[int]]
    imported: set[str]
    """Files of which a module or class was executed."""
    latest: list[tuple[str, int]]
    """Lines by their last execution, the latest first."""


class _Recording:
    """What both recorders have in common: a clock that ticks with every line."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self._paused = False

    def _clear(self) -> None:
        self._clock = 0
        self._last: dict[str, dict[int, int]] = {}
        self._imported: set[str] = set()
        self._latest: Optional[list[tuple[str, int]]] = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What runs meanwhile only tells about a failure, such as the `repr` of values."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def mark_failure(self) -> None:
        """The order of lines ends here, at the first call."""
        if self._latest is None:
            self._latest = self._by_last_execution()

    def _by_last_execution(self) -> list[tuple[str, int]]:
        every = [(at, path, line) for path, lines in self._last.items() for line, at in lines.items()]
        every.sort(reverse=True)
        return [(path, line) for _, path, line in every[:_MOST_LATEST]]

    def _recorded(self) -> Execution:
        self.mark_failure()
        lines = {path: set(found) for path, found in self._last.items() if found}
        return Execution(lines, self._imported, self._latest or [])


def _is_of_import(code: CodeType) -> bool:
    """Whether the code is that of a module, or of a class that is no function's."""
    return not code.co_flags & _OPTIMIZED and "<locals>" not in getattr(code, "co_qualname", "")


class Monitor:
    """A tool of `sys.monitoring` (Python 3.12): a place that has reported is switched off until the next start."""

    _TOOL_IDS = (3, 4, 1, 2, 0, 5)
    _monitoring: Any = getattr(sys, "monitoring", None)

    def start(self, report: Callable[[CodeType, int], object], *events: str) -> None:
        """Report events by the names of `sys.monitoring.events`; nothing is reported where no tool id is free.

        A place for which `report` gives something true reports again.
        """
        monitoring = self._monitoring
        self._tool = next((each for each in self._TOOL_IDS if monitoring.get_tool(each) is None), None)
        if self._tool is None:
            return

        disable: object = monitoring.DISABLE

        def happened(code: CodeType, place: int) -> object:
            return None if report(code, place) else disable

        monitoring.use_tool_id(self._tool, "lsp-repair")
        numbers = [getattr(monitoring.events, name) for name in events]
        for number in numbers:
            monitoring.register_callback(self._tool, number, happened)
        monitoring.set_events(self._tool, sum(numbers))
        monitoring.restart_events()

    def stop(self) -> bool:
        """End; False when no tool id was free or something took our place meanwhile."""
        is_ours = self._tool is not None and self._monitoring.get_tool(self._tool) == "lsp-repair"
        if is_ours:
            self._monitoring.set_events(self._tool, 0)
            self._monitoring.free_tool_id(self._tool)
        return is_ours


class TracingRecorder(_Recording):
    """For interpreters before 3.12; a tracer that is there already (coverage, a debugger) is left alone."""

    def start(self) -> None:
        """Begin with no lines; files outside the root cost next to nothing."""
        self._clear()
        self._active = sys.gettrace() is None
        if self._active:
            threading.settrace(self._called)
            sys.settrace(self._called)

    def stop(self) -> Execution:
        """End and return what was recorded."""
        if self._active:
            sys.settrace(None)
            threading.settrace(None)
        return self._recorded()

    def _called(self, frame: FrameType, event: str, argument: object) -> Optional[Callable[..., Any]]:
        code = frame.f_code
        path = code.co_filename
        if self._paused or not path.startswith(self._prefix):
            return None
        if _is_of_import(code):
            self._imported.add(path)
            return None
        last = self._last.setdefault(path, {})

        def line_executed(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            if event == "line":
                self._clock += 1
                last[frame.f_lineno] = self._clock
            return line_executed

        return line_executed


class MonitoringRecorder(_Recording):
    """The same for 3.12 and later."""

    def start(self) -> None:
        """Begin with no lines."""
        self._clear()
        self._visits: dict[tuple[str, int], int] = {}
        self._monitor = Monitor()
        self._monitor.start(self._executed, "LINE")

    def stop(self) -> Execution:
        """End and return what was recorded."""
        self._monitor.stop()
        return self._recorded()

    def _executed(self, code: CodeType, line: int) -> bool:
        """Whether the line has to report again."""
        path = code.co_filename
        if not path.startswith(self._prefix):
            return False
        if self._paused:
            return True
        if _is_of_import(code):
            self._imported.add(path)
            return False
        self._clock += 1
        self._last.setdefault(path, {})[line] = self._clock
        visits = self._visits[path, line] = self._visits.get((path, line), 0) + 1
        return visits < _MOST_VISITS


Recorder = Union[MonitoringRecorder, TracingRecorder]


def recorder(root: str) -> Recorder:
    """The cheapest recorder this interpreter has."""
    return MonitoringRecorder(root) if sys.version_info >= (3, 12) else TracingRecorder(root)

"""Which lines of the project's files are executed: `sys.monitoring` from Python 3.12 on, a tracer before."""

from __future__ import annotations

import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any, Callable, Optional, Union

Lines = dict[str, set[int]]


class Monitor:
    """A tool of `sys.monitoring` (Python 3.12): each place reports once and is then switched off until the next start."""

    _TOOL_IDS = (3, 4, 1, 2, 0, 5)
    _monitoring: Any = getattr(sys, "monitoring", None)

    def start(self, report: Callable[[CodeType, int], None], *events: str) -> None:
        """Report events by the names of `sys.monitoring.events`; nothing is reported where no tool id is free."""
        monitoring = self._monitoring
        self._tool = next((each for each in self._TOOL_IDS if monitoring.get_tool(each) is None), None)
        if self._tool is None:
            return

        def happened(code: CodeType, place: int) -> object:
            report(code, place)
            disable: object = monitoring.DISABLE
            return disable

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


class TracingRecorder:
    """For interpreters before 3.12; a tracer that is there already (coverage, a debugger) is left alone."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep

    def start(self) -> None:
        """Begin with no lines; files outside the root cost next to nothing."""
        self._lines: Lines = {}
        self._active = sys.gettrace() is None
        if self._active:
            threading.settrace(self._called)
            sys.settrace(self._called)

    def stop(self) -> Lines:
        """End and return the lines by absolute file name."""
        if self._active:
            sys.settrace(None)
            threading.settrace(None)
        return self._lines

    def _called(self, frame: FrameType, event: str, argument: object) -> Optional[Callable[..., Any]]:
        path = frame.f_code.co_filename
        if not path.startswith(self._prefix):
            return None
        add = self._lines.setdefault(path, set()).add

        def line_executed(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            if event == "line":
                add(frame.f_lineno)
            return line_executed

        return line_executed


class MonitoringRecorder:
    """The same for 3.12 and later."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self._monitor = Monitor()

    def start(self) -> None:
        """Begin with no lines."""
        self._lines: Lines = {}
        self._monitor.start(self._executed, "LINE")

    def stop(self) -> Lines:
        """End and return the lines by absolute file name."""
        self._monitor.stop()
        return self._lines

    def _executed(self, code: CodeType, line: int) -> None:
        if code.co_filename.startswith(self._prefix):
            self._lines.setdefault(code.co_filename, set()).add(line)


Recorder = Union[MonitoringRecorder, TracingRecorder]


def recorder(root: str) -> Recorder:
    """The cheapest recorder this interpreter has."""
    return MonitoringRecorder(root) if sys.version_info >= (3, 12) else TracingRecorder(root)

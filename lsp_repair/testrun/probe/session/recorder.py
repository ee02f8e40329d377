"""Which lines of the project's files are executed: `sys.monitoring` from Python 3.12 on, a tracer before."""

from __future__ import annotations

import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any, Callable, Optional

Lines = dict[str, set[int]]


class Recorder:
    """Records between `start` and `stop`; files outside the root cost next to nothing."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self.lines: Lines = {}

    def start(self) -> None:
        """Begin with no lines."""
        raise NotImplementedError

    def stop(self) -> Lines:
        """End and return the lines by absolute file name."""
        raise NotImplementedError


class TracingRecorder(Recorder):
    """For interpreters before 3.12; a tracer that is there already (coverage, a debugger) is left alone."""

    def start(self) -> None:
        """Begin with no lines."""
        self.lines = {}
        self._active = sys.gettrace() is None
        if self._active:
            threading.settrace(self._called)
            sys.settrace(self._called)

    def stop(self) -> Lines:
        """End and return the lines by absolute file name."""
        if self._active:
            sys.settrace(None)
            threading.settrace(None)
        return self.lines

    def _called(self, frame: FrameType, event: str, argument: object) -> Optional[Callable[..., Any]]:
        path = frame.f_code.co_filename
        if not path.startswith(self._prefix):
            return None
        add = self.lines.setdefault(path, set()).add

        def line_executed(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            if event == "line":
                add(frame.f_lineno)
            return line_executed

        return line_executed


class MonitoringRecorder(Recorder):
    """For 3.12 and later: each line reports once and is then switched off until the next start."""

    _TOOL_IDS = (3, 4, 1, 2, 0, 5)
    _monitoring: Any = getattr(sys, "monitoring", None)

    def start(self) -> None:
        """Begin with no lines."""
        monitoring = self._monitoring
        self.lines = {}
        free = [each for each in self._TOOL_IDS if monitoring.get_tool(each) is None]
        self._tool = free[0] if free else None
        if self._tool is None:
            return
        monitoring.use_tool_id(self._tool, "lsp-repair")
        monitoring.register_callback(self._tool, monitoring.events.LINE, self._executed)
        monitoring.set_events(self._tool, monitoring.events.LINE)
        monitoring.restart_events()

    def stop(self) -> Lines:
        """End and return the lines by absolute file name."""
        if self._tool is not None:
            self._monitoring.set_events(self._tool, 0)
            self._monitoring.free_tool_id(self._tool)
        return self.lines

    def _executed(self, code: CodeType, line: int) -> object:
        if code.co_filename.startswith(self._prefix):
            self.lines.setdefault(code.co_filename, set()).add(line)
        disable: object = self._monitoring.DISABLE
        return disable


def recorder(root: str) -> Recorder:
    """The cheapest recorder this interpreter has."""
    return MonitoringRecorder(root) if sys.version_info >= (3, 12) else TracingRecorder(root)

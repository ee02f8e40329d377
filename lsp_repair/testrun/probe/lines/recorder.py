"""Which lines of the project's files are executed, and in which order: `sys.monitoring` from Python 3.12 on, a tracer before.

Lines that run while a module or a class is imported are no test's own: they run for the first test that imports it.
What child processes load of this package imports next to nothing: each of them pays for it.
"""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any, Callable, Optional, Protocol

    from .spool import Spool

    class Children(Protocol):
        """What child processes execute; see following.py."""

        def begin(self, recorder: Recorder, clock: Callable[[], int]) -> None:
            """A test begins."""
            ...

        def take(self, found: Execution, failed_ns: int) -> list[tuple[Moment, str, int]]:
            """It has ended: add their lines; those of children that had started by then have a place in the order."""
            ...

    Moment = tuple[int, int, int]
    """Ordered: tick of the process that runs the tests, start of the child, tick of the child."""

_MOST_LATEST = 400
_MOST_VISITS = 50
"""How often a line reports from Python 3.12 on: its place in the order is that of this visit, if it runs still more often."""
_OPTIMIZED = 1
"""Flag of the code of functions; that of modules and classes lacks it (`inspect.CO_OPTIMIZED`)."""


class Execution:
    """What was recorded, by absolute file names."""

    def __init__(self, lines: dict[str, set[int]], imported: set[str], latest: list[tuple[str, int]]) -> None:
        self.lines = lines
        self.imported = imported
        """Files of which a module or class was executed."""
        self.latest = latest
        """Lines by their last execution, the latest first."""
        self.is_of_programs = False
        """Whether programs were started, or lines are those of one."""
        self.unseen: set[str] = set()
        """Programs that were started and told nothing of what they execute."""
        self.originals: set[str] = set()
        """Files of the user's folder that a program imported, where it should have imported the copy's."""


class Recorder:
    """What both recorders have in common: a clock that ticks with every line."""

    def __init__(self, root: str, children: Optional[Children] = None) -> None:
        self._prefix = root + "/"
        self._paused = False
        self._children = children
        self.is_active = False
        """Whether lines are recorded: something else may be in the place where they are."""
        self._spool: Optional[Spool] = None
        self._clear()

    def _clear(self) -> None:
        self._clock = 0
        self._last: dict[str, dict[int, int]] = {}
        self._imported: set[str] = set()
        self._latest: Optional[list[tuple[Moment, str, int]]] = None
        self._failed_ns = 0

    def start(self) -> None:
        """Begin with no lines."""
        raise NotImplementedError

    def end(self) -> None:
        """Record nothing more."""
        raise NotImplementedError

    def become_child(self, spool: Spool) -> None:
        """In a child process that was forked while this records: go on with no lines, and write to this file."""
        self._clear()
        self._spool = spool
        self._imported = spool.imports(self._tick)

    def stop(self) -> Execution:
        """End and return what was recorded."""
        self.end()
        self.mark_failure()
        found = Execution({path: set(lines) for path, lines in self._last.items() if lines}, self._imported, [])
        latest = self._latest or []
        if self._children is not None:
            latest += self._children.take(found, self._failed_ns)
            latest.sort(reverse=True)
        found.latest = [(path, line) for _, path, line in latest[:_MOST_LATEST]]
        return found

    def paused(self) -> _Paused:
        """A context: what runs meanwhile only tells about a failure, such as the `repr` of values."""
        return _Paused(self)

    def mark_failure(self) -> None:
        """The order of lines ends here, at the first call."""
        if self._latest is None:
            self._failed_ns = time.monotonic_ns()
            own = ((at, path, line) for path, lines in self._last.items() for line, at in lines.items())
            self._latest = [((at, 0, 0), path, line) for at, path, line in sorted(own, reverse=True)[:_MOST_LATEST]]

    def _begin(self) -> None:
        self._clear()
        if self._children is not None:
            self._children.begin(self, lambda: self._clock)

    def _tick(self) -> int:
        self._clock += 1
        return self._clock

    def _lines_of(self, path: str) -> dict[int, int]:
        """Of a file that is executed for the first time."""
        found = self._last[path] = {} if self._spool is None else self._spool.lines_of(path)
        return found


class _Paused:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        self._before, self._recorder._paused = self._recorder._paused, True

    def __exit__(self, *exc: object) -> None:
        self._recorder._paused = self._before


def _is_of_import(code: CodeType) -> bool:
    """Whether the code is that of a module, or of a class that is no function's."""
    return not code.co_flags & _OPTIMIZED and "<locals>" not in getattr(code, "co_qualname", "")


class Monitor:
    """A tool of `sys.monitoring` (Python 3.12): a place that has reported is switched off until the next start."""

    _TOOL_IDS = (3, 4, 1, 2, 0, 5)
    _monitoring: Any = getattr(sys, "monitoring", None)

    def start(self, report: Callable[[CodeType, int], object], *events: str) -> bool:
        """Report events by the names of `sys.monitoring.events`; False and nothing reported where no tool id is free.

        A place for which `report` gives something true reports again.
        """
        monitoring = self._monitoring
        self._tool = next((each for each in self._TOOL_IDS if monitoring.get_tool(each) is None), None)
        if self._tool is None:
            return False

        disable: object = monitoring.DISABLE

        def happened(code: CodeType, place: int) -> object:
            return None if report(code, place) else disable

        monitoring.use_tool_id(self._tool, "lsp-repair")
        numbers = [getattr(monitoring.events, name) for name in events]
        for number in numbers:
            monitoring.register_callback(self._tool, number, happened)
        monitoring.set_events(self._tool, sum(numbers))
        monitoring.restart_events()
        return True

    def stop(self) -> bool:
        """End; False when no tool id was free or something took our place meanwhile."""
        is_ours = self._tool is not None and self._monitoring.get_tool(self._tool) == "lsp-repair"
        if is_ours:
            self._monitoring.set_events(self._tool, 0)
            self._monitoring.free_tool_id(self._tool)
        return is_ours

    def restart(self) -> None:
        """Every place reports again."""
        self._monitoring.restart_events()


class TracingRecorder(Recorder):
    """For interpreters before 3.12; a tracer that is there already (coverage, a debugger) is left alone."""

    def start(self) -> None:
        """Begin with no lines; files outside the root cost next to nothing."""
        import threading

        self._begin()
        self.is_active = sys.gettrace() is None
        if self.is_active:
            threading.settrace(self._called)
            sys.settrace(self._called)

    def end(self) -> None:
        """Record nothing more."""
        if self.is_active:
            import threading

            sys.settrace(None)
            threading.settrace(None)

    def become_child(self, spool: Spool) -> None:
        """Functions that are being executed go on as well."""
        super().become_child(spool)
        if not self.is_active:
            return
        frame: Optional[FrameType] = sys._getframe()  # pyright: ignore[reportPrivateUsage] - there is no other name
        while frame is not None:
            if frame.f_trace is not None:
                frame.f_trace = self._called(frame, "call", None)
            frame = frame.f_back

    def _called(self, frame: FrameType, event: str, argument: object) -> Optional[Callable[..., Any]]:
        code = frame.f_code
        path = code.co_filename
        if self._paused or not path.startswith(self._prefix):
            return None
        if _is_of_import(code):
            self._imported.add(path)
            return None
        known = self._last.get(path)
        last = self._lines_of(path) if known is None else known

        def line_executed(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
            if event == "line":
                self._clock += 1
                last[frame.f_lineno] = self._clock
            return line_executed

        return line_executed


class MonitoringRecorder(Recorder):
    """The same for 3.12 and later."""

    def start(self) -> None:
        """Begin with no lines."""
        self._begin()
        self._visits: dict[tuple[str, int], int] = {}
        self._monitor = Monitor()
        self.is_active = self._monitor.start(self._executed, "LINE")

    def end(self) -> None:
        """Record nothing more."""
        self._monitor.stop()

    def become_child(self, spool: Spool) -> None:
        """Lines that were executed before count again."""
        super().become_child(spool)
        self._visits = {}
        self._monitor.restart()

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
        last = self._last.get(path)
        if last is None:
            last = self._lines_of(path)
        last[line] = self._clock
        visits = self._visits[path, line] = self._visits.get((path, line), 0) + 1
        return visits < _MOST_VISITS


def recorder(root: str, children: Optional[Children] = None) -> Recorder:
    """The cheapest recorder this interpreter has; `children` adds what child processes execute."""
    kind = MonitoringRecorder if sys.version_info >= (3, 12) else TracingRecorder
    return kind(root, children)

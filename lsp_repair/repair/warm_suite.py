"""The suite served from a process that has collected it: a change inside of functions costs a fork and the tests' bodies.

For what an editor shows while somebody types; every proposal is still proved in fresh processes.
"""

import queue
import threading
from collections.abc import Mapping
from typing import Self

from lsp_repair.domain.candidates import SourceFile
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import NodeId, Outcome, TestRun
from lsp_repair.errors import LspRepairError
from lsp_repair.testrun.live_suite import Taken
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.warm import NotWarm, WarmRequest, WarmServer, start_warm
from lsp_repair.validation.units import replaced_functions

_MOST_TESTS = 3_000
_MOST_SECONDS = 20.0
_START_SECONDS = 120.0
_TEST_SECONDS = 5.0


class WarmSuite:
    """Starts its process beside the session, and is of use when it is there; use as a context manager.

    A test is served warm only after the unchanged code gave its known outcome this way.
    """

    def __init__(self, place: Place, first: TestRun) -> None:
        self._place = place
        self._outcomes = {key: result.outcome for key, result in first.results.items()}
        self._paths = {test.node_id: test.path for test in first.collected}
        self._fixed = frozenset(first.oracle_paths)
        self._affordable = len(first.collected) <= _MOST_TESTS and _test_seconds(first) <= _MOST_SECONDS
        self._lock = threading.Lock()
        self._server: WarmServer | None = None
        self._trusted: frozenset[NodeId] = frozenset()
        self._based: dict[str, bytes] = {}
        self._now: dict[str, bytes] = {}
        self._orders: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._settled = threading.Event()
        self._start_number = 0
        self._starting = Deadline.after(_START_SECONDS).cancellable()
        self._hopeless = not self._affordable
        # One thread for all processes: they die with the thread that started them.
        threading.Thread(target=self._start_all, name="warm-suite", daemon=True).start()
        self._restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    def is_ready(self, deadline: Deadline) -> bool:
        """Wait until the process serves, or never will."""
        self._settled.wait(deadline.remaining)
        return self._server is not None

    def before_change(self) -> None:
        """Files are about to change: a process that is still being started would import some of them before and some after."""
        if self._server is None:
            self._stop()

    def run(self, taken: Taken, deadline: Deadline) -> TestRun | None:
        """The affected tests' outcomes on the changed code; None where only a fresh process can tell."""
        swaps = self._swaps(taken)
        ids = [key for key, path in self._paths.items() if path in taken.files]
        if self._server is None or swaps is None or not ids or not self._trusted.issuperset(ids):
            return None
        try:
            run = self._server.run_swapped(ids, swaps, deadline, test_seconds=_TEST_SECONDS)
        except (BrokenPipeError, OSError):
            return None
        return run if run.complete and run.results.keys() >= set(ids) else None

    def ran_cold(self, taken: Taken, run: TestRun) -> None:
        """A fresh process had to tell: what it told is the outcome that is known from now on, and the process starts anew."""
        self._outcomes = {key: each for key, each in self._outcomes.items() if self._paths.get(key) not in taken.files}
        self._outcomes |= {key: result.outcome for key, result in run.results.items()}
        self._paths = {key: path for key, path in self._paths.items() if path not in taken.files}
        self._paths |= {test.node_id: test.path for test in run.collected}
        self._fixed |= run.oracle_paths
        self._restart()

    def _swaps(self, taken: Taken) -> list[dict[str, object]] | None:
        """The functions that differ from what the process imported; None when anything else does."""
        for change in taken.changes:
            if change.before is None or change.after is None or not change.path.endswith(".py"):
                return None
            if change.path in self._fixed:
                return None
            self._based.setdefault(change.path, change.before)
            self._now[change.path] = change.after
        entries: list[dict[str, object]] = []
        for path, before in self._based.items():
            units = replaced_functions(SourceFile(path, before), SourceFile(path, self._now[path]))
            if units is None:
                return None
            for unit in units:
                function = unit.function
                entries.append(
                    {
                        "key": len(entries),
                        "path": f"{self._place.root}/{path}",
                        "first": function.first_line,
                        "name": function.name,
                        "shells": list(function.shells),
                        "text": unit.text,
                    }
                )
        return entries

    def _restart(self) -> None:
        """In a thread of its own: nobody waits for it."""
        self._stop()
        self._based, self._now = {}, {}
        if self._hopeless:
            self._settled.set()
        else:
            self._settled.clear()
            self._orders.put(self._start_number)

    def _start_all(self) -> None:
        while True:
            number = self._orders.get()
            if number == self._start_number:
                self._start(number)
                if number == self._start_number:
                    self._settled.set()

    def _start(self, number: int) -> None:
        with self._lock:
            if number != self._start_number:
                return
            deadline = self._starting = Deadline.after(_START_SECONDS).cancellable()
        known, ids = dict(self._outcomes), list(self._paths)
        try:
            server = start_warm(self._place, WarmRequest(()), deadline)
            if isinstance(server, NotWarm):
                self._hopeless = number == self._start_number
                return
            told = server.run(ids, deadline, record=False, test_seconds=_TEST_SECONDS)
        except (LspRepairError, OSError):
            self._hopeless = number == self._start_number
            return
        with self._lock:
            if number != self._start_number:  # a change came meanwhile
                server.close()
                return
            self._trusted, self._server = _agreeing(known, told), server

    def _stop(self) -> None:
        with self._lock:
            self._start_number += 1
            self._starting.cancel()
            server, self._server = self._server, None
        if server is not None:
            server.close()


def _agreeing(known: Mapping[NodeId, Outcome], told: TestRun) -> frozenset[NodeId]:
    """Tests whose outcome is the same as in a fresh process."""
    return frozenset(key for key, result in told.results.items() if known.get(key) is result.outcome)


def _test_seconds(run: TestRun) -> float:
    return sum(result.seconds for result in run.results.values())

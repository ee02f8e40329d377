"""The suite in a process that has collected it: a change inside functions costs a fork and running the tests themselves.

For what an editor shows while the user types; every proposal is still proved in fresh processes.
"""

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Self

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import SourceFile
from lsp_repair.domain.runs import NodeId, TestResult, TestRun
from lsp_repair.errors import LspRepairError
from lsp_repair.repair.imported_text import ImportedText, Lines, Reaches, Replaced
from lsp_repair.testrun.live_suite import Taken
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe.warm.warm_records import Swap
from lsp_repair.testrun.warm_server import NotWarm, ReachingRun, WarmRequest, WarmServer, start_warm

_MAX_TESTS = 3_000
_MAX_SECONDS = 20.0
_START_SECONDS = 120.0
_TEST_SECONDS = 5.0


class WarmSuite:
    """Starts its warm server in the background and is used once that is ready; use as a context manager.

    A test is run in the warm server only after the unchanged code gave its known outcome there.
    """

    def __init__(self, place: Place, first: TestRun) -> None:
        self._place = place
        self._results = dict(first.results)
        self._tests = {test.node_id: test for test in first.collected}
        self._fixed = frozenset(first.oracle_paths)
        self._affordable = (
            len(first.collected) <= _MAX_TESTS and sum(each.seconds for each in first.results.values()) <= _MAX_SECONDS
        )
        self._lock = threading.Lock()
        self._server: WarmServer | None = None
        self._trusted: frozenset[NodeId] = frozenset()
        self._reaches = Reaches()
        self._imported: dict[str, ImportedText] = {}
        self._served: dict[str, Replaced] = {}
        self._orders: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._settled = threading.Event()
        self._start_number = 0
        self._starting = Deadline.after(_START_SECONDS).cancellable()
        self._hopeless = not self._affordable
        # One thread starts all processes: they die with the thread that started them.
        threading.Thread(target=self._start_all, name="warm-suite", daemon=True).start()
        self._restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    def is_ready(self, deadline: Deadline) -> bool:
        """Wait until the process is ready, or never will be."""
        self._settled.wait(deadline.remaining)
        return self._server is not None

    def before_change(self) -> None:
        """Files are about to change: a process that is still starting would import some of them before and some after."""
        if self._server is None:
            self._stop()

    def run(self, taken: Taken, deadline: Deadline) -> TestRun | None:
        """The affected files' outcomes on the changed code; None where a fresh process is needed.

        Only tests that reach what changed and failing tests run; the verdicts of the others stand.
        """
        replaced = self._replaced(taken)
        if self._server is None or replaced is None or self._is_broken(taken.files):
            return None
        affected = {key: test for key, test in self._tests.items() if test.path in taken.files}
        if not affected:
            return TestRun((), {}, frozenset())
        chosen = self._chosen(affected.keys(), replaced)
        if not self._trusted.issuperset(chosen):
            return None
        reported = self._run_swapped(self._server, chosen, replaced, deadline)
        if not reported.run.complete or not reported.run.results.keys() >= set(chosen):
            return None
        self._served = replaced
        self._reaches.ran(chosen, reported.reached)
        self._results |= reported.run.results
        results = {key: self._results[key] for key in affected if key in self._results}
        return replace(reported.run, collected=tuple(affected.values()), results=results)

    def _is_broken(self, files: frozenset[str]) -> bool:
        """Whether a failing item is a file: one that does not collect has to be collected again."""
        failing = (key for key, result in self._results.items() if result.outcome.is_failing and key not in self._tests)
        return any(key in files or not key.endswith(".py") for key in failing)

    def _chosen(self, affected: Iterable[NodeId], replaced: Mapping[str, Replaced]) -> list[NodeId]:
        """The tests whose outcome may differ, in collection order."""
        changed = list(self._changed_since_served(replaced))
        keys = list(affected)
        reaching = self._reaches.reaching(changed, frozenset(keys))
        return [
            key for key in keys if key in reaching or key not in self._results or self._results[key].outcome.is_failing
        ]

    def _changed_since_served(self, replaced: Mapping[str, Replaced]) -> Iterator[Lines]:
        """The functions whose text has changed since the current verdicts were reported."""
        for path, now in replaced.items():
            before = self._served.get(path, {})
            for function in now.keys() | before.keys():
                if now.get(function) != before.get(function):
                    yield self._imported[path].lines(function)

    def _run_swapped(
        self, server: WarmServer, chosen: Sequence[NodeId], replaced: Mapping[str, Replaced], deadline: Deadline
    ) -> ReachingRun:
        """Incomplete when it cannot be run here; with no tests chosen, it only finds out whether the functions can be replaced."""
        swaps = [
            Swap(0, f"{self._place.root}/{path}", function.first_line, function.name, list(function.shells), text)
            for path, functions in replaced.items()
            for function, text in functions.items()
        ]
        try:
            return server.run_reaching(chosen, swaps, deadline, test_seconds=_TEST_SECONDS, again=False)
        except OSError:  # the server is gone
            return ReachingRun(TestRun((), {}, frozenset(), complete=False))

    def ran_cold(self, taken: Taken, run: TestRun) -> None:
        """A fresh process had to run: its outcomes are known from now on, and the warm server is restarted."""
        gone = {key for key, test in self._tests.items() if test.path in taken.files} | set(taken.files)
        self._results = {key: each for key, each in self._results.items() if key not in gone} | dict(run.results)
        self._tests = {key: test for key, test in self._tests.items() if key not in gone}
        self._tests |= {test.node_id: test for test in run.collected}
        self._fixed |= run.oracle_paths
        self._restart()

    def _replaced(self, taken: Taken) -> dict[str, Replaced] | None:
        """The functions that differ from what the process imported, by file; None when anything else does."""
        found = dict(self._served)
        for change in taken.changes:
            path, before, after = change.path, change.before, change.after
            if before is None or after is None or not path.endswith(".py") or self._holds_tests(path):
                return None
            if path not in self._imported:
                self._imported[path] = ImportedText(SourceFile(path, before))
            now = self._imported[path].replaced(after)
            if now is None:
                return None
            found[path] = now
        return found

    def _holds_tests(self, path: str) -> bool:
        """Whether changing the file can change what is collected: doctests can be in any file."""
        return path in self._fixed or any(test.path == path for test in self._tests.values())

    def _restart(self) -> None:
        """In a separate thread, so that nothing waits for it."""
        self._stop()
        self._imported, self._served = {}, {}
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
        known, ids = dict(self._results), list(self._tests)
        try:
            server = start_warm(self._place, WarmRequest(()), deadline)
            if isinstance(server, NotWarm):
                self._hopeless = number == self._start_number
                return
            reported = server.run_reaching(ids, (), deadline, test_seconds=_TEST_SECONDS, again=True)
        except (LspRepairError, OSError):
            self._hopeless = number == self._start_number
            return
        with self._lock:
            if number != self._start_number:  # files changed in the meantime
                server.close()
                return
            self._reaches = Reaches()
            self._reaches.note(reported.reached)
            self._trusted, self._server = _agreeing(known, reported.run), server

    def _stop(self) -> None:
        with self._lock:
            self._start_number += 1
            self._starting.cancel()
            server, self._server = self._server, None
        if server is not None:
            server.close()


def _agreeing(known: Mapping[NodeId, TestResult], reported: TestRun) -> frozenset[NodeId]:
    """Tests whose outcome is the same as in a fresh process."""
    return frozenset(
        key for key, result in reported.results.items() if key in known and known[key].outcome is result.outcome
    )

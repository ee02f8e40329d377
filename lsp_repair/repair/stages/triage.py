"""The third stage: failing tests are reproduced; flaky ones, and those that only the sandbox breaks, are sorted out."""

import os
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId, Outcome, TestResult, TestRun, grouped
from lsp_repair.isolation.environment import trusted
from lsp_repair.repair.stages.prepare import Prepared, Session
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.exclusions import Exclusion
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import copy_snapshot
from lsp_repair.testrun.warm_server import WarmServer

MIN_TEST_SECONDS = 6.0
"""CPU seconds that a test which hung before gets at least when it runs again."""
_ALONE_RUNS = 3
_ALONE_BUDGET_SECONDS = 4.0
_GLIMPSE_SECONDS = 0.3
"""CPU seconds of a hanging test that show which lines it executes."""
_ORDINARY_ERRORS = frozenset(
    {"AssertionError", "DocTestFailure", "Failed", "TestTimeout", "AttributeError", "NameError", "UnboundLocalError"}
    | {"TypeError", "ValueError", "IndexError", "KeyError", "ZeroDivisionError", "RecursionError", "StopIteration"}
    | {"SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError", "NotImplementedError"}
)
_NEEDS_SERVICE = frozenset(
    {"ConnectionRefusedError", "gaierror", "ConnectionError", "ConnectTimeout", "URLError", "NewConnectionError"}
    | {"OperationalError", "ConnectError", "MaxRetryError", "herror", "ConnectionResetError"}
)
_SURROUNDINGS = re.compile(
    rb"\benviron|\bgetenv|\bexpanduser|\bhome\(|\bHOME\b|\bTMPDIR\b|\bXDG_|\bgetuser|\bgetpass|\bkeyring|dotenv|\.netrc|\.git\b"
    rb"|\bsocket\b|\brequests\b|\bhttpx\b|\burllib\b|\bhttp\.client\b|\baiohttp\b|\bpsycopg|\bredis\b|\bsubprocess\b"
)


@dataclass(frozen=True, slots=True)
class TriagedFailures:
    """The failing tests of the baseline, sorted by kind."""

    reproducible: tuple[TestResult, ...]
    """With their executed lines where these could be recorded."""
    flaky: tuple[tuple[Failure, str], ...] = ()
    """With a sentence that says what gave them away."""

    @property
    def flaky_ids(self) -> frozenset[NodeId]:
        """Ids of the flaky ones."""
        return frozenset(failure.node_id for failure, _ in self.flaky)

    @property
    def groups(self) -> tuple[FailureGroup, ...]:
        """The reproducible failures by cause."""
        return tuple(grouped(result.failure for result in self.reproducible if result.failure is not None))


def triage(session: Session, server: WarmServer | None, failing: Sequence[TestResult]) -> TriagedFailures:
    """Run each failing test again: in fresh forks of the warm server, else in a fresh process for its lines."""
    if server is None:
        return TriagedFailures(tuple(failing))
    return _with_cold_lines(session, _without_flaky(session, server, failing))


def _without_flaky(session: Session, server: WarmServer, failing: Sequence[TestResult]) -> TriagedFailures:
    """Together with lines recorded, then alone; one test of each cause repeatedly."""
    test_seconds = _patience(failing)
    tests = [result for result in failing if not result.node_id.is_file]
    ids = [result.node_id for result in tests if not _hangs(result)]
    traced = server.run(ids, session.deadline, record=True, test_seconds=test_seconds)
    flaky: dict[NodeId, str] = {}
    for key in ids:
        again = traced.results.get(key)
        if again is not None and not again.outcome.is_failing:
            flaky[key] = "it failed with the other tests and passed in a fresh process"
    hanging = [result.node_id for result in tests if _hangs(result)]
    glimpsed = server.run(hanging, session.deadline, record=True, test_seconds=_GLIMPSE_SECONDS)
    traced = replace(traced, results={**traced.results, **glimpsed.results})
    budget = session.deadline.within(_ALONE_BUDGET_SECONDS)
    shown = {group.node_ids[0] for group in grouped(each.failure for each in tests if each.failure is not None)}
    for number in range(_ALONE_RUNS):
        for key in ids:
            if key in flaky or budget.passed or (number > 0 and key not in shown):
                continue
            alone = server.run([key], budget, record=False, test_seconds=test_seconds).results.get(key)
            if alone is not None and alone.outcome is Outcome.PASSED:
                flaky[key] = "it passed when it was run again alone, on the same code"
    reproducible = tuple(_with_lines(result, traced) for result in failing if result.node_id not in flaky)
    found = tuple(
        (result.failure, flaky[result.node_id]) for result in failing if result.node_id in flaky and result.failure
    )
    return TriagedFailures(reproducible, found)


def _patience(failing: Sequence[TestResult]) -> float:
    """CPU seconds that a failing test gets when it runs again with its lines recorded."""
    ended = [each.seconds for each in failing if each.failure and not _hangs(each)]
    return max(MIN_TEST_SECONDS, 4 * max(ended, default=0.0))


def _hangs(result: TestResult) -> bool:
    return result.failure is not None and result.failure.error_type == "TestTimeout"


def _with_lines(result: TestResult, traced: TestRun) -> TestResult:
    """The traced result, which has the executed lines, where it shows the same failure."""
    again = traced.results.get(result.node_id)
    if again is None or again.failure is None or result.failure is None:
        return result
    return again if again.failure.error_type == result.failure.error_type else result


def _with_cold_lines(session: Session, triaged: TriagedFailures) -> TriagedFailures:
    """Record the lines of tests that behave differently in the warm server in a fresh process."""
    tests = [each for each in triaged.reproducible if not each.node_id.is_file]
    odd = frozenset(each.node_id for each in tests if not each.executed and not _hangs(each))
    if not odd:
        return triaged
    traced = run_cold(session.prepared.place, ColdRequest.of(odd, record=True), session.deadline.within(30.0)).run
    results = (_with_lines(each, traced) if each.node_id in odd else each for each in triaged.reproducible)
    return replace(triaged, reproducible=tuple(results))


def surroundings_may_matter(prepared: Prepared, run: TestRun) -> bool:
    """Whether a test could fail because of something that is missing in the sandbox.

    True for errors that code does not raise by itself, for files left out because they may contain secrets, and for
    projects whose files mention their surroundings. Running in the user's own surroundings costs a start of pytest.
    """
    if any(result.failure and result.failure.error_type not in _ORDINARY_ERRORS for result in run.failing):
        return True
    if any(skipped.why in {Exclusion.SECRETS, Exclusion.PRIVATE_KEY} for skipped in prepared.snapshot.skipped):
        return True
    files = {Path(file) for file in run.module_files.values()}
    return any(_mentions_surroundings(file) for file in files if file.is_relative_to(prepared.snapshot.root))


def _mentions_surroundings(file: Path) -> bool:
    try:
        return _SURROUNDINGS.search(file.read_bytes()) is not None
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """A place with one effect opened that candidate code does not get."""

    effect: str
    place: Place


class EnvironmentTriage:
    """Runs the failing tests in the user's own surroundings while the search is already under way; a context manager."""

    def __init__(self, prepared: Prepared, deadline: Deadline) -> None:
        self._prepared = prepared
        self._deadline = deadline.cancellable()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="environment-triage")
        self._run: Future[TestRun] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._deadline.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, failing: Sequence[TestResult]) -> None:
        """Begin in the background."""
        self._own, self._single = _surroundings(self._prepared)
        self._run = self._pool.submit(_rerun, self._own.place, failing, self._deadline.within(30.0))

    def missing_effect(self, failure: Failure) -> str | None:
        """What the test lacks in the sandbox; None when it fails in the user's own surroundings as well."""
        silent = "a network service that does not answer" if failure.error_type in _NEEDS_SERVICE else None
        if self._run is None:
            return silent
        result = self._run.result().results.get(failure.node_id)
        if result is None or result.outcome is not Outcome.PASSED:
            return silent
        for each in self._single:
            alone = _rerun(each.place, [result], self._deadline.within(10.0)).results.get(failure.node_id)
            if alone is not None and alone.outcome is Outcome.PASSED:
                return each.effect
        return self._own.effect


def _rerun(place: Place, failing: Sequence[TestResult], deadline: Deadline) -> TestRun:
    patience = max(2.0, 4 * max((result.seconds for result in failing), default=0.0))
    request = ColdRequest.of((result.node_id for result in failing), test_seconds=patience)
    return run_cold(place, request, deadline).run


def _surroundings(prepared: Prepared) -> tuple[_Surroundings, tuple[_Surroundings, ...]]:
    """The user's own surroundings, and each of their parts alone."""
    place = prepared.place
    files = replace(place.at(_with_excluded_files(prepared)), environ=place.environ)
    own = trusted(os.environ)
    home = {"HOME": own["HOME"]} if "HOME" in own else {}
    private = {key: place.environ[key] for key in ("HOME", "TMPDIR") if key in place.environ}
    single = (
        _Surroundings(f"the network ({_allowing('network')})", _with_opened(place, "network")),
        _Surroundings(
            f"environment variables ({_allowing('environment')})", replace(place, environ={**own, **private})
        ),
        _Surroundings(
            f"the home folder ({_allowing('home')})",
            _with_opened(replace(place, environ={**place.environ, **home}), "home"),
        ),
        _Surroundings("files left out of the snapshot", files),
    )
    return _Surroundings("the user's own surroundings", files.unconfined(own)), single


def _allowing(effect: str) -> str:
    return f'to let tests have it: allow = ["{effect}"] in your configuration'


def _with_opened(place: Place, effect: str) -> Place:
    sandbox = place.sandbox
    return replace(place, sandbox=replace(sandbox, opened=sandbox.opened | {effect}))


def _with_excluded_files(prepared: Prepared) -> Path:
    """A copy that also holds the small files that the snapshot leaves out: `.env`, keys."""
    copy = copy_snapshot(prepared.snapshot, prepared.private / "trusted" / prepared.snapshot.root.name)
    for skipped in prepared.snapshot.skipped:
        source = prepared.project.root / skipped.path
        if source.is_file() and source.stat().st_size < 1 << 20:
            shutil.copy2(source, copy.root / skipped.path)
    return copy.root

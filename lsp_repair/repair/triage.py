"""What a failure is before anything is spent on it: steady, flaky, or missing something of its environment."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.groups import grouped
from lsp_repair.domain.runs import Failure, NodeId, Outcome, TestResult, TestRun
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.warm_server import WarmServer

_ALONE_RUNS = 3
_ALONE_BUDGET_SECONDS = 4.0
_GLIMPSE_SECONDS = 0.3
"""CPU seconds of a hanging test that show which lines it executes."""
_NEEDS_SERVICE = frozenset(
    {"ConnectionRefusedError", "gaierror", "ConnectionError", "ConnectTimeout", "URLError", "NewConnectionError"}
    | {"OperationalError", "ConnectError", "MaxRetryError", "herror", "ConnectionResetError"}
)


@dataclass(frozen=True, slots=True)
class TriagedFailures:
    """The red tests of the baseline, sorted by what they are."""

    steady: tuple[TestResult, ...]
    """With their executed lines where these could be recorded."""
    flaky: tuple[tuple[Failure, str], ...]
    """With the sentence that says how it was found out."""


def triage_flaky(
    server: WarmServer, failing: Sequence[TestResult], test_seconds: float, deadline: Deadline
) -> TriagedFailures:
    """Run each red test again in fresh forks: together with lines recorded, then alone; one of each cause repeatedly."""
    tests = [result for result in failing if not result.node_id.is_file]
    ids = [result.node_id for result in tests if not _hangs(result)]
    traced = server.run(ids, deadline, record=True, test_seconds=test_seconds)
    flaky: dict[NodeId, str] = {}
    for key in ids:
        again = traced.results.get(key)
        if again is not None and not again.outcome.is_failing:
            flaky[key] = "it failed with the other tests and passed in a fresh process"
    hanging = [result.node_id for result in tests if _hangs(result)]
    glimpsed = server.run(hanging, deadline, record=True, test_seconds=_GLIMPSE_SECONDS)
    traced = replace(traced, results={**traced.results, **glimpsed.results})
    budget = deadline.within(_ALONE_BUDGET_SECONDS)
    shown = {group.node_ids[0] for group in grouped(each.failure for each in tests if each.failure is not None)}
    for number in range(_ALONE_RUNS):
        for key in ids:
            if key in flaky or budget.passed or (number > 0 and key not in shown):
                continue
            alone = server.run([key], budget, record=False, test_seconds=test_seconds).results.get(key)
            if alone is not None and alone.outcome is Outcome.PASSED:
                flaky[key] = "it passed when it was run again alone, on the same code"
    steady = tuple(_with_lines(result, traced) for result in failing if result.node_id not in flaky)
    found = tuple(
        (result.failure, flaky[result.node_id]) for result in failing if result.node_id in flaky and result.failure
    )
    return TriagedFailures(steady, found)


def _hangs(result: TestResult | None) -> bool:
    return result is not None and result.failure is not None and result.failure.error_type == "TestTimeout"


def _with_lines(result: TestResult, traced: TestRun) -> TestResult:
    """The warm run's facts where it saw the same failure: they carry the executed lines."""
    again = traced.results.get(result.node_id)
    return again if again is not None and _is_same(again.failure, result.failure) else result


def _is_same(again: Failure | None, before: Failure | None) -> bool:
    return again is not None and before is not None and again.error_type == before.error_type


def with_cold_lines(place: Place, triaged: TriagedFailures, deadline: Deadline) -> TriagedFailures:
    """Record the lines of tests that act otherwise in a warm process in a fresh one."""
    odd = [each for each in triaged.steady if not each.node_id.is_file and not each.executed and not _hangs(each)]
    if not odd:
        return triaged
    only = frozenset(result.node_id for result in odd)
    files = tuple(dict.fromkeys(key.file for key in only))
    traced = run_cold(place, ColdRequest(files=files, only=only, record=True), deadline.within(30.0)).run
    return replace(triaged, steady=tuple(_with_lines(each, traced) if each in odd else each for each in triaged.steady))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A place with one kind of thing opened that candidate code does not get."""

    effect: str
    place: Place


class EnvironmentTriage:
    """Runs the red tests in the user's own surroundings, while the search is already under way."""

    def __init__(self, prepare: Callable[[], tuple[Surroundings, Sequence[Surroundings]]], deadline: Deadline) -> None:
        self._prepare = prepare
        self._deadline = deadline.cancellable()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="environment-gate")
        self._run: Future[TestRun] | None = None

    def start(self, failing: Sequence[TestResult]) -> None:
        """Begin in the background."""
        if self._run is not None:
            return
        self._trusted, self._single = self._prepare()
        self._run = self._pool.submit(_rerun, self._trusted.place, failing, self._deadline.within(30.0))

    def close(self) -> None:
        """End what is running."""
        self._deadline.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def missing_effect(self, failure: Failure) -> str | None:
        """What the test lacks where candidates run; None when it fails in the user's own surroundings as well."""
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
        return self._trusted.effect


def _rerun(place: Place, failing: Sequence[TestResult], deadline: Deadline) -> TestRun:
    only = frozenset(result.node_id for result in failing)
    files = tuple(dict.fromkeys(key.file for key in only))
    patience = max(2.0, 4 * max((result.seconds for result in failing), default=0.0))
    return run_cold(place, ColdRequest(files=files, only=only, test_seconds=patience), deadline).run

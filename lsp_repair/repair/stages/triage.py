"""The third stage: failing tests are reproduced; flaky ones, and those that only the sandbox breaks, are sorted out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_repair.domain.runs import Failure, FailureGroup, NodeId, Outcome, TestResult, TestRun, grouped
from lsp_repair.repair.stages.prepare import Session
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.warm_server import WarmServer

MIN_TEST_SECONDS = 6.0
"""CPU seconds that a test which hung before gets at least when it runs again."""
_ALONE_RUNS = 3
_ALONE_BUDGET_SECONDS = 4.0
_GLIMPSE_SECONDS = 0.3
"""CPU seconds of a hanging test that show which lines it executes."""


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

"""The second stage: the tests run once on the unpatched snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import BaselineFinished, Observer, Progressed, TestCounts
from lsp_repair.domain.runs import NodeId, Outcome, TestResult, TestRun
from lsp_repair.errors import CannotRunTestsError, UsageError
from lsp_repair.repair.fix_request import Chosen
from lsp_repair.repair.stages.cannot_run import must_be_able_to_run, must_have_tests
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.repair.stages.surroundings import lacked_at_start
from lsp_repair.testrun.cold import ColdRequest, run_cold

_BASELINE_SHARE = 0.5
"""Of the time limit: a baseline that takes longer leaves no time for repairs, so its results so far have to do."""
_MAX_NEAR = 4
_PATIENT_SECONDS = 20.0
_PATIENT_SHARE = 1 / 20
"""CPU time, at most and as a share of the time limit, before a test counts as hanging."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The tests on the unpatched snapshot."""

    run: TestRun
    whole_suite: bool
    """Whether everything was meant to run: nothing narrowed it."""
    chosen: Chosen
    notices: tuple[str, ...] = field(default=())

    @property
    def failing(self) -> tuple[TestResult, ...]:
        """The failing tests (and files that did not collect) that the user chose."""
        failing = self.run.failing
        return tuple(each for each in failing if self.chosen.names(each.node_id)) if self.chosen.targets else failing

    @property
    def counts(self) -> TestCounts:
        """The figures of the run."""
        count = self.run.count
        passed = count(Outcome.PASSED) + count(Outcome.XPASSED)
        skipped = count(Outcome.SKIPPED) + count(Outcome.XFAILED)
        not_run = sum(test.node_id not in self.run.results for test in self.run.collected)
        not_collected = sum(each.failure is not None and each.failure.while_collecting for each in self.run.failing)
        return TestCounts(
            len(self.run.collected),
            passed,
            count(Outcome.FAILED),
            count(Outcome.ERROR),
            skipped,
            not_run,
            not_collected,
        )


def run_baseline(prepared: Prepared, chosen: Chosen, deadline: Deadline, observe: Observer) -> Baseline:
    """Run what was chosen (or everything) once; raises CannotRunTestsError when pytest cannot start, or finds no test."""
    observe(Progressed("running the tests on a snapshot"))
    patience = min(_PATIENT_SECONDS, deadline.remaining * _PATIENT_SHARE)
    request = ColdRequest(files=chosen.files)
    result = run_cold(prepared.place, request, deadline.within(deadline.remaining * _BASELINE_SHARE))
    try:
        must_be_able_to_run(prepared, result)
    except CannotRunTestsError as error:
        raise _known(error, lacked_at_start(prepared, request, deadline)) from error
    must_have_tests(prepared, result.run)
    _must_know(chosen, result.run)
    run = _with_slow_tests(prepared, result.run, patience, deadline)
    run = _with_named_tests(prepared, run, chosen, deadline)
    whole = not chosen.targets and not prepared.project.selected and not prepared.project.pytest_args
    notices = () if run.complete else (_incomplete(run),)
    baseline = Baseline(run, whole, chosen, notices)
    observe(BaselineFinished(run))
    return baseline


def _known(error: CannotRunTestsError, lacked: str | None) -> CannotRunTestsError:
    """The error as it came, or what the sandbox withholds where that is the reason."""
    if lacked is None:
        return error
    return CannotRunTestsError("environment", f"{error.message}; at home it starts", f"it needs {lacked}")


def _must_know(chosen: Chosen, run: TestRun) -> None:
    """Raises UsageError for an id that no collected test has, where its file was collected."""
    if not run.complete:
        return
    for target in map(NodeId, chosen.targets):
        known = (*run.results, *(test.node_id for test in run.collected))
        if (
            not target.is_file
            and target.file not in run.results
            and not any(Chosen((target,)).names(key) for key in known)
        ):
            raise UsageError(
                "test-not-found",
                f"--test {target}: {target.file} holds no such test",
                _near(target, known),
            )


def _near(target: NodeId, known: Sequence[NodeId]) -> str:
    """The tests of the same file that may have been meant."""
    names = [key.partition("::")[2] for key in dict.fromkeys(known) if key.file == target.file and not key.is_file]
    like = get_close_matches(target.partition("::")[2], names, _MAX_NEAR, 0.5) or names[:_MAX_NEAR]
    more = ", …" if len(names) > len(like) else ""
    return f"it has {', '.join(like)}{more}" if names else "list its ids with pytest --collect-only -q"


def _with_named_tests(prepared: Prepared, run: TestRun, chosen: Chosen, deadline: Deadline) -> TestRun:
    """The run with the tests that the user named by their ids, and that were not reached, run alone."""
    missing = [test.node_id for test in run.collected if test.node_id not in run.results]
    named = frozenset(key for key in missing if chosen.names(key) and key.file not in chosen.targets)
    if run.complete or not named:
        return run
    alone = run_cold(prepared.place, ColdRequest.of(named), deadline.within(deadline.remaining * _BASELINE_SHARE)).run
    return replace(run, results={**run.results, **alone.results}, seconds=run.seconds + alone.seconds)


def _with_slow_tests(prepared: Prepared, run: TestRun, patience: float, deadline: Deadline) -> TestRun:
    """Tests that were stopped as hanging get more time: the first one alone, and the others when that one was just slow."""
    stopped = [
        result.node_id for result in run.failing if result.failure and result.failure.error_type == "TestTimeout"
    ]
    for tests in (stopped[:1], stopped[1:]):
        if not tests:
            break
        request = ColdRequest.of(tests, test_seconds=patience)
        again = run_cold(prepared.place, request, deadline.within(deadline.remaining * _BASELINE_SHARE)).run
        ended = {
            key: result
            for key, result in again.results.items()
            if key in tests and not (result.failure and result.failure.error_type == "TestTimeout")
        }
        if not ended:
            break
        run = replace(run, results={**run.results, **ended}, seconds=run.seconds + again.seconds)
    return run


def _incomplete(run: TestRun) -> str:
    return (
        f"the baseline did not finish within its share of the time limit: {len(run.results)} of {len(run.collected)} "
        "tests ran; raise --time-limit, or choose tests with --test or --last-failed"
    )

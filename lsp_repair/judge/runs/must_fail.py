"""What must fail and did not: canaries, mutated assertions, comparisons with a value that equals nothing."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import Failure, Inner, NodeId, TestRun, Trial
from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.judge.proof_context import LayerResult, flagged, refused, unknown
from lsp_repair.pycode.differences import changed_blocks
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import first_line
from lsp_repair.testrun.probe.run_records import MustFailRequest

_CANARIES = 4


def must_fail(patch: Patch, targets: tuple[NodeId, ...]) -> MustFailRequest:
    """What a run is to try after its tests."""
    spans = {each.path: _spans(each) for each in patch.changes if each.after is not None}
    return MustFailRequest(targets, {path: found for path, found in spans.items() if found})


def _spans(change: FileChange) -> tuple[tuple[int, int], ...]:
    """First and last line of each stretch that the patch wrote."""
    old, new = (
        [line.decode("latin-1") for line in (data or b"").splitlines()] for data in (change.before, change.after)
    )
    changed = (block for _, block in changed_blocks(old, new) if block.stop > block.start)
    lines = tuple((block.start + 1, block.stop) for block in changed)
    return (*lines, *_definitions(change)) if lines else ()


def _definitions(change: FileChange) -> Iterator[tuple[int, int]]:
    """All lines of classes and functions that the file did not have, also those that equal lines of others."""
    before, after = read_module(change.before), read_module(change.after)
    if after is None or (change.before is not None and before is None):
        return
    known: set[str] = set() if before is None else {before.scopes.qualified(each) for each in before.scopes.nodes}
    for node in after.scopes.nodes:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and after.scopes.qualified(node) not in known:
            yield first_line(node), node.end_lineno or node.lineno


def all_failed(run: TestRun, baseline: TestRun) -> LayerResult:
    """Judge the trials of a run that was asked for them."""
    trials = run.oversight.trials
    canaries = [each for each in trials if each.what == "canary"]
    if any(each.outcome == "passed" for each in canaries):
        return refused(Reason.MUST_FAIL_PASSED, "a test that always fails is reported as passed")
    if any(each.outcome == "skipped" or each.inner is Inner.RETURNED for each in canaries):
        return refused(Reason.TAMPERING, "a test that always fails did not fail")
    no_canaries = any(each.what == "none" and each.detail == "canaries" for each in trials)
    if len(canaries) != _CANARIES and not no_canaries:
        return unknown(Reason.GARBLED_CHANNEL, "the tests that must fail were not run")
    refusal = next(_refusals(trials, baseline), None)
    return refusal or replace(_unnoticed(trials, baseline), not_applicable=tuple(_missing(trials, baseline)))


def _unnoticed(trials: Iterable[Trial], baseline: TestRun) -> LayerResult:
    """A finding for the assertion that failed before: it is no longer evaluated, or its failure goes unnoticed."""
    for each in trials:
        if each.what not in {"negated", "negated-within"} or each.line not in _failing_lines(each.node_id, baseline):
            continue
        test = NodeId(each.node_id)
        if not each.reached:
            message = f"the assertion of {test} that failed before is no longer evaluated"
            return flagged(Flag.WEAKENED_CHECK, test.file, each.line, message)
        if each.what == "negated-within" and each.outcome != "failed":
            message = f"the assertion of {test} that failed before could now fail unnoticed"
            return flagged(Flag.SWALLOWED_ERROR, test.file, each.line, message)
    return LayerResult()


def _failing_lines(node_id: str, baseline: TestRun) -> set[int]:
    """Lines of the test's file on the way to its failure."""
    failure = baseline.failure_of(node_id)
    return (
        {frame.line for frame in failure.frames if frame.path == NodeId(node_id).file} if failure is not None else set()
    )


def _refusals(trials: Iterable[Trial], baseline: TestRun) -> Iterator[LayerResult]:
    for each in trials:
        if each.equals_all:
            kinds = ", ".join(each.equals_all)
            yield refused(
                Reason.MUST_FAIL_PASSED, f"{each.node_id} compares values that make it pass whatever they are: {kinds}"
            )
        elif each.what == "rebound":
            yield refused(Reason.TAMPERING, f"{each.detail} in the file of {each.node_id} is not what the file defines")
        elif each.what in {"negated", "other-error"} and each.reached and each.outcome != "failed":
            yield _passing_mutant(each)
        elif each.what == "again" and each.outcome != "passed" and _is_the_old_failure(each, baseline):
            yield refused(
                Reason.UNSTABLE, f"{each.node_id} passes the first time and fails the second: {each.detail[:200]}"
            )


def _passing_mutant(trial: Trial) -> LayerResult:
    if trial.inner is Inner.RAISED:
        return refused(Reason.TAMPERING, f"{trial.node_id} is reported as passed although its function raised an error")
    what = "with its assertion negated" if trial.what == "negated" else "when another error is expected"
    return refused(Reason.MUST_FAIL_PASSED, f"{trial.node_id} passes {what} (line {trial.line})")


def _is_the_old_failure(trial: Trial, baseline: TestRun) -> bool:
    """A test that cannot run twice fails in another way than it did without the patch."""
    failure = baseline.failure_of(trial.node_id)
    return failure is not None and trial.detail == reported(failure)


def reported(failure: Failure) -> str:
    """A failure as trials report it."""
    return f"{failure.error_type}: {failure.message}"


def _missing(trials: Iterable[Trial], baseline: TestRun) -> Iterator[str]:
    """Layers that do not exist for any target, by name."""
    found = list(trials)
    if not any(each.what == "canary" for each in found):
        yield "canaries"
    if not any(each.what in {"negated", "negated-within", "other-error"} and each.reached for each in found):
        why = next((each.detail for each in found if each.what == "none" and each.node_id), "assertions")
        yield f"mutated targets ({why})"
    again = [each for each in found if each.what == "again"]
    if not again or any(each.outcome != "passed" and not _is_the_old_failure(each, baseline) for each in again):
        yield "twice in one process"

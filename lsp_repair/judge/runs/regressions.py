"""Tests that passed before and fail with a patch are run again before the patch is refused: not every failure is its fault."""

from collections import Counter
from dataclasses import replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.judge.proof_context import LayerResult, ProofContext, Scope
from lsp_repair.judge.runs.patched_runs import request_of, run_patched, targets_scope
from lsp_repair.judge.runs.run_outcomes import expected, first_failing_target, lost_ids, regressions
from lsp_repair.testrun.cold import ColdRequest, run_cold

_Seen = tuple[TestRun, Scope, ColdRequest]
"""A run, and what it was a run of."""
_MAX_TESTS = 20
"""So many failures are no accident."""
_RENAMED = "{} tests ({}) have other ids in each run, with and without this patch: by name they cannot be compared"
_FLAKY = "{} of the tests that passed before ({}) fail in some runs, whether this patch is there or not"


def excusing(
    context: ProofContext,
    patch: Patch,
    targets: tuple[NodeId, ...],
    seen: _Seen,
    deadline: Deadline,
) -> ProofContext:
    """The context in which what a run lost decides nothing where the patch has no part in it."""
    if not seen[0].complete or seen[0].oversight.garbled:
        return context
    return _without_unrepeated(_without_renamed(context, targets, seen, deadline), patch, targets, seen, deadline)


def _without_renamed(
    context: ProofContext, targets: tuple[NodeId, ...], seen: _Seen, deadline: Deadline
) -> ProofContext:
    """The context in which ids that are others in each run are known: the unpatched code does not give them again either.

    As many tests of each function pass with the patch as passed before, under whatever ids.
    """
    run, scope, _ = seen
    lost = lost_ids(context, scope, run) - set(targets)
    new = {test.node_id for test in run.collected} - {test.node_id for test in context.baseline.collected}
    passed_before = Counter(key.function for key in lost if context.baseline.has_passed(key))
    pass_now = Counter(key.function for key in new if run.has_passed(key))
    if not lost or (scope.only is None and not passed_before <= pass_now):
        return context
    again = run_cold(context.place, request_of(targets_scope(sorted(lost)), context.baseline, reverse=False), deadline)
    if not again.run.complete or lost & {test.node_id for test in again.run.collected}:
        return context
    return replace(context, renamed=context.renamed | lost)


def _without_unrepeated(
    context: ProofContext,
    patch: Patch,
    targets: tuple[NodeId, ...],
    seen: _Seen,
    deadline: Deadline,
) -> ProofContext:
    """The context in which regressions that do not repeat count as flaky.

    What fails alone with the patch and passes alone without it is broken by the patch. Everything else is excused if it
    passes with the patch in a second run of the same tests in the same order, or fails without the patch in such a run.
    """
    run, scope, request = seen
    if first_failing_target(targets, run) is not None:
        return context
    broken = regressions(expected(context, scope) - set(targets), run)
    if not broken or len(broken) > _MAX_TESTS or not broken.issubset(run.results):
        return context
    alone = request_of(targets_scope(sorted(broken)), context.baseline, reverse=False)
    failing = broken - run_patched(context, patch, alone, deadline).run.passed
    if failing and failing & run_cold(context.place, alone, deadline).run.passed:
        return context
    failing = broken - run_patched(context, patch, request, deadline).run.passed
    if failing and failing & run_cold(context.place, request, deadline).run.passed:
        return context
    return replace(context, flaky=context.flaky | broken)


def notes_on_excused(before: ProofContext, after: ProofContext) -> LayerResult:
    """What is said of the tests that turned out during the proof to decide nothing."""
    found = ((after.flaky - before.flaky, _FLAKY), (after.renamed - before.renamed, _RENAMED))
    return LayerResult(notes=tuple(note.format(len(tests), min(tests)) for tests, note in found if tests))

"""Tests that passed before and fail with a patch are run again before the patch is refused: not every failure is its fault."""

from dataclasses import replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.judge.proof_context import LayerResult, ProofContext, Scope
from lsp_repair.judge.runs.patched_runs import request_of, run_patched, targets_scope
from lsp_repair.judge.runs.run_outcomes import expected, first_failing_target, regressions
from lsp_repair.testrun.cold import ColdRequest, run_cold

_MAX_TESTS = 20
"""So many failures are no accident."""
_NOTE = "{} of the tests that passed before ({}) failed in one run with this patch and passed in the next"


def without_unrepeated(
    context: ProofContext,
    patch: Patch,
    targets: tuple[NodeId, ...],
    seen: tuple[TestRun, Scope, ColdRequest],
    deadline: Deadline,
) -> ProofContext:
    """The context in which regressions that do not repeat count as flaky.

    What fails alone with the patch and passes alone without it is broken by the patch. Everything else is excused if it
    passes with the patch in a second run of the same tests in the same order.
    """
    run, scope, request = seen
    if not run.complete or run.oversight.garbled or first_failing_target(targets, run) is not None:
        return context
    broken = regressions(expected(context, scope) - set(targets), run)
    if not broken or len(broken) > _MAX_TESTS or not broken.issubset(run.results):
        return context
    alone = request_of(targets_scope(sorted(broken)), context.baseline, reverse=False)
    failing = broken - run_patched(context, patch, alone, deadline).run.passed
    if failing and failing & run_cold(context.place, alone, deadline).run.passed:
        return context
    if broken - run_patched(context, patch, request, deadline).run.passed:
        return context
    return replace(context, flaky=context.flaky | broken)


def notes_on_flaky(before: ProofContext, after: ProofContext) -> LayerResult:
    """What is said of the tests that turned out to be flaky during the proof."""
    found = after.flaky - before.flaky
    return LayerResult(notes=(_NOTE.format(len(found), min(found)),) if found else ())

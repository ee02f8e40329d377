"""Whether targets pass in any order, alone, and with other hash seeds; what tests do without the patch as well is excused."""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Plausible, Reason, Rejected, Unproven
from lsp_repair.judge.proof_context import LayerResult, ProofContext, Scope, refused, unknown
from lsp_repair.judge.runs.must_fail import reported
from lsp_repair.judge.runs.patched_runs import PatchedRun, request_of, run_patched, targets_scope
from lsp_repair.judge.runs.regressions import excusing, notes_on_excused
from lsp_repair.judge.runs.run_integrity import check_integrity
from lsp_repair.judge.runs.run_outcomes import expected, first_failing_target, judged, regressions
from lsp_repair.testrun.cold import ColdRequest, run_cold

_ALONE_SEEDS = ("3", str(4 + secrets.randbelow(1 << 31)))
"""Of the runs alone, one of them unpredictable; the runs of the whole scope use others."""
_ORDER_NOTE = "some tests depend on the order they run in, with and without this patch"
_ALONE_NOTE = "{} needs other tests before it, with and without this patch"


def alone(context: ProofContext, patch: Patch, targets: Sequence[NodeId], deadline: Deadline) -> LayerResult:
    """Two of the targets, each in a process of its own with another hash seed; the only one twice."""
    chosen = _differing(targets)
    seconds = max((each.seconds for each in context.baseline.results.values() if each.node_id in chosen), default=0.0)
    if deadline.remaining < 5 * seconds + 5:
        return LayerResult(not_applicable=("alone (time)",))
    with ThreadPoolExecutor(len(_ALONE_SEEDS), thread_name_prefix="alone") as pool:
        found = [
            pool.submit(_one_alone, context, patch, key, seed, deadline)
            for key, seed in zip(chosen, _ALONE_SEEDS, strict=False)
        ]
        results = [each.result() for each in found]
    return next((each for each in results if each.refusal is not None), None) or LayerResult(
        notes=tuple(dict.fromkeys(note for each in results for note in each.notes))
    )


def _differing(targets: Sequence[NodeId]) -> list[NodeId]:
    """Targets of different functions, or at least parameters: the last one and another."""
    tests = [key for key in targets if not key.is_file] or list(targets)
    others = [key for key in tests[:-1] if key.function != tests[-1].function] or tests[:-1]
    return [*(others or tests)[:1], tests[-1]]


def _one_alone(context: ProofContext, patch: Patch, target: NodeId, seed: str, deadline: Deadline) -> LayerResult:
    request = replace(request_of(targets_scope([target]), context.baseline, reverse=False), hash_seed=seed)
    run = run_patched(context, patch, request, deadline).run
    if not run.complete:
        return unknown(Reason.INCOMPLETE_RUN, f"the run of {target} alone did not finish")
    failing = first_failing_target((target,), run)
    if failing is None:
        return LayerResult()
    if _is_the_tests_own(context, target, run, request, deadline):
        return LayerResult(notes=(_ALONE_NOTE.format(target),))
    return refused(Reason.UNSTABLE, f"alone: {failing.detail}")


def in_other_order(
    context: ProofContext,
    patch: Patch,
    targets: tuple[NodeId, ...],
    reversed_run: tuple[PatchedRun, Scope],
    deadline: Deadline,
) -> LayerResult:
    """What the run in reversed order says; what it lost is compared with the same order on the unpatched code."""
    second, narrow = reversed_run
    request = request_of(narrow, context.baseline, reverse=True)
    fair = excusing(context, patch, targets, (second.run, narrow, request), deadline)
    match judged(fair, patch, targets, second.run, narrow):
        case Plausible():
            found = check_integrity(context, second, patch.paths)
            return replace(found, notes=(*found.notes, *notes_on_excused(context, fair).notes))
        case Unproven() as again:
            return LayerResult(again)
        case Rejected() as again:
            return _lost_in_other_order(fair, again, targets, (second.run, narrow), deadline)


def _lost_in_other_order(
    context: ProofContext,
    rejected: Rejected,
    targets: tuple[NodeId, ...],
    seen: tuple[TestRun, Scope],
    deadline: Deadline,
) -> LayerResult:
    run, narrow = seen
    request = request_of(narrow, context.baseline, reverse=True)
    if rejected.reasons == (Reason.REGRESSION,):
        lost = regressions(expected(context, narrow) - set(targets), run)
        before = run_cold(context.place, request, deadline).run
        if lost <= {result.node_id for result in before.failing}:
            return LayerResult(notes=(_ORDER_NOTE,))
    elif rejected.reasons == (Reason.TARGET_STILL_FAILS,):
        failing = [key for key in targets if run.failure_of(key) is not None]
        if failing and all(_is_the_tests_own(context, key, run, request, deadline) for key in failing):
            return LayerResult(notes=(_ORDER_NOTE,))
    return LayerResult(Rejected((Reason.UNSTABLE, *rejected.reasons), f"in another order: {rejected.detail}"))


def _is_the_tests_own(
    context: ProofContext, target: NodeId, run: TestRun, request: ColdRequest, deadline: Deadline
) -> bool:
    """Whether the unpatched code fails in the same way here, and in another way among all tests.

    A patch that falls back to what the code did before fails as the baseline did.
    """
    failed, before = run.failure_of(target), context.baseline.failure_of(target)
    if failed is None or before is None or reported(failed) == reported(before):
        return False
    unpatched = run_cold(context.place, request, deadline).run.failure_of(target)
    return unpatched is not None and reported(unpatched) == reported(failed)

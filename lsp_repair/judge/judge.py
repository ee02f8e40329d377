"""The proof: what the user sees rests on complete runs of the patched code in fresh processes on a private copy."""

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Plausible, Rejected, Verdict
from lsp_repair.judge.policy.policy import edited_tests, screen_policy
from lsp_repair.judge.proof_context import ProofContext, Scope, combined
from lsp_repair.judge.replay.replays import replayed
from lsp_repair.judge.rules.reading import read_patch
from lsp_repair.judge.runs.must_fail import all_failed
from lsp_repair.judge.runs.patched_runs import patched, request_of, run_patched, run_twice, targets_scope
from lsp_repair.judge.runs.regressions import excusing, notes_on_excused
from lsp_repair.judge.runs.run_integrity import check_integrity, nothing_reached, repeated_excess
from lsp_repair.judge.runs.run_outcomes import first_failing_target, judged
from lsp_repair.judge.runs.stability import alone, in_other_order

__all__ = [
    "ProofContext",
    "Scope",
    "first_failing_target",
    "patched",
    "prove",
    "run_targets",
    "targets_pass",
    "targets_scope",
]


def prove(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> Verdict:
    """Judge a patch: policy, a run of the wide scope and one of the narrow scope in reversed order, then the layers.

    `targets` fail in the baseline; each of them has to pass, and nothing of the scope that passed before may fail.
    """
    refused = _screened(context, patch)
    if refused is not None:
        return refused
    wide, narrow = scopes
    first, second = run_twice(context, patch, targets, scopes, deadline)
    reached = nothing_reached(context, patch, [each for each in (first, second) if each is not None], wide, deadline)
    if reached.refusal is not None:
        return reached.refusal
    request = request_of(wide, context.baseline, reverse=False)
    fair = excusing(context, patch, targets, (first.run, wide, request), deadline)
    verdict = judged(fair, patch, targets, first.run, wide)
    if not isinstance(verdict, Plausible) or second is None:
        return verdict
    results = [
        notes_on_excused(context, fair),
        check_integrity(context, first, patch.paths),
        all_failed(first.run, context.baseline),
        repeated_excess(context, patch, first.run, deadline),
        in_other_order(fair, patch, targets, (second, narrow), deadline),
        read_patch(context, patch, targets, edited_tests(patch, context.baseline.oracle_paths, context.rules)),
    ]
    for expensive in (alone, replayed):  # processes of their own, the cheaper layer first
        if not any(result.refusal for result in results):
            results.append(expensive(context, patch, targets, deadline))
    return combined(verdict, results)


def targets_pass(context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> bool:
    """Whether a candidate makes the targets pass in a fresh process: the most expensive screening, and no proof."""
    run = run_targets(context, patch, targets, deadline)
    return isinstance(run, TestRun) and run.complete and first_failing_target(targets, run) is None


def run_targets(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline
) -> TestRun | Rejected:
    """One run of the targets on the patched code, to learn from a candidate that fails; no proof."""
    refused = _screened(context, patch)
    if refused is not None:
        return refused
    request = request_of(targets_scope(targets), context.baseline, reverse=False)
    return run_patched(context, patch, request, deadline).run


def _screened(context: ProofContext, patch: Patch) -> Rejected | None:
    doctests = frozenset(test.path for test in context.baseline.collected if test.is_doctest)
    return screen_policy(patch, context.baseline.oracle_paths, doctests, context.rules)

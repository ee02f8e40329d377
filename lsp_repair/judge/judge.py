"""The proof: what the user is told rests on complete runs of the patched code in fresh processes on a private copy."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Plausible, Rejected, Unproven, Verdict
from lsp_repair.judge.findings import Finding, combined
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.proof_context import (
    PatchedRun,
    ProofContext,
    Scope,
    patched,
    request_of,
    run_patched,
    targets_scope,
)
from lsp_repair.judge.replay.replays import replayed
from lsp_repair.judge.rules.reading import read_beside_tests
from lsp_repair.judge.runs.must_fail import all_failed, must_fail
from lsp_repair.judge.runs.output_volume import excess_output
from lsp_repair.judge.runs.reached_internals import nothing_reached, watched_names
from lsp_repair.judge.runs.run_integrity import check_integrity
from lsp_repair.judge.runs.run_outcomes import first_failing_target, judged
from lsp_repair.judge.runs.stability import alone, other_order

__all__ = ["ProofContext", "Scope", "first_failing_target", "patched", "prove", "run_targets", "targets_pass"]


def prove(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> Verdict:
    """Judge a patch: policy, a run of the wide scope and one of the narrow scope in reversed order, then the layers.

    `targets` are red in the baseline; every one has to pass, and nothing of the scope that passed before may fail.
    """
    refused = screen_policy(patch, context.baseline.oracle_paths, _doctest_paths(context.baseline), context.rules)
    if refused is not None:
        return refused
    wide, narrow = scopes
    first, second = _both_runs(context, patch, targets, scopes, deadline)
    reached = nothing_reached(context, patch, [each for each in (first, second) if each is not None], wide, deadline)
    if reached.refusal is not None:
        return reached.refusal
    verdict = judged(context, patch, targets, first.run, wide)
    if not isinstance(verdict, Plausible) or second is None:
        return verdict
    findings = [
        *read_beside_tests(context, patch, targets),
        check_integrity(context, first, patch.paths),
        all_failed(first.run, context.baseline),
        excess_output(first.run, context.baseline),
    ]
    match judged(context, patch, targets, second.run, narrow):
        case Plausible():
            findings.append(check_integrity(context, second, patch.paths))
        case Rejected() as again:
            findings.append(other_order(context, again, second.run, narrow, deadline))
        case Unproven() as again:
            return again
    for layer in _costly_layers(context, patch, targets, deadline):
        if any(finding.refusal is not None for finding in findings):
            break
        findings.append(layer())
    return combined(verdict, findings)


def _costly_layers(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline
) -> Iterator[Callable[[], Finding]]:
    """What needs processes of its own, cheapest first; none runs for a patch that an earlier one refused."""
    yield lambda: alone(context, patch, targets, deadline)
    yield lambda: replayed(context, patch, targets, deadline)


def targets_pass(context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> bool:
    """Whether a candidate makes the targets pass in a fresh process: the dearest tier of screening, and no proof."""
    run = run_targets(context, patch, targets, deadline)
    return isinstance(run, TestRun) and run.complete and first_failing_target(targets, run) is None


def run_targets(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline
) -> TestRun | Rejected:
    """One run of the targets on the patched code, for what it tells of a candidate that fails; no proof."""
    refused = screen_policy(patch, context.baseline.oracle_paths, _doctest_paths(context.baseline), context.rules)
    if refused is not None:
        return refused
    request = request_of(targets_scope(targets), context.baseline, reverse=False)
    return run_patched(context, patch, request, deadline).run


def _both_runs(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> tuple[PatchedRun, PatchedRun | None]:
    """The wide run and, beside it on a copy of its own, the narrow one, which a wide run cut short makes pointless."""
    wide, narrow = scopes
    beside = deadline.cancellable()
    baseline, watched = context.baseline, watched_names(patch, context.baseline)
    with ThreadPoolExecutor(1, thread_name_prefix="proof") as pool:
        again = request_of(narrow, baseline, reverse=True, watched=watched)
        second = pool.submit(run_patched, context, patch, again, beside)
        try:
            tried = must_fail(patch, targets)
            request = request_of(wide, baseline, reverse=False, must_fail=tried, watched=watched)
            first = run_patched(context, patch, request, deadline)
        except BaseException:
            beside.cancel()
            raise
        if not first.run.complete:
            beside.cancel()
    return first, second.result() if first.run.complete else None


def _doctest_paths(baseline: TestRun) -> frozenset[str]:
    return frozenset(test.path for test in baseline.collected if test.is_doctest)

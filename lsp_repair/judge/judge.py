"""The proof: what the user is told rests on complete runs of the patched code in fresh processes on a private copy."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Plausible, Rejected, Unproven, Verdict
from lsp_repair.judge.findings import Finding, combined
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.proof_context import Ground, PatchedRun, Scope, patched, request_of, run_patched, targets_scope
from lsp_repair.judge.replay.replays import replayed
from lsp_repair.judge.rules.reading import read_beside_tests
from lsp_repair.judge.runs.must_fail import all_failed, must_fail
from lsp_repair.judge.runs.output_volume import flooding
from lsp_repair.judge.runs.reached_internals import nothing_reached, watched_names
from lsp_repair.judge.runs.run_integrity import believed
from lsp_repair.judge.runs.run_outcomes import first_red_target, judged
from lsp_repair.judge.runs.stability import alone, other_order

__all__ = ["Ground", "Scope", "first_red_target", "patched", "prove", "run_targets", "targets_pass"]


def prove(
    ground: Ground, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> Verdict:
    """Judge a patch: policy, a run of the wide scope and one of the narrow scope in reversed order, then the layers.

    `targets` are red in the baseline; every one has to pass, and nothing of the scope that passed before may fail.
    """
    refused = screen_policy(patch, ground.baseline.oracle_paths, _doctest_paths(ground.baseline), ground.rules)
    if refused is not None:
        return refused
    wide, narrow = scopes
    first, second = _both_runs(ground, patch, targets, scopes, deadline)
    reached = nothing_reached(ground, patch, [each for each in (first, second) if each is not None], wide, deadline)
    if reached.refusal is not None:
        return reached.refusal
    verdict = judged(ground, patch, targets, first.run, wide)
    if not isinstance(verdict, Plausible) or second is None:
        return verdict
    findings = [
        *read_beside_tests(ground, patch, targets),
        believed(ground, first, patch.paths),
        all_failed(first.run, ground.baseline),
        flooding(first.run, ground.baseline),
    ]
    match judged(ground, patch, targets, second.run, narrow):
        case Plausible():
            findings.append(believed(ground, second, patch.paths))
        case Rejected() as again:
            findings.append(other_order(ground, again, second.run, narrow, deadline))
        case Unproven() as again:
            return again
    for layer in _costly_layers(ground, patch, targets, deadline):
        if any(finding.refusal is not None for finding in findings):
            break
        findings.append(layer())
    return combined(verdict, findings)


def _costly_layers(
    ground: Ground, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline
) -> Iterator[Callable[[], Finding]]:
    """What needs processes of its own, cheapest first; none runs for a patch that an earlier one refused."""
    yield lambda: alone(ground, patch, targets, deadline)
    yield lambda: replayed(ground, patch, targets, deadline)


def targets_pass(ground: Ground, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> bool:
    """Whether a candidate makes the targets pass in a fresh process: the dearest tier of screening, and no proof."""
    run = run_targets(ground, patch, targets, deadline)
    return isinstance(run, TestRun) and run.complete and first_red_target(targets, run) is None


def run_targets(ground: Ground, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> TestRun | Rejected:
    """One run of the targets on the patched code, for what it tells of a candidate that fails; no proof."""
    refused = screen_policy(patch, ground.baseline.oracle_paths, _doctest_paths(ground.baseline), ground.rules)
    if refused is not None:
        return refused
    request = request_of(targets_scope(targets), ground.baseline, reverse=False)
    return run_patched(ground, patch, request, deadline).run


def _both_runs(
    ground: Ground, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> tuple[PatchedRun, PatchedRun | None]:
    """The wide run and, beside it on a copy of its own, the narrow one, which a wide run cut short makes pointless."""
    wide, narrow = scopes
    beside = deadline.cancellable()
    baseline, watched = ground.baseline, watched_names(patch, ground.baseline)
    with ThreadPoolExecutor(1, thread_name_prefix="proof") as pool:
        again = request_of(narrow, baseline, reverse=True, watched=watched)
        second = pool.submit(run_patched, ground, patch, again, beside)
        try:
            tried = must_fail(patch, targets)
            request = request_of(wide, baseline, reverse=False, must_fail=tried, watched=watched)
            first = run_patched(ground, patch, request, deadline)
        except BaseException:
            beside.cancel()
            raise
        if not first.run.complete:
            beside.cancel()
    return first, second.result() if first.run.complete else None


def _doctest_paths(baseline: TestRun) -> frozenset[str]:
    return frozenset(test.path for test in baseline.collected if test.is_doctest)

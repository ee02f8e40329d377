"""Whether a run can be trusted: its records, what the patched code reached for, and how much the tests printed."""

from collections.abc import Collection, Iterable, Iterator

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import Inner, NodeId, Observed, Outcome, TestRun
from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.judge.proof_context import LayerResult, ProofContext, Scope, flagged, refused, unknown
from lsp_repair.judge.runs.patched_runs import (
    PatchedRun,
    oracle_digests,
    request_of,
    run_patched,
    targets_scope,
    watched_names,
)

_FLOOD = 1_000_000
"""Characters of one test; nobody reads that much in a day."""
_TIMES = 10


def check_integrity(context: ProofContext, patched: PatchedRun, edited: Collection[str] = ()) -> LayerResult:
    """Compare what was reported with what was observed, and both with the same tests on the unpatched code.

    `edited`: paths that the patch itself changes; of tests among them only what it made of them can be compared.
    """
    return (
        _reported_in_order(context, patched)
        or _oracle_kept(context, patched, edited)
        or _witnesses_agree(context, patched, edited)
    )


def _reported_in_order(context: ProofContext, patched: PatchedRun) -> LayerResult | None:
    """Plugins that break the order do so with any code."""
    new = patched.run.oversight.irregular - context.baseline.oversight.irregular
    return unknown(Reason.GARBLED_CHANNEL, f"the records of the run are not in order: {min(new)}") if new else None


def _oracle_kept(context: ProofContext, patched: PatchedRun, edited: Collection[str]) -> LayerResult | None:
    """The files as the baseline imported them, as the copy held them, as they were imported, and as they are now."""
    known = context.baseline.oversight.digests
    for path, digest in sorted(patched.before.items()):
        if path not in edited and known.get(path, digest) != digest:
            return unknown(Reason.TAMPERING, f"{path} was changed by an earlier run of the tests")
        if patched.run.oversight.digests.get(path, digest) != digest:
            return refused(Reason.TAMPERING, f"{path} was changed before it was imported")
    left = [path for path, digest in sorted(patched.before.items()) if patched.after.get(path) != digest]
    left = [path for path in left if path not in edited]
    if left and oracle_digests(context.snapshot.root, left) == {path: patched.before[path] for path in left}:
        return refused(Reason.TAMPERING, f"{left[0]} was changed while the tests ran")
    return None


def _witnesses_agree(context: ProofContext, patched: PatchedRun, edited: Collection[str]) -> LayerResult:
    for key, observed in _passed(patched):
        before = context.baseline.oversight.observed.get(key)
        ended = _disagreement(observed)
        had_passed = context.baseline.has_passed(key)
        if ended and not (had_passed and before is not None and _disagreement(before) == ended):
            return refused(Reason.TAMPERING, f"{key} is reported as passed, but {ended}")
        is_edited = key.file in edited
        if before is not None and before.code and observed.code != before.code and not is_edited:
            return refused(Reason.TAMPERING, f"{key} is not the code in its file")
    return LayerResult()


def _passed(patched: PatchedRun) -> Iterator[tuple[NodeId, Observed]]:
    for key, result in patched.run.results.items():
        observed = patched.run.oversight.observed.get(key)
        if result.outcome is Outcome.PASSED and observed is not None:
            yield key, observed


def _disagreement(observed: Observed) -> str:
    match observed.inner:
        case Inner.RAISED:
            return "its function raised an error"
        case Inner.SKIPPED:
            return "its function was skipped"
        case Inner.NEVER:
            return "its function never returned"
        case _:
            return "an error was reported to pytest" if observed.error_reported else ""


def repeated_excess(context: ProofContext, patch: Patch, run: TestRun, deadline: Deadline) -> LayerResult:
    """`excess_output` of a run, where the tests print as much by themselves: what a test of speed prints differs each time."""
    floods = _floods(run, context.baseline)
    if not floods:
        return LayerResult()
    request = request_of(targets_scope(sorted(floods)), context.baseline, reverse=False)
    alone = run_patched(context, patch, request, deadline).run
    return excess_output(alone if alone.complete else run, context.baseline)


def _floods(run: TestRun, baseline: TestRun) -> dict[NodeId, int]:
    before = {key: result.printed for key, result in baseline.results.items()}
    return {
        key: result.printed
        for key, result in run.results.items()
        if result.printed > _FLOOD and result.printed > _TIMES * before.get(key, 0)
    }


def excess_output(run: TestRun, baseline: TestRun) -> LayerResult:
    """A finding for the test that prints most, where the unpatched code prints far less."""
    floods = _floods(run, baseline)
    if not floods:
        return LayerResult()
    key = max(floods, key=lambda each: floods[each])
    line = next((test.line for test in run.collected if test.node_id == key), 1)
    message = f"{key} now prints {floods[key] / 1e6:,.0f} million characters"
    return flagged(Flag.NEW_CAPABILITY, key.file, max(line, 1), message)


def nothing_reached(
    context: ProofContext, patch: Patch, runs: Iterable[PatchedRun], scope: Scope, deadline: Deadline
) -> LayerResult:
    """Whether the patched code reached for more than the unpatched code does in a run of its own."""
    found = frozenset[tuple[str, str]]().union(*(each.run.oversight.reached for each in runs))
    if not found:
        return LayerResult()
    watched = watched_names(patch, context.baseline)
    request = request_of(scope, context.baseline, reverse=False, watched=watched)
    before = run_patched(context, Patch(()), request, deadline).run
    news = sorted(found - before.oversight.reached)
    if not news:
        return LayerResult()
    path, name = news[-1]
    detail = f"{path or 'the patched code'} reached for {name} while tests ran"
    return refused(Reason.TAMPERING, detail) if before.complete else unknown(Reason.TAMPERING, detail)

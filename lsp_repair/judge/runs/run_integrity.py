"""Whether the outcomes of a run can be trusted: untrusted code shares a process with the reporter."""

from collections.abc import Collection, Iterator

from lsp_repair.domain.oversight import Inner, Observed
from lsp_repair.domain.runs import NodeId, Outcome
from lsp_repair.domain.verdicts import Reason
from lsp_repair.judge.layer_results import LayerResult, refused, unknown
from lsp_repair.judge.proof_context import ProofContext
from lsp_repair.judge.runs.patched_runs import PatchedRun, oracle_digests


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
        had_passed = key in context.baseline.passed
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

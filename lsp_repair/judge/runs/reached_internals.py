"""What patched files reach for while tests run, however they spell it: frames, code, all objects."""

from collections.abc import Iterable

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.verdicts import Reason
from lsp_repair.judge.layer_results import LayerResult, refused, unknown
from lsp_repair.judge.proof_context import ProofContext, Scope
from lsp_repair.judge.runs.patched_runs import PatchedRun, request_of, run_patched, watched_names


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

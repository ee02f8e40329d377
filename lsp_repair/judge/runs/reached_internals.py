"""What patched files reach for while tests run, however they spell it: frames, code, all objects."""

from collections.abc import Iterable, Mapping

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import TestRun
from lsp_repair.domain.verdicts import Reason
from lsp_repair.judge.findings import Finding, refused, unknown
from lsp_repair.judge.proof_context import PatchedRun, ProofContext, Scope, request_of, run_patched
from lsp_repair.testrun.probe.session.guarding import NAMES


def watched_names(patch: Patch, baseline: TestRun) -> Mapping[str, tuple[str, ...]]:
    """The sources to watch, each with the names that stood in it before: what is used already is no news."""
    return {
        change.path: tuple(sorted(name for name in NAMES if name.encode() in (change.before or b"")))
        for change in patch.changes
        if change.after is not None and change.path.endswith(".py") and change.path not in baseline.oracle_paths
    }


def nothing_reached(
    context: ProofContext, patch: Patch, runs: Iterable[PatchedRun], scope: Scope, deadline: Deadline
) -> Finding:
    """Only what the unpatched code does not reach for in a run of its own counts; without a find there is no such run."""
    found = frozenset[tuple[str, str]]().union(*(each.run.oversight.reached for each in runs))
    if not found:
        return Finding()
    watched = watched_names(patch, context.baseline)
    request = request_of(scope, context.baseline, reverse=False, watched=watched)
    before = run_patched(context, Patch(()), request, deadline).run
    news = sorted(found - before.oversight.reached)
    if not news:
        return Finding()
    path, name = news[-1]
    detail = f"{path or 'the patched code'} reached for {name} while tests ran"
    return refused(Reason.TAMPERING, detail) if before.complete else unknown(Reason.TAMPERING, detail)

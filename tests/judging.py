"""A small project with its baseline taken, and what the judge says of patches to it."""

import os
import sys
from pathlib import Path
from textwrap import dedent

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Level, Plausible, Rejected, Unproven, Verdict
from lsp_repair.judge.judge import ProofContext, Scope, prove
from lsp_repair.judge.proof_context import combined
from lsp_repair.judge.runs.must_fail import all_failed, must_fail
from lsp_repair.judge.runs.patched_runs import PatchedRun, request_of, run_patched
from lsp_repair.judge.runs.run_integrity import check_integrity
from lsp_repair.judge.runs.run_outcomes import judged
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import take_snapshot
from lsp_repair.testrun.snapshot_rules import SnapshotRules

FULL = Scope(Level.FULL, (), None)


class Judge:
    """A project with its baseline taken."""

    def __init__(self, folder: Path, files: dict[str, str], python: str = sys.executable) -> None:
        root = folder / "project"
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(dedent(text).lstrip())
        (folder / "private").mkdir()
        self.root = root
        snapshot = take_snapshot(root, folder / "private" / "project", {}, SnapshotRules())
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        environ = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        place = Place(snapshot.root, Path(python), environ, (str(snapshot.root),))
        baseline = run_cold(place, ColdRequest(), Deadline.after(60)).run
        self.context = ProofContext(snapshot, place, baseline, folder / "private")

    @property
    def failing(self) -> tuple[NodeId, ...]:
        """What fails before any patch."""
        return tuple(result.node_id for result in self.context.baseline.failing)

    def patch(self, path: str, old: str, new: str) -> Patch:
        """One replacement in one file."""
        before = (self.root / path).read_text()
        assert old in before
        return Patch((FileChange(path, before.encode(), before.replace(old, new, 1).encode()),))

    def rewrite(self, path: str, text: str) -> Patch:
        """Another text of one file."""
        return Patch((FileChange(path, (self.root / path).read_bytes(), dedent(text).lstrip().encode()),))

    def verdict(self, patch: Patch, targets: tuple[str, ...] = (), narrow: Scope = FULL) -> Verdict:
        """What the proof says with the whole suite as its wide scope, of all that is red where no target is named."""
        ids = tuple(map(NodeId, targets)) or self.failing
        return prove(self.context, patch, ids, (FULL, narrow), Deadline.after(60))

    def run(self, patch: Patch, targets: tuple[NodeId, ...] | None = None) -> PatchedRun:
        """One run with all trials, whatever the policy says of the patch."""
        requested = must_fail(patch, self.failing if targets is None else targets)
        request = request_of(FULL, self.context.baseline, reverse=False, must_fail=requested)
        return run_patched(self.context, patch, request, Deadline.after(60))

    def unpoliced(self, patch: Patch) -> Verdict:
        """What one run says, whatever the policy says of the patch: what holds if an attack gets past it."""
        found = self.run(patch)
        verdict = judged(self.context, patch, self.failing, found.run, FULL)
        return combined(verdict, [check_integrity(self.context, found), all_failed(found.run, self.context.baseline)])


def reason(verdict: Verdict) -> str:
    """The first reason of a refusal."""
    assert isinstance(verdict, Rejected | Unproven), verdict
    return str(verdict.reasons[0])


def is_clean(verdict: Verdict) -> bool:
    """Whether a patch is offered without a word against it."""
    return isinstance(verdict, Plausible) and not verdict.evidence.flags and not verdict.evidence.notes

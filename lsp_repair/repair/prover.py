"""The proofs of one session: what a patch is judged on, and how much of the suite each proof runs."""

import time
from dataclasses import dataclass, field, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer, PatchJudged, Progressed
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Level, Verdict
from lsp_repair.judge.judge import ProofContext, Scope, prove
from lsp_repair.repair.case import Case
from lsp_repair.repair.proof_scopes import full_scope, narrow_scope, related_scope
from lsp_repair.repair.related_tests import RelatedTests, merged
from lsp_repair.repair.session import Session
from lsp_repair.repair.stages.baseline import Baseline


@dataclass(slots=True)
class Prover:
    """Proves patches on one ground and remembers that the broad run was spent."""

    context: ProofContext
    whole_suite: bool
    observe: Observer
    deadline: Deadline
    related: RelatedTests
    rejected: frozenset[str] = frozenset()
    """Patches that the user does not want to see again."""
    broad_runs: int = 0
    _looked_at: set[str] = field(default_factory=set[str])
    """Files that were run for the sake of a patch, tests or not."""

    @property
    def baseline(self) -> TestRun:
        """The baseline with the tests that were run since because they import what a patch changes."""
        return self.context.baseline

    def judged(self, case: Case, patch: Patch, title: str) -> Verdict:
        """One proof, told to the observer."""
        started = time.monotonic()
        targets = case.group.node_ids
        narrow = narrow_scope(targets, case.covering)
        wide = self._wide(patch, narrow)
        self.broad_runs += wide.level is Level.FULL
        verdict = prove(self.context, patch, targets, (wide, narrow), self.deadline)
        self.observe(PatchJudged(case.group, patch, title, verdict, time.monotonic() - started))
        return verdict

    def _wide(self, patch: Patch, narrow: Scope) -> Scope:
        """The whole suite where it is affordable, else what can be affected by the patch."""
        baseline = self.context.baseline
        full = full_scope(baseline, self.deadline, self.broad_runs) if self.whole_suite else None
        if full is not None:
            return full
        related = self.related.files([change.path for change in patch.changes])
        unknown = related - self._looked_at - {key.file for key in baseline.results}
        if unknown and not (self.whole_suite and baseline.complete):
            self.observe(Progressed("running the tests that import the changed code"))
            self._looked_at |= unknown
            baseline = merged(baseline, self.related.baseline_of(unknown, self.deadline))
            self.context = replace(self.context, baseline=baseline)
        return related_scope(baseline, narrow, related, self.deadline)


def prover_for(session: Session, baseline: Baseline, flaky: frozenset[NodeId]) -> Prover:
    """The prover of a session; flaky tests decide nothing."""
    prepared, request = session.prepared, session.request
    rules = prepared.rules(test_edits=request.allow_test_edits)
    context = ProofContext(
        prepared.snapshot, prepared.place, baseline.run, prepared.private, flaky, rules, prepared.isolation.words
    )
    related = RelatedTests(prepared.place, request.import_cache)
    return Prover(context, baseline.whole_suite, session.observe, session.deadline, related, request.rejected)

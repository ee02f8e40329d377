"""The proofs of one session: what a patch is judged on, and how much of the suite each proof runs."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer, PatchJudged, Progressed
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, Oversight, TestRun
from lsp_repair.domain.verdicts import Level, Reason, Rejected, Verdict
from lsp_repair.judge.judge import ProofContext, Scope, prove, targets_scope
from lsp_repair.repair.case import Case
from lsp_repair.repair.stages.baseline import Baseline
from lsp_repair.repair.stages.prepare import Session
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.import_graph import ImportGraph, read_imports
from lsp_repair.testrun.place import Place

_QUICK_SECONDS = 5.0
"""A suite this quick is run whole for every proposal; a slower one once."""
_AFFORDABLE = 0.5
"""Share of the remaining time that one proof may take."""
_OF_TARGETS = frozenset({Reason.TARGET_STILL_FAILS, Reason.TARGET_NOT_RUN})
"""Reasons that say nothing about a patch as a repair of other tests."""
_SHARE = 0.25
_MAX_SECONDS = 60.0
_TEST_SECONDS = 20.0


def full_scope(baseline: TestRun, deadline: Deadline, broad_runs: int) -> Scope | None:
    """The whole suite, where the baseline knows it and the time limit allows it: a slow one once."""
    if not baseline.complete or baseline.seconds * 1.2 > deadline.remaining * _AFFORDABLE:
        return None
    return Scope(Level.FULL, (), None) if broad_runs == 0 or baseline.seconds < _QUICK_SECONDS else None


def related_scope(baseline: TestRun, narrow: Scope, related: frozenset[str], deadline: Deadline) -> Scope:
    """What is known of the files that import the change; else of the targets' own files; else what covers it."""
    for level, requested in ((Level.AFFECTED, related | set(narrow.files)), (Level.FILE, set(narrow.files))):
        known = [result for result in baseline.results.values() if result.node_id.file in requested]
        files = dict.fromkeys(result.node_id.file for result in known)
        is_wider = level is Level.FILE or len(files) > len(narrow.files)
        if is_wider and sum(result.seconds for result in known) < deadline.remaining * _AFFORDABLE:
            return Scope(level, (*narrow.files, *(file for file in files if file not in narrow.files)), None)
    return narrow


@dataclass(slots=True)
class RelatedTests:
    """Files that import what a patch changes, by any detour."""

    place: Place
    cache: Path | None = None
    """Where the imports of the project are kept between commands."""
    _graph: ImportGraph | None = None

    def files(self, changed: Iterable[str]) -> frozenset[str]:
        """Paths relative to the root, the changed files among them; which of them hold tests, pytest knows."""
        if self._graph is None:
            self._graph = read_imports(self.place.root, self.cache)
        return self._graph.affected_by(changed)

    def baseline_of(self, files: frozenset[str], deadline: Deadline) -> TestRun:
        """Run these files on the unpatched code, as far as a share of the time allows."""
        seconds = min(deadline.remaining * _SHARE, _MAX_SECONDS)
        return run_cold(self.place, ColdRequest(within=files, test_seconds=_TEST_SECONDS), deadline.within(seconds)).run


def merged(run: TestRun, more: TestRun) -> TestRun:
    """Two runs of different files on the same code as one; the first one's facts win."""
    known = {test.node_id for test in run.collected}
    return replace(
        run,
        collected=(*run.collected, *(test for test in more.collected if test.node_id not in known)),
        results={**more.results, **run.results},
        oracle_paths=run.oracle_paths | more.oracle_paths,
        module_files={**more.module_files, **run.module_files},
        oversight=_both(run.oversight, more.oversight),
    )


def _both(first: Oversight, more: Oversight) -> Oversight:
    """What was seen in either run: a later proof compares its tests with both."""
    return replace(
        first,
        garbled=first.garbled or more.garbled,
        irregular=first.irregular | more.irregular,
        observed={**more.observed, **first.observed},
        digests={**more.digests, **first.digests},
    )


@dataclass(slots=True)
class Prover:
    """Proves patches in one context and remembers that the broad run was spent."""

    context: ProofContext
    whole_suite: bool
    observe: Observer
    deadline: Deadline
    related: RelatedTests
    masked: Callable[[str], str] = str
    """Takes secrets out of values that are shown as examples."""
    rejected: frozenset[str] = frozenset()
    """Patches that the user does not want to see again."""
    broad_runs: int = 0
    _looked_at: set[str] = field(default_factory=set[str])
    """Files that were run for the sake of a patch, tests or not."""
    _refused: dict[str, Rejected] = field(default_factory=dict[str, Rejected])
    """What speaks against a patch whatever it is to repair, by the patch's id: a later proof may run fewer tests."""

    @property
    def baseline(self) -> TestRun:
        """The baseline with the tests that were run since because they import what a patch changes."""
        return self.context.baseline

    def judged(self, case: Case, patch: Patch, title: str) -> Verdict:
        """One proof, told to the observer."""
        if patch.id in self._refused:
            return self._refused[patch.id]
        started = time.monotonic()
        verdict = self.proved(patch, case.group.node_ids, case.covering)
        if isinstance(verdict, Rejected) and not _OF_TARGETS.intersection(verdict.reasons):
            self._refused[patch.id] = verdict
        self.observe(PatchJudged(case.group, patch, title, verdict, time.monotonic() - started))
        return verdict

    def proved(self, patch: Patch, targets: tuple[NodeId, ...], covering: Iterable[NodeId] = ()) -> Verdict:
        """One proof of a patch that is to repair these tests, by as many tests as can be affected and as the time allows."""
        narrow = targets_scope(targets, covering)
        wide = self._wide(patch, narrow)
        self.broad_runs += wide.level is Level.FULL
        return prove(self.context, patch, targets, (wide, narrow), self.deadline)

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
    context = prepared.proof_context(baseline.run, test_edits=request.allow_test_edits, flaky=flaky)
    related = RelatedTests(prepared.place, request.import_cache)
    masked = request.redactor.masked
    return Prover(context, baseline.whole_suite, session.observe, session.deadline, related, masked, request.rejected)

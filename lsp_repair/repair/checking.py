"""The judgement of a foreign patch, over one pytest root."""

import time
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer
from lsp_repair.domain.outcomes import CheckReport
from lsp_repair.domain.projects import Project
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Reason, Rejected, Unproven, Verdict
from lsp_repair.folders import work_folder
from lsp_repair.isolation.tiers import demand
from lsp_repair.judge.judge import ProofContext, prove, targets_scope
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.patches.foreign_patch import read_patch
from lsp_repair.repair.fix_request import CheckRequest, chosen
from lsp_repair.repair.prover import full_scope, related_scope
from lsp_repair.repair.stages.baseline import run_baseline
from lsp_repair.repair.stages.prepare import Prepared, find_sandbox, prepare
from lsp_repair.testrun.snapshot import SnapshotRules


def check(project: Project, request: CheckRequest, observe: Observer) -> CheckReport:
    """Judge a foreign patch; raises CannotRunTestsError, RefusedError or UsageError."""
    started = time.monotonic()
    deadline = Deadline.after(request.time_limit_seconds)
    found = find_sandbox(project, request.allow)
    demand(found.report, request.demands.foreign, "patches of others")
    with work_folder() as private:
        prepared = prepare(project, private, SnapshotRules(request.snapshot_include), found)
        targets, verdict = _checked(prepared, request, deadline, observe)
    return CheckReport(
        root=str(project.root),
        python=str(project.interpreter.executable),
        targets=targets,
        verdict=verdict,
        isolation=found.report,
        seconds=time.monotonic() - started,
    )


def _checked(
    prepared: Prepared, request: CheckRequest, deadline: Deadline, observe: Observer
) -> tuple[tuple[NodeId, ...], Verdict]:
    patch = read_patch(request.patch_text, prepared.snapshot.root)
    selection = chosen(prepared.project, request.selection, Path.cwd())
    if isinstance(patch, Rejected):
        return (), patch
    rules = prepared.rules(test_edits=request.allow_test_edits)
    refused = screen_policy(patch, frozenset(), rules=rules)
    if refused is not None:  # what needs no baseline costs none
        return (), refused
    baseline = run_baseline(prepared, selection, deadline, observe)
    failing = tuple(result.node_id for result in baseline.run.failing)
    targets = failing
    if selection.targets:
        ids = (*(test.node_id for test in baseline.run.collected), *failing)
        targets = tuple(dict.fromkeys(key for key in ids if selection.names(key)))
        green = [key for key in targets if key not in failing]
        if green:
            return targets, Unproven((Reason.TARGET_PASSES_BEFORE,), f"{green[0]} passes without the patch")
    if not targets:
        return (), Unproven((Reason.NO_FAILING_TEST,), "nothing fails before the patch")
    narrow = targets_scope(targets)
    full = full_scope(baseline.run, deadline, 0) if baseline.whole_suite else None
    wide = full or related_scope(baseline.run, narrow, frozenset(), deadline)
    private = prepared.private
    context = ProofContext(
        prepared.snapshot, prepared.place, baseline.run, private, rules=rules, isolation=prepared.isolation.words
    )
    return targets, prove(context, patch, targets, (wide, narrow), deadline)

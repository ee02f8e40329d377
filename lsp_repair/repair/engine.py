"""The whole job over one pytest root: `fix` goes through the stages, `check` judges a foreign patch."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from lsp_repair.domain import events
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.projects import Project
from lsp_repair.domain.runs import NodeId, Outcome, TestRun
from lsp_repair.domain.traces import Trace
from lsp_repair.domain.verdicts import Plausible, Reason, Rejected, Unproven, Verdict
from lsp_repair.folders import work_folder
from lsp_repair.isolation.cpu_time import cpu_seconds
from lsp_repair.isolation.tiers import demand
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.patches.foreign_patch import read_patch
from lsp_repair.repair.case import build_case
from lsp_repair.repair.collection_errors import collection_errors
from lsp_repair.repair.fix_request import CheckRequest, FixRequest, chosen
from lsp_repair.repair.history.commit_range import range_since
from lsp_repair.repair.prover import Prover, RelatedTests, prover_for
from lsp_repair.repair.stages.baseline import Baseline, run_baseline
from lsp_repair.repair.stages.earlier_coverage import Earlier, recorded_earlier
from lsp_repair.repair.stages.grade_patch import graded
from lsp_repair.repair.stages.localise import localise, traced_passing
from lsp_repair.repair.stages.prepare import Prepared, Session, find_sandbox, prepare
from lsp_repair.repair.stages.repair_group import Means, Repaired, repair_group
from lsp_repair.repair.stages.report import SessionReport, report_flaky, report_group, unasked, unsolved
from lsp_repair.repair.stages.search_history import HistorySearch
from lsp_repair.repair.stages.surroundings import EnvironmentTriage, surroundings_may_matter
from lsp_repair.repair.stages.triage import TriagedFailures, triage
from lsp_repair.repair.stages.warm_start import start_server
from lsp_repair.testrun.warm_server import NotWarm, WarmServer


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a fix; `partial` holds what was found by then."""

    def __init__(self, partial: events.FixReport) -> None:
        super().__init__()
        self.partial = partial


def fix(project: Project, request: FixRequest, observe: events.Observer) -> events.FixReport:
    """Repair what fails at one root.

    Raises CannotRunTestsError, RefusedError or UsageError before anything was found; Interrupted on Ctrl-C.
    """
    deadline = Deadline.after(request.time_limit_seconds)
    since = range_since(project.root, request.since) if request.since is not None else None
    found = find_sandbox(project, request.allow)
    if not request.explain_only:
        demand(found.report, request.demands.own, "the built-in engine's edits of your code")
    report = SessionReport(project, found.report, request.assistants)
    observe(events.SessionStarted(str(project.root), str(project.interpreter.executable), found.report))
    try:
        with work_folder() as private:
            prepared = prepare(project, private, request.snapshot_rules, found, request.overlays)
            _fix(Session(request, prepared, deadline, observe, since), report)
    except KeyboardInterrupt as stop:
        raise Interrupted(report.so_far(is_cut_short=True)) from stop
    out_of_time = deadline.passed
    if request.assistants is not None:
        report.notices += [] if request.explain_only else unasked(request.assistants)
        if not out_of_time:
            request.assistants.finished()
    return report.so_far(out_of_time=out_of_time, is_cut_short=out_of_time)


def _fix(session: Session, report: SessionReport) -> None:
    prepared, deadline = session.prepared, session.deadline
    selection = chosen(prepared.project, session.request.selection, Path.cwd())
    baseline = run_baseline(prepared, selection, deadline, session.observe)
    report.counts = baseline.counts
    report.notices += (*prepared.project.interpreter.notes, *baseline.notices)
    python = prepared.project.interpreter.executable
    root, home = prepared.snapshot.root, prepared.place.home
    report.collection_errors = tuple(collection_errors(baseline.run, root, home, python))
    failing = baseline.failing
    if not failing:
        return
    session.observe(events.Progressed(f"{len(failing)} failing; running them again to find the flaky ones"))
    started = start_server(prepared, baseline, deadline, session.request.jobs)
    if isinstance(started, NotWarm):
        report.notices.append(f"the warm test server is not available: {started.why}")
    with nullcontext(None) if isinstance(started, NotWarm) else started as server:
        triaged = triage(session, server, failing)
        for failure, how in triaged.flaky:
            flaky = report_flaky(failure, how)
            report.failures.append(flaky)
            session.observe(events.RepairFinished(flaky, 0.0, 0.0))
        _repair_groups(session, baseline, triaged, server, report)


def _repair_groups(
    session: Session, baseline: Baseline, triaged: TriagedFailures, server: WarmServer | None, report: SessionReport
) -> None:
    prepared, request, run = session.prepared, session.request, baseline.run
    groups = list(triaged.groups)
    earlier = recorded_earlier(session, run, triaged.reproducible) if groups else Earlier()
    report.notices += earlier.notices
    known = {each.node_id for each in earlier.passing}
    passing = traced_passing(server, run, session.deadline, known) if server is not None and groups else ()
    report.trace = Trace((*triaged.reproducible, *passing), prepared.imported_files(run))
    traced = (*report.trace.tests, *earlier.passing)
    prover = prover_for(session, baseline, triaged.flaky_ids)
    history = HistorySearch.of(session, run, server)
    with EnvironmentTriage(prepared, session.deadline) as environment:
        if groups and not request.explain_only and surroundings_may_matter(prepared, run):
            environment.start(triaged.reproducible)
        means = Means(run, traced, server, prover, environment)
        while groups:
            group = groups.pop(0)
            started, cpu = time.monotonic(), cpu_seconds()
            session.observe(events.RepairStarted(group))
            blame = history.blame(group, len(groups))
            localisation = localise(prepared, run, group, traced, request.ignore)
            case = build_case(prepared, run, group, localisation, traced)
            case = replace(case, expectations=request.expected_of(group)).with_blame(blame)
            case = case.with_hint(request.hint)

            def advanced(so_far: Repaired) -> None:
                session.observe(events.RepairAdvanced(report_group(prepared, prover.baseline, so_far, prover.masked)))

            repaired = repair_group(session, means, case, groups, advanced)
            done = report_group(prepared, prover.baseline, repaired, prover.masked)  # the baseline has grown by then
            groups = unsolved(groups, done)
            report.failures.append(done)
            session.observe(events.RepairFinished(done, time.monotonic() - started, cpu_seconds() - cpu))


def check(project: Project, request: CheckRequest, observe: events.Observer) -> events.CheckReport:
    """Judge a foreign patch; raises CannotRunTestsError, RefusedError or UsageError."""
    started = time.monotonic()
    deadline = Deadline.after(request.time_limit_seconds)
    found = find_sandbox(project, request.allow)
    demand(found.report, request.demands.foreign, "patches of others")
    with work_folder() as private:
        prepared = prepare(project, private, request.snapshot_rules, found)
        targets, verdict = _checked(prepared, request, deadline, observe)
    return events.CheckReport(
        root=str(project.root),
        python=str(project.interpreter.executable),
        targets=targets,
        verdict=verdict,
        isolation=found.report,
        seconds=time.monotonic() - started,
    )


def _checked(
    prepared: Prepared, request: CheckRequest, deadline: Deadline, observe: events.Observer
) -> tuple[tuple[NodeId, ...], Verdict]:
    patch = read_patch(request.patch_text, prepared.snapshot.root)
    selection = chosen(prepared.project, request.selection, Path.cwd())
    if isinstance(patch, Rejected):
        return (), patch
    refused = screen_policy(patch, frozenset(), rules=prepared.rules(test_edits=request.allow_test_edits))
    if refused is not None:  # what needs no baseline costs none
        return (), refused
    baseline = run_baseline(prepared, selection, deadline, observe)
    failing = tuple(result.node_id for result in baseline.run.failing)
    targets = failing
    if selection.targets:
        ids = (*(test.node_id for test in baseline.run.collected), *failing)
        targets = tuple(dict.fromkeys(key for key in ids if selection.names(key)))
        unproven = _first_not_failing(baseline.run, targets)
        if unproven is not None:
            return targets, unproven
    if not targets:
        return (), Unproven((Reason.NO_FAILING_TEST,), "nothing fails before the patch")
    context = prepared.proof_context(baseline.run, test_edits=request.allow_test_edits)
    prover = Prover(context, baseline.whole_suite, observe, deadline, RelatedTests(prepared.place))
    verdict = prover.proved(patch, targets)
    if isinstance(verdict, Plausible):
        evidence = graded(prepared, baseline, patch, targets, verdict.evidence, request.redactor.masked, deadline)
        verdict = Plausible(evidence)
    return targets, verdict


def _first_not_failing(run: TestRun, targets: Sequence[NodeId]) -> Unproven | None:
    """Why one of the targets cannot prove anything: it did not run, was skipped, or passes."""
    for target in targets:
        result = run.results.get(target)
        if result is None:
            return Unproven(
                (Reason.INCOMPLETE_RUN,), f"{target} did not run without the patch before the time was over"
            )
        if result.outcome in {Outcome.SKIPPED, Outcome.XFAILED}:
            return Unproven((Reason.TARGET_NOT_RUN,), f"{target} is {result.outcome} without the patch")
        if not result.outcome.is_failing:
            return Unproven((Reason.TARGET_PASSES_BEFORE,), f"{target} passes without the patch")
    return None

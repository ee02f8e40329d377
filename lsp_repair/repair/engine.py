"""The whole job over one pytest root: from its failing tests to proved proposals, or an honest no."""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.candidates import Candidate
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer, Progressed, RepairFinished, RepairStarted, SessionStarted
from lsp_repair.domain.groups import FailureGroup, grouped
from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.outcomes import FailureReport, FixReport, Status, TestCounts
from lsp_repair.domain.projects import Project
from lsp_repair.domain.runs import Failure, NodeId, TestResult
from lsp_repair.domain.verdicts import Reason
from lsp_repair.folders import work_folder
from lsp_repair.isolation.nursery import confined_cpu_seconds
from lsp_repair.isolation.tiers import Found as FoundIsolation
from lsp_repair.isolation.tiers import demand, too_weak
from lsp_repair.judge.judge import ProofContext, targets_pass
from lsp_repair.repair.baseline import Baseline, Prepared, prepare, rules_of, run_baseline, surroundings_may_matter
from lsp_repair.repair.briefing import Briefing
from lsp_repair.repair.builtin import Found, Prover, repair_by_search
from lsp_repair.repair.by_models import ModelWork, explained_by_model, repair_by_models
from lsp_repair.repair.case import Case, build_case, build_ladder, read_file
from lsp_repair.repair.editable import Editable, editable_files
from lsp_repair.repair.explanation import explain
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.repair.localise import Suspects, localise, whole_files
from lsp_repair.repair.related_tests import RelatedTests
from lsp_repair.repair.session_sandbox import find_sandbox
from lsp_repair.repair.test_selection import chosen
from lsp_repair.repair.triage import EnvironmentTriage, TriagedFailures, triage_flaky, with_cold_lines
from lsp_repair.screening.behaviours import behaviours
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.testrun.snapshot import SnapshotRules
from lsp_repair.testrun.warm_server import NotWarm, WarmRequest, WarmServer, start_warm

_GATE_SECONDS = 6.0
"""CPU seconds after which a test that hung before is believed to hang for good."""
_TRACE_SECONDS = 6.0
_SEARCH_SHARE = 0.6
_SEARCH_SECONDS = 60.0
"""A group that this long a search did not repair is hardly ever repaired by a longer one."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a fix; `partial` holds what was found by then."""

    def __init__(self, partial: FixReport) -> None:
        super().__init__()
        self.partial = partial


@dataclass(slots=True)
class _Progress:
    """What is reported at any moment, also after Ctrl-C or the time limit."""

    project: Project
    isolation: IsolationReport
    clock: float = field(default_factory=time.monotonic)
    cpu: float = field(default_factory=lambda: _cpu_seconds())  # noqa: PLW0108 - defined further down
    counts: TestCounts = field(default_factory=TestCounts)
    failures: list[FailureReport] = field(default_factory=list[FailureReport])
    notices: list[str] = field(default_factory=list[str])
    out_of_time: bool = False

    def report(self) -> FixReport:
        return FixReport(
            root=str(self.project.root),
            python=str(self.project.interpreter.executable),
            tests=self.counts,
            isolation=self.isolation,
            failures=tuple(self.failures),
            seconds=time.monotonic() - self.clock,
            cpu_seconds=_cpu_seconds() - self.cpu,
            out_of_time=self.out_of_time,
            notices=tuple(self.notices),
        )


def _cpu_seconds() -> float:
    """User and system time of this process, of the children it waited for, and of what ran confined."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime + confined_cpu_seconds()


def fix(project: Project, request: FixRequest, observe: Observer) -> FixReport:
    """Repair what fails at one root.

    Raises CannotRunTestsError, RefusedError or UsageError before anything was found; Interrupted on Ctrl-C.
    """
    deadline = Deadline.after(request.time_limit_seconds)
    found = find_sandbox(project, request.allow)
    if not request.explain_only:
        demand(found.report, request.demands.own, "the built-in engine's edits of your code")
    progress = _Progress(project, found.report)
    observe(SessionStarted(str(project.root), str(project.interpreter.executable), found.report))
    try:
        with work_folder() as private:
            _fix_in(private, request, deadline, (progress, observe), found)
    except KeyboardInterrupt as stop:
        raise Interrupted(_with_costs(progress.report(), request)) from stop
    progress.out_of_time = deadline.passed
    return _with_costs(progress.report(), request)


def _with_costs(report: FixReport, request: FixRequest) -> FixReport:
    """The report with what all calls of models came to."""
    if request.assistants is None:
        return report
    usage, cost = request.assistants.meter.spent(None)
    return replace(report, usage=usage, cost_usd=cost)


def _fix_in(
    private: Path, request: FixRequest, deadline: Deadline, sink: tuple[_Progress, Observer], found: FoundIsolation
) -> None:
    progress, observe = sink
    rules = SnapshotRules(request.snapshot_include)
    prepared = prepare(progress.project, private, rules, found, request.overlays)
    selection = chosen(progress.project, request.selection, Path.cwd())
    baseline = run_baseline(prepared, selection, deadline, observe)
    progress.counts = baseline.counts
    progress.notices += baseline.notices
    failing = [result for result in baseline.run.failing if not selection.targets or selection.names(result.node_id)]
    if not failing:
        return
    observe(Progressed(f"{len(failing)} tests fail; running them again to see which are steady"))
    place = prepared.place.for_candidates(baseline.run.oracle_paths)
    server = start_warm(place, _warm_request(baseline, failing, request.jobs), deadline)
    work = _Work(prepared, baseline, request, deadline, progress, observe)
    if isinstance(server, NotWarm):
        progress.notices.append(f"no warm server: {server.why}")
        work.all_groups(TriagedFailures(tuple(failing), ()), None)
        return
    with server:
        triaged = with_cold_lines(prepared.place, triage_flaky(server, failing, _patience(failing), deadline), deadline)
        work.all_groups(triaged, server)


_WARM_TESTS = 600


def _patience(failing: Sequence[TestResult]) -> float:
    """CPU seconds that a failing test gets when it runs again with its lines recorded."""
    ended = [each.seconds for each in failing if each.failure and each.failure.error_type != "TestTimeout"]
    return max(_GATE_SECONDS, 4 * max(ended, default=0.0))


def _warm_request(baseline: Baseline, failing: Sequence[TestResult], jobs: int) -> WarmRequest:
    """Everything when it is little, else the files of the failing tests."""
    if len(baseline.run.collected) <= _WARM_TESTS:
        return WarmRequest(baseline.chosen.files, None, jobs)
    return WarmRequest(tuple(dict.fromkeys(result.node_id.file for result in failing)), None, jobs)


@dataclass(slots=True)
class _Work:
    """One session's repairs."""

    prepared: Prepared
    baseline: Baseline
    request: FixRequest
    deadline: Deadline
    progress: _Progress
    observe: Observer

    def all_groups(self, triaged: TriagedFailures, server: WarmServer | None) -> None:
        """Report every failing test: flaky ones at once, the others group by group."""
        for failure, how in triaged.flaky:
            self._close(_flaky(failure, how))
        groups = grouped(result.failure for result in triaged.steady if result.failure is not None)
        passing = _traced_passing(server, self.baseline, self.deadline) if server is not None and groups else ()
        context = self._proof_context(triaged)
        related = RelatedTests(self.prepared.place, self.request.import_cache)
        prover = Prover(context, self.baseline.whole_suite, self.observe, self.deadline, related, self.request.rejected)
        environment = EnvironmentTriage(self.prepared.surroundings, self.deadline)
        try:
            if groups and not self.request.explain_only and surroundings_may_matter(self.prepared, self.baseline.run):
                environment.start(triaged.steady)
            results = {result.node_id: result for result in triaged.steady}
            self._each(list(groups), results, (server, passing, prover, environment))
        finally:
            environment.close()

    def _proof_context(self, triaged: TriagedFailures) -> ProofContext:
        unsteady = frozenset(failure.node_id for failure, _ in triaged.flaky)
        prepared = self.prepared
        rules = rules_of(prepared, test_edits=self.request.allow_test_edits)
        words = self.progress.isolation.words
        return ProofContext(
            prepared.snapshot, prepared.place, self.baseline.run, prepared.private, unsteady, rules, words
        )

    def _each(
        self,
        groups: list[FailureGroup],
        results: dict[NodeId, TestResult],
        means: tuple[WarmServer | None, Sequence[TestResult], Prover, EnvironmentTriage],
    ) -> None:
        server, passing, prover, environment = means
        while groups:
            group = groups.pop(0)
            started, cpu = time.monotonic(), _cpu_seconds()
            self.observe(RepairStarted(group))
            failing = [results[key] for key in group.node_ids]
            found = self._localise(group, failing, passing)
            repaired = Found((), Reason.NOTHING_TO_EDIT, "", 0)
            effect = None
            case = self._case(group, found, failing, passing)
            if not self.request.explain_only and not self.deadline.passed:
                share = self.deadline.remaining * _SEARCH_SHARE / (1 + len(groups)) ** 0.5
                budget = self.deadline.within(min(share, _SEARCH_SECONDS))
                others = [failure for each in groups for failure in each.failures if not failure.node_id.is_file]
                effect = environment.missing_effect(group.representative)
                if effect is None:
                    repaired = self._repaired(case, others, (server, prover), budget)
                    if self.request.allow_test_edits and not repaired.proposals:
                        case = self._with_tests(case, failing, passing)
                        repaired = self._repaired(case, others, (server, prover), self.deadline.within(share))
            elif self.request.explain_only and self.request.assistants is not None and case.sources:
                repaired = explained_by_model(self._model_work(case, prover, None), repaired)
            report = self._report(case, repaired, effect)
            groups[:] = _unsolved(groups, report)
            self.progress.failures.append(report)
            self.observe(RepairFinished(report, time.monotonic() - started, _cpu_seconds() - cpu))

    def _with_tests(self, case: Case, failing: Sequence[TestResult], passing: Sequence[TestResult]) -> Case:
        """The same failures with their own tests as suspects: for tests that are wrong, where the user asked for it."""
        paths = {key.file for key in case.group.node_ids}
        found = localise(case.group, failing, passing, paths.__contains__, self._read)
        return self._case(case.group, found, failing, passing)

    def _case(
        self, group: FailureGroup, found: Suspects, failing: Sequence[TestResult], passing: Sequence[TestResult]
    ) -> Case:
        spawning = frozenset(each.node_id for each in (*failing, *passing) if each.starts_programs)
        return replace(build_case(self.prepared, self.baseline, group, found, passing), start_programs=spawning)

    def _read(self, path: str) -> bytes | None:
        return read_file(self.prepared.snapshot.root, path)

    def _localise(self, group: FailureGroup, failing: Sequence[TestResult], passing: Sequence[TestResult]) -> Suspects:
        editable = editable_files(self.baseline.run, self.request.ignore)
        root = self.prepared.snapshot.root
        found = localise(group, failing, passing, editable, lambda path: read_file(root, path))
        if not found.executed_only_tests:
            return found
        paths = _imported_product_files(self.prepared, self.baseline, editable)
        scores = whole_files(paths, lambda path: read_file(root, path))
        return Suspects(Localisation(scores), not scores)

    def _repaired(
        self, case: Case, others: Sequence[Failure], means: tuple[WarmServer | None, Prover], budget: Deadline
    ) -> Found:
        """The built-in engine, then the models where it stops; a hint is for the models."""
        server, prover = means
        if not case.sources:
            return Found((), Reason.NOTHING_TO_EDIT, "the failing tests execute no code that a repair may touch", 0)
        assistants = self.request.assistants
        found, screen = Found((), None, "", 0), None
        if server is None:
            found = Found((), Reason.NOT_REPRODUCED, "the tests cannot be served warm", 0)
        else:
            screen = self._screen(case, others, (server, prover), budget)
        searches = assistants is None or (assistants.strategy.searches and not assistants.hint)
        if screen is not None and searches and not (assistants and assistants.preview):
            found = repair_by_search(case, screen, prover, budget, self.request.max_proposals)
        if found.proposals or assistants is None or not assistants.steps:
            return found
        if not self.progress.isolation.tier.satisfies(self.request.demands.foreign) and not assistants.preview:
            why = too_weak(self.progress.isolation, self.request.demands.foreign, "the patches of models")
            return replace(found, reason=Reason.WEAK_ISOLATION, detail=why)
        return repair_by_models(self._model_work(case, prover, screen), found, self.request.max_proposals)

    def _screen(
        self, case: Case, others: Sequence[Failure], means: tuple[WarmServer, Prover], budget: Deadline
    ) -> WarmScreen:
        server, prover = means
        targets = case.group.node_ids
        return WarmScreen(
            server,
            str(self.prepared.snapshot.root),
            build_ladder(case, self.baseline, others, server, budget),
            budget,
            self.request.jobs,
            lambda candidate: targets_pass(prover.context, candidate.patch, targets, budget),
        )

    def _model_work(self, case: Case, prover: Prover, screen: WarmScreen | None) -> ModelWork:
        assistants = self.request.assistants
        assert assistants is not None
        prepared = self.prepared
        briefing = Briefing(
            case,
            prepared.snapshot.root,
            prepared.project.root,
            self.baseline.run,
            assistants.redactor,
            assistants.ignored,
        )
        return ModelWork(assistants, briefing, prover, self.deadline, lambda each: _by_behaviour(each, screen))

    def _report(self, case: Case, found: Found, effect: str | None) -> FailureReport:
        locations = case.localisation.ranked()
        repaired_at = found.proposals[0].patch.changes[0].first_difference if found.proposals else None
        explanation = explain(case.group.representative, locations, self._source_line, repaired_at)
        if found.feedback:
            explanation += f"\nThe feedback model says: {found.feedback}"
        status = Status.PROPOSED if found.proposals else Status.UNREPAIRED
        report = FailureReport(
            _with_all_repaired(case.group, found, self.baseline),
            status,
            explanation,
            found.reason,
            found.detail,
            locations,
            found.proposals,
            found.candidates_tried,
        )
        if effect is not None:
            return replace(
                report,
                status=Status.ENVIRONMENT,
                reason=Reason.MISSING_EFFECT,
                detail=f"it needs {effect}",
                proposals=(),
            )
        if found.reason in {Reason.IMPORT_ORIGIN, Reason.NEVER_IMPORTED, Reason.INCOMPLETE_RUN}:
            return replace(report, status=Status.UNPROVEN)
        return report

    def _source_line(self, path: str, line: int) -> str:
        data = read_file(self.prepared.snapshot.root, path) or b""
        lines = data.decode("utf-8", "replace").splitlines()
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def _close(self, report: FailureReport) -> None:
        self.progress.failures.append(report)
        self.observe(RepairFinished(report, 0.0, 0.0))


def _by_behaviour(candidates: Sequence[Candidate], screen: WarmScreen | None) -> list[list[Candidate]]:
    """Candidates that answer alike on the tests' inputs together; those of unknown behaviour alone."""
    known = behaviours(screen, candidates) if screen is not None and len(candidates) > 1 else {}
    found: dict[tuple[tuple[str, str], ...] | int, list[Candidate]] = {}
    for number, candidate in enumerate(candidates):
        behaviour = known.get(candidate)
        key = tuple(behaviour.answers.items()) if behaviour is not None and behaviour.answers else number
        found.setdefault(key, []).append(candidate)
    return list(found.values())


def _flaky(failure: Failure, how: str) -> FailureReport:
    group = FailureGroup(failure.fingerprint, (failure,))
    return FailureReport(group, Status.FLAKY, f"This test is not steady: {how}.", Reason.NOT_REPRODUCED, how)


def _with_all_repaired(group: FailureGroup, found: Found, baseline: Baseline) -> FailureGroup:
    """The group with the failing tests of other groups that its best proposal repairs: they had the same cause."""
    if not found.proposals:
        return group
    known = set(group.node_ids)
    repaired = [key for key in found.proposals[0].evidence.targets_passed if key not in known]
    failures = [baseline.run.results[key].failure for key in repaired]
    return FailureGroup(group.fingerprint, (*group.failures, *(each for each in failures if each is not None)))


def _unsolved(groups: Sequence[FailureGroup], report: FailureReport) -> list[FailureGroup]:
    """The groups that the best proposal of this report does not repair as well."""
    if not report.proposals:
        return list(groups)
    fixed = set(report.proposals[0].evidence.targets_passed)
    return [group for group in groups if not fixed.issuperset(group.node_ids)]


def _traced_passing(server: WarmServer, baseline: Baseline, deadline: Deadline) -> tuple[TestResult, ...]:
    """Passing tests with their executed lines, as many as a share of the time allows, quickest first."""
    served = {test.node_id for test in server.collection.collected}
    known = [result for key, result in baseline.run.results.items() if key in served and key in baseline.run.passed]
    known.sort(key=lambda result: result.seconds)
    budget = min(_TRACE_SECONDS, deadline.remaining / 20)
    affordable: list[NodeId] = []
    for result in known:
        budget -= 0.002 + 2 * result.seconds
        if budget < 0:
            break
        affordable.append(result.node_id)
    order = {test.node_id: index for index, test in enumerate(server.collection.collected)}
    affordable.sort(key=lambda key: order[key])
    traced = server.run(affordable, deadline.within(2 * _TRACE_SECONDS), record=True, test_seconds=_GATE_SECONDS)
    return tuple(
        replace(traced.results[key], seconds=baseline.run.results[key].seconds)
        for key in affordable
        if key in traced.passed
    )


def _imported_product_files(prepared: Prepared, baseline: Baseline, editable: Editable) -> list[str]:
    root = prepared.snapshot.root
    files = [Path(file) for file in baseline.run.module_files.values()]
    paths = [file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)]
    return [path for path in dict.fromkeys(paths) if editable(path)][:5]

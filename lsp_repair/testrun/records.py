"""From the probe's reports to the domain's values, and the order in which one process may report what its tests do."""

from dataclasses import dataclass, field, replace

from lsp_repair.domain.runs import (
    CollectedTest,
    Comparison,
    Failure,
    Frame,
    Inner,
    NodeId,
    Observed,
    Outcome,
    Oversight,
    TestResult,
    TestRun,
    Trial,
)
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe import run_records as reports
from lsp_repair.testrun.probe.channel import Record
from lsp_repair.testrun.told_at_home import told_at_home


@dataclass(slots=True)
class RunBuilder:
    """Takes reports as they arrive and gives a TestRun at any time."""

    collected: dict[NodeId, CollectedTest] = field(default_factory=dict[NodeId, CollectedTest])
    results: dict[NodeId, TestResult] = field(default_factory=dict[NodeId, TestResult])
    oracle: set[str] = field(default_factory=set[str])
    modules: dict[str, str] = field(default_factory=dict[str, str])
    running: NodeId | None = None
    """The test that started last and has not ended."""
    ended: bool = False
    exit_status: int | None = None
    pytest_version: str = ""
    start_failure: Failure | None = None
    cpu_seconds: float = 0.0
    garbled: str = ""
    """Why the reports cannot be trusted."""
    irregular: set[str] = field(default_factory=set[str])
    observed: dict[str, Observed] = field(default_factory=dict[str, Observed])
    digests: dict[str, str] = field(default_factory=dict[str, str])
    trials: list[Trial] = field(default_factory=list[Trial])
    reached: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    copied: tuple[str, str] | None = None
    """The folder in which the tests run and the one it is a copy of: failures speak of the latter."""

    @classmethod
    def at(cls, place: Place) -> "RunBuilder":
        """For runs at a place."""
        return cls(copied=(str(place.root), str(place.home)) if place.home != place.root else None)

    def take(self, report: Record) -> None:
        """Note one report; those of the warm server's other requests are ignored."""
        match report:
            case reports.Garbled(why=why):
                self.garbled = self.garbled or why
            case reports.Hello(pytest=version):
                self.pytest_version = version
            case reports.Collected():
                self.oracle.update(report.oracle)
                self.digests.update(report.digests)
                for each in report.tests:
                    test = CollectedTest(NodeId(each.id), each.path, each.line, each.doctest)
                    self.collected[test.node_id] = test
            case reports.StartError():
                self.start_failure = self._failure(NodeId("conftest.py"), "collect", report.failure)
            case reports.CollectError():
                self._take_broken(report)
            case reports.End():
                self.ended = True
                self.exit_status = report.exit
                self.cpu_seconds += report.cpu
            case reports.Start() | reports.Phase() | reports.Executed():
                self._take_test(report)
            case _:
                self._take_evidence(report)

    def _take_evidence(self, report: Record) -> None:
        match report:
            case reports.Modules(files=files):
                self.modules.update(files)
            case reports.TrialEnded():
                self.trials.append(_trial(report))
            case reports.ReachedFor(path=path, name=name):
                self.reached.add((path, name))
            case _:
                pass

    def died(self, why: str) -> NodeId | None:
        """The process ended in the middle of a test: that test failed; returns which."""
        victim, self.running = self.running, None
        if victim is not None:
            broken = Failure(victim, "call", "ProcessDied", why)
            self.results[victim] = TestResult(victim, Outcome.FAILED, failure=broken)
        return victim

    def _take_broken(self, report: reports.CollectError) -> None:
        node_id = NodeId(report.id)
        broken = self._failure(node_id, "collect", report.failure or reports.ReportedFailure("CollectError", "", []))
        self.results[node_id] = TestResult(node_id, Outcome.ERROR, failure=broken)

    def _take_test(self, report: reports.Start | reports.Phase | reports.Executed) -> None:
        node_id = NodeId(report.id)
        match report:
            case reports.Start():
                self.running = node_id
            case reports.Phase():
                self._take_phase(node_id, report)
            case reports.Executed():
                if node_id in self.results:
                    lines = {path: frozenset(found) for path, found in report.lines.items()}
                    self.results[node_id] = replace(
                        self.results[node_id],
                        executed=lines,
                        imported=frozenset(report.imported),
                        latest=tuple(report.latest),
                        starts_programs=report.programs,
                        unseen=tuple(report.unseen),
                        originals=tuple(report.originals),
                    )

    def _take_phase(self, node_id: NodeId, phase: reports.Phase) -> None:
        before = self.results.get(node_id) if phase.when != "setup" else None
        result = before or TestResult(node_id, Outcome.PASSED)
        outcome = _phase_outcome(phase)
        if outcome is not Outcome.PASSED and not result.outcome.is_failing:
            result = replace(result, outcome=outcome)
        if phase.failure is not None and result.failure is None:
            result = replace(result, failure=self._failure(node_id, phase.when, phase.failure))
        printed = max(result.printed, phase.printed)
        self.results[node_id] = replace(result, seconds=result.seconds + phase.seconds, printed=printed)
        if phase.inner is not None:
            self.observed[node_id] = Observed(Inner(phase.inner), phase.error, phase.code)
        if phase.when == "teardown":
            self.running = None

    def _failure(self, node_id: NodeId, phase: str, reported: reports.ReportedFailure) -> Failure:
        found = failure(node_id, phase, reported)
        return found if self.copied is None else told_at_home(found, *self.copied)

    def run(self, seconds: float, output_tail: str) -> TestRun:
        """What is known so far; a test that is running and has not failed has no outcome."""
        decided = {key: each for key, each in self.results.items() if key != self.running or each.outcome.is_failing}
        return TestRun(
            collected=tuple(self.collected.values()),
            results=decided,
            oracle_paths=frozenset(self.oracle),
            module_files=dict(self.modules),
            complete=self.ended and not self.garbled,
            seconds=seconds,
            cpu_seconds=self.cpu_seconds,
            output_tail=output_tail,
            pytest_version=self.pytest_version,
            exit_status=self.exit_status,
            oversight=Oversight(
                self.garbled,
                frozenset(self.irregular),
                dict(self.observed),
                dict(self.digests),
                tuple(self.trials),
                frozenset(self.reached),
            ),
        )


def _trial(trial: reports.TrialEnded) -> Trial:
    return Trial(
        trial.what,
        trial.id,
        trial.outcome,
        Inner(trial.inner),
        trial.line,
        trial.reached,
        trial.detail,
        tuple(trial.equals_all),
    )


def _phase_outcome(phase: reports.Phase) -> Outcome:
    match phase.outcome, phase.xfail:
        case "failed", _:
            return Outcome.FAILED if phase.when == "call" else Outcome.ERROR
        case "skipped", is_xfail:
            return Outcome.XFAILED if is_xfail else Outcome.SKIPPED
        case _, True:
            return Outcome.XPASSED
        case _:
            return Outcome.PASSED


def failure(node_id: NodeId, phase: str, reported: reports.ReportedFailure) -> Failure:
    """The failure that the probe reported."""
    sides = reported.comparison
    return Failure(
        node_id=node_id,
        phase=phase,
        error_type=reported.type,
        message=reported.message,
        frames=tuple(map(_frame, reported.frames)),
        comparison=Comparison(sides.operator, sides.actual, sides.expected) if sides else None,
        missing_name=reported.name,
        owner_type=reported.owner,
    )


def _frame(frame: reports.ReportedFrame) -> Frame:
    local_names = tuple((name, value) for name, value in frame.locals)
    return Frame(frame.path, frame.line, frame.function, frame.inside, local_names)


_ORDER = {"setup": 0, "call": 1, "teardown": 2}


@dataclass(slots=True)
class Protocol:
    """Follows the reports of one process from the first to the last."""

    irregular: set[str] = field(default_factory=set[str])
    """Kinds of breaks: those of an honest plugin are the same with any code, so the judge compares them with the baseline."""
    _collected: set[str] | None = None
    _finished: set[str] = field(default_factory=set[str])
    _running: str | None = None
    _phases: list[str] = field(default_factory=list[str])
    _is_setup: bool = False
    _did_not_start: bool = False
    _is_over: bool = False
    """Trials or the end were reported: no more tests run."""
    _has_ended: bool = False

    def take(self, report: Record) -> None:
        """Follow one report."""
        if self._has_ended:
            self.irregular.add("records after the end")
        match report:
            case reports.Collected():
                self._collect([test.id for test in report.tests])
            case reports.StartError():
                self._did_not_start = self._collected is None
            case reports.Start(id=node_id):
                self._start(node_id)
            case reports.Phase():
                self._phase(report)
            case reports.Executed(id=node_id):
                if node_id not in self._finished:
                    self.irregular.add("lines of a test that did not run")
            case reports.TrialEnded():
                self._is_over = True
            case reports.End():
                self._end()
            case _:
                pass

    def _collect(self, ids: list[str]) -> None:
        if self._collected is not None:
            self.irregular.add("collected twice")
        self._collected = set(ids)
        if len(self._collected) != len(ids):
            self.irregular.add("two tests of one name")

    def _start(self, node_id: str) -> None:
        if self._running is not None or self._is_over:
            self.irregular.add("a test started out of turn")
        if self._collected is None or node_id not in self._collected:
            self.irregular.add("a test started that was not collected")
        if node_id in self._finished:
            self.irregular.add("a test started twice")
        self._running, self._phases, self._is_setup = node_id, [], False

    def _phase(self, phase: reports.Phase) -> None:
        when = phase.when
        if phase.id != self._running or self._is_over:
            self.irregular.add("an outcome of a test that is not running")
            return
        if phase.sub:
            return
        if when in self._phases:
            self.irregular.add(f"two outcomes of one {when}")
        elif any(_ORDER[each] > _ORDER[when] for each in self._phases) or (when == "call" and not self._is_setup):
            self.irregular.add("phases out of order")
        self._phases.append(when)
        if when == "setup":
            self._is_setup = phase.outcome == "passed"
        if when == "teardown":
            if self._is_setup and "call" not in self._phases:
                self.irregular.add("a test without a call")
            self._finished.add(phase.id)
            self._running = None

    def _end(self) -> None:
        self._has_ended = self._is_over = True
        if self._running is not None or (not self._did_not_start and (self._collected or set()) - self._finished):
            self.irregular.add("tests missing at the end")

"""The order in which one process may report what its tests do; what breaks it is named by kind."""

from dataclasses import dataclass, field

from lsp_repair.testrun.probe import run_records as reports
from lsp_repair.testrun.probe.pipe_records import Record

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
            case reports.ConftestError():
                self._did_not_start = True
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

"""The order in which one process may tell what its tests do; what breaks it is named by kind."""

from dataclasses import dataclass, field

from lsp_repair.testrun.records import Record

_ORDER = {"setup": 0, "call": 1, "teardown": 2}


@dataclass(slots=True)
class Protocol:
    """Follows the records of one process from its first to its last."""

    irregular: set[str] = field(default_factory=set[str])
    """Kinds of breaks: an honest plugin's are the same with any code, so the judge compares them with the baseline's."""
    _collected: set[str] | None = None
    _finished: set[str] = field(default_factory=set[str])
    _running: str | None = None
    _phases: list[str] = field(default_factory=list[str])
    _is_setup: bool = False
    _has_errors: bool = False
    _is_over: bool = False
    """Trials have begun, or the end has come: no test runs any more."""
    _has_ended: bool = False

    def take(self, record: Record) -> None:
        """Follow one record."""
        if self._has_ended:
            self.irregular.add("records after the end")
        match record["kind"]:
            case "collected":
                self._collect([test["id"] for test in record["tests"]])
            case "collect-error" | "conftest-error":
                self._has_errors = True
            case "start":
                self._start(record["id"])
            case "phase":
                self._phase(record)
            case "executed":
                if record["id"] not in self._finished:
                    self.irregular.add("lines of a test that did not run")
            case "trial":
                self._is_over = True
            case "end":
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

    def _phase(self, record: Record) -> None:
        when = record["when"]
        if record["id"] != self._running or self._is_over:
            self.irregular.add("an outcome of a test that does not run")
            return
        if record.get("sub"):
            return
        if when in self._phases:
            self.irregular.add(f"two outcomes of one {when}")
        elif any(_ORDER[each] > _ORDER[when] for each in self._phases) or (when == "call" and not self._is_setup):
            self.irregular.add("phases out of order")
        self._phases.append(when)
        if when == "setup":
            self._is_setup = record["outcome"] == "passed"
        if when == "teardown":
            if self._is_setup and "call" not in self._phases:
                self.irregular.add("a test without a call")
            self._finished.add(record["id"])
            self._running = None

    def _end(self) -> None:
        self._has_ended = self._is_over = True
        if self._running is not None or (not self._has_errors and (self._collected or set()) - self._finished):
            self.irregular.add("tests missing at the end")

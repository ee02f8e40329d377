"""From the probe's records to the domain's values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lsp_repair.domain.oversight import Inner, Observed, Oversight, Trial
from lsp_repair.domain.runs import (
    CollectedTest,
    Comparison,
    Failure,
    Frame,
    NodeId,
    Outcome,
    TestResult,
    TestRun,
)
from lsp_repair.testrun.shapes import is_well_formed

Record = Mapping[str, Any]


@dataclass(slots=True)
class RunBuilder:
    """Takes records as they arrive and gives a TestRun at any time."""

    collected: dict[NodeId, CollectedTest] = field(default_factory=dict[NodeId, CollectedTest])
    results: dict[NodeId, TestResult] = field(default_factory=dict[NodeId, TestResult])
    oracle: set[str] = field(default_factory=set[str])
    modules: dict[str, str] = field(default_factory=dict[str, str])
    running: NodeId | None = None
    """The test that started last and has not ended."""
    ended: bool = False
    exit_status: int | None = None
    pytest_version: str = ""
    conftest_failure: Failure | None = None
    cpu_seconds: float = 0.0
    garbled: str = ""
    """Why the records cannot be believed."""
    irregular: set[str] = field(default_factory=set[str])
    observed: dict[str, Observed] = field(default_factory=dict[str, Observed])
    digests: dict[str, str] = field(default_factory=dict[str, str])
    trials: list[Trial] = field(default_factory=list[Trial])
    reached: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def take(self, record: Record) -> None:
        """Note one record; unknown kinds are ignored, malformed records are noted as such."""
        if not is_well_formed(record):
            self.garbled = self.garbled or f"a record of kind {record['kind'][:40]!r} is malformed"
            return
        match record["kind"]:
            case "collected":
                self._take_collected(record)
            case "collect-error":
                self._take_broken(record)
            case "phase":
                self._take_phase(record)
            case "executed":
                self._take_executed(record)
            case "end":
                self._take_end(record)
            case _:
                self._take_small(record)

    def _take_collected(self, record: Record) -> None:
        self.oracle.update(record["oracle"])
        self.digests.update(record.get("digests", {}))
        self.collected.update((test.node_id, test) for test in map(_collected, record["tests"]))

    def _take_small(self, record: Record) -> None:
        match record["kind"]:
            case "garbled":
                self.garbled = self.garbled or record["why"]
            case "hello":
                self.pytest_version = record["pytest"]
            case "start":
                self.running = NodeId(record["id"])
            case "modules":
                self.modules.update(record["files"])
            case "conftest-error":
                self.conftest_failure = failure(NodeId("conftest.py"), "collect", record["failure"])
            case "trial":
                self.trials.append(_trial(record))
            case "reached-for":
                self.reached.add((record["path"], record["name"]))
            case _:
                pass

    def _take_end(self, record: Record) -> None:
        self.ended = True
        self.exit_status = record["exit"]
        self.cpu_seconds += record["cpu"]

    def died(self, why: str) -> NodeId | None:
        """The process ended in the middle of a test: that test failed; returns which."""
        victim, self.running = self.running, None
        if victim is not None:
            broken = Failure(victim, "call", "ProcessDied", why)
            self.results[victim] = TestResult(victim, Outcome.FAILED, failure=broken)
        return victim

    def _take_broken(self, record: Record) -> None:
        node_id = NodeId(record["id"])
        broken = failure(node_id, "collect", record["failure"] or {"type": "CollectError", "message": ""})
        self.results[node_id] = TestResult(node_id, Outcome.ERROR, failure=broken)

    def _take_phase(self, record: Record) -> None:
        node_id = NodeId(record["id"])
        before = self.results.get(node_id) if record["when"] != "setup" else None
        result = before or TestResult(node_id, Outcome.PASSED)
        outcome = _phase_outcome(record)
        if outcome is not Outcome.PASSED and not result.outcome.is_failing:
            result = replace(result, outcome=outcome)
        if record["outcome"] == "failed" and result.failure is None:
            result = replace(result, failure=failure(node_id, record["when"], record["failure"]))
        printed = max(result.printed, record.get("printed", 0))
        self.results[node_id] = replace(result, seconds=result.seconds + record["seconds"], printed=printed)
        if "inner" in record:
            self.observed[node_id] = Observed(Inner(record["inner"]), record["error"], record["code"])
        if record["when"] == "teardown":
            self.running = None

    def _take_executed(self, record: Record) -> None:
        node_id = NodeId(record["id"])
        if node_id in self.results:
            lines = {path: frozenset(found) for path, found in record["lines"].items()}
            self.results[node_id] = replace(self.results[node_id], executed=lines)

    def run(self, seconds: float, output_tail: str) -> TestRun:
        """What is known so far; a test that is under way and has not failed has no outcome."""
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


def _trial(record: Record) -> Trial:
    return Trial(
        record["what"],
        record["id"],
        record.get("outcome", ""),
        Inner(record.get("inner", "unseen")),
        record.get("line", 0),
        record.get("reached", False),
        record.get("detail", ""),
        tuple(record.get("equals_all", ())),
    )


def _phase_outcome(record: Record) -> Outcome:
    match record["outcome"], record["xfail"]:
        case "failed", _:
            return Outcome.FAILED if record["when"] == "call" else Outcome.ERROR
        case "skipped", is_xfail:
            return Outcome.XFAILED if is_xfail else Outcome.SKIPPED
        case _, True:
            return Outcome.XPASSED
        case _:
            return Outcome.PASSED


def _collected(test: Record) -> CollectedTest:
    return CollectedTest(NodeId(test["id"]), test["path"], test["line"], test["doctest"])


def failure(node_id: NodeId, phase: str, record: Record) -> Failure:
    """The failure a probe record describes."""
    sides = record.get("comparison")
    return Failure(
        node_id=node_id,
        phase=phase,
        error_type=record["type"],
        message=record["message"],
        frames=tuple(_frames(record.get("frames", ()))),
        comparison=Comparison(sides["operator"], sides["actual"], sides["expected"]) if sides else None,
        missing_name=record.get("name"),
        owner_type=record.get("owner"),
    )


def _frames(records: Iterable[Record]) -> Iterable[Frame]:
    for each in records:
        local_names = tuple((name, value) for name, value in each["locals"])
        yield Frame(each["path"], each["line"], each["function"], each["inside"], local_names)

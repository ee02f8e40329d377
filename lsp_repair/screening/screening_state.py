"""What the tiers of screening share: the tests they trust, the warm server, and what is known of candidates."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Candidate, Edit, Screened, SourceFile
from lsp_repair.domain.runs import NodeId
from lsp_repair.isolation.cpu_time import cpu_seconds
from lsp_repair.pycode.units import Function, FunctionIndex, Unit
from lsp_repair.testrun.probe.warm import warm_records as records
from lsp_repair.testrun.warm_server import WarmServer

_MAX_COLD = 24
"""Candidates that may cost a whole pytest start each, where others are cheaper; else time is the only limit."""
_MAX_RESTARTS = 6
"""Of the warm server: where more candidates than this kill it, something else is wrong."""


@dataclass(frozen=True, slots=True)
class TrustedTest:
    """A test whose outcome on the original code was reproduced through the tier."""

    node_id: NodeId
    style: records.Style
    seconds: float
    """CPU limit."""
    expected_error: str | None
    """Error type on the original code; None where it passes."""
    writes: bool = False
    """Whether it gives that outcome only where it may write in the project's copy, which all candidates share."""

    def request(self, patience: float = 1.0) -> records.TestToRun:
        """What the warm server is asked to run."""
        return records.TestToRun(self.node_id, self.style, self.seconds * patience, self.writes)


def trusted_tests(server: WarmServer, tests: Sequence[TrustedTest], deadline: Deadline) -> tuple[TrustedTest, ...]:
    """Those of the tests that give their expected error through the swap tier: called directly, else by the hooks.

    They run in one process in the order given, which should be that of the collection: tests may depend on it.
    """
    found: dict[NodeId, TrustedTest] = {}
    for writes, style in itertools.product((False, True), records.Style):
        left = [replace(test, style=style, writes=writes) for test in tests if test.node_id not in found]
        if not left:
            break
        operation = records.Screen([], [test.request() for test in left], canary=True)
        reports, _ = server.answer(operation, deadline, 10 + sum(test.seconds for test in left))
        outcomes = next((each.outcomes for each in reports if isinstance(each, records.Canary)), ())
        found.update(
            (test.node_id, test)
            for test, outcome in zip(left, outcomes, strict=False)
            if same_outcome(outcome, test.expected_error)
        )
    return tuple(found[test.node_id] for test in tests if test.node_id in found)


def same_outcome(outcome: str | None, expected: str | None) -> bool:
    """A hang may show as a time limit here and as a killed process elsewhere."""
    hangs = {"TestTimeout", "ProcessDied"}
    return outcome == expected or (outcome in hangs and expected in hangs)


@dataclass(slots=True)
class Tally:
    """How many candidates each tier took."""

    swap: int = 0
    reload: int = 0
    cold: int = 0
    inconclusive: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tests of one failure group: a few to screen with, then all targets, then what covers the suspicious code."""

    screening: tuple[TrustedTest, ...]
    confirming: tuple[TrustedTest, ...]
    test_files: tuple[str, ...]
    """Where these tests were collected from, for the tier that collects again."""
    others: tuple[TrustedTest, ...] = ()
    """Failing tests of other groups: a candidate that repairs them too has found a common cause."""
    whole_files: bool = False
    """Whether the targets are files that do not collect: then every test in them has to pass."""
    only_cold: bool = False
    """Whether all targets start programs: only fresh copies show these a candidate."""


@dataclass(slots=True)
class ScreeningState:
    """The candidates and tests of one failure group."""

    server: WarmServer
    root: str
    ladder: Ladder
    deadline: Deadline
    workers: int = 1
    run_cold: Callable[[Candidate], bool] | None = None
    """Runs the targets on a candidate in a fresh process: the last tier."""
    tally: Tally = field(default_factory=Tally)
    quarantined: list[Candidate] = field(default_factory=list[Candidate])
    """Candidates that killed or disturbed the server; they are not run again."""
    slow: set[Candidate] = field(default_factory=set[Candidate])
    """Inconclusive candidates, which get more time when they are screened again."""
    known: dict[tuple[str, tuple[Edit, ...]], bool] = field(default_factory=dict[tuple[str, tuple[Edit, ...]], bool])
    """Whether candidates survived, by path and edits."""
    swap_is_trusted: dict[tuple[str, Function], bool] = field(default_factory=dict[tuple[str, Function], bool])
    """By path and function, where the original went through the tier."""
    reload_is_trusted: dict[str, bool] = field(default_factory=dict[str, bool])
    """The same by path."""
    _indexes: dict[SourceFile, FunctionIndex] = field(default_factory=dict[SourceFile, FunctionIndex])

    def index(self, source: SourceFile) -> FunctionIndex:
        """The functions of a file."""
        if source not in self._indexes:
            self._indexes[source] = FunctionIndex(source)
        return self._indexes[source]

    def unit(self, candidate: Candidate) -> Unit | None:
        """The function that a candidate changes; None when its module has to be imported again."""
        if not self.ladder.screening:
            return None
        unit = self.index(candidate.source).unit(candidate)
        if unit is None or self.swap_is_trusted.get((candidate.source.path, unit.function)) is False:
            return None
        return unit

    def swap(self, key: int, path: str, unit: Unit) -> records.Swap:
        """The request that puts a function's new text in its place."""
        function = unit.function
        shells = list(function.shells)
        return records.Swap(key, f"{self.root}/{path}", function.first_line, function.name, shells, unit.text)

    def run_alone(
        self, candidate: Candidate, unit: Unit, tests: Iterable[TrustedTest], patience: float = 1.0
    ) -> records.ScreeningVerdict:
        """The verdict on a candidate in a fork of its own."""
        operation = records.Screen(
            [self.swap(0, candidate.source.path, unit)], [test.request(patience) for test in tests]
        )
        stall_seconds = 3.0 + 2 * sum(test.seconds for test in operation.tests)
        found, done = self.server.answer(operation, self.deadline, min(stall_seconds, 30.0))
        if done is not None:
            self.tally.cpu_seconds += done.cpu
        verdicts = (each.verdict for each in found if isinstance(each, records.ScreenedCandidate))
        return next(verdicts, records.ScreeningVerdict.SLOW)

    def restarted_after_death(self) -> bool:
        """Whether a server that died was replaced by a new one."""
        if self.deadline.passed or not self.server.is_gone or self.server.restarts >= _MAX_RESTARTS:
            return False
        return self.server.restart(self.deadline)

    def quarantine(self, candidate: Candidate) -> Iterator[Screened]:
        """Note who killed or disturbed the server."""
        if candidate not in self.quarantined:
            self.quarantined.append(candidate)
            yield Screened(candidate, 0, survived=False)

    def screen_cold(self, candidate: Candidate) -> Screened:
        """In a fresh process, as long as there are not too many of them."""
        if self.run_cold is None or (not self.ladder.only_cold and self.tally.cold >= _MAX_COLD):
            return Screened(candidate, 0, survived=False)
        self.tally.cold += 1
        before = cpu_seconds()
        survived = self.run_cold(candidate)
        self.tally.cpu_seconds += cpu_seconds() - before
        return Screened(candidate, 0, survived=survived)

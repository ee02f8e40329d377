"""The tests that screen candidates, each trusted only after the original source gave its known outcome through the tier."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import NodeId
from lsp_repair.testrun.probe.warm.warm_records import Canary, Screen, Style, TestToRun
from lsp_repair.testrun.warm_server import WarmServer


@dataclass(frozen=True, slots=True)
class TrustedTest:
    """A test whose outcome on the original code was reproduced through the tier."""

    node_id: NodeId
    style: Style
    seconds: float
    """CPU limit."""
    expected_error: str | None
    """Error type on the original code; None where it passes."""
    writes: bool = False
    """Whether it gives that outcome only where it may write in the project's copy, which all candidates share."""

    def request(self, patience: float = 1.0) -> TestToRun:
        """What the warm server is asked to run."""
        return TestToRun(self.node_id, self.style, self.seconds * patience, self.writes)


def trusted_tests(server: WarmServer, tests: Sequence[TrustedTest], deadline: Deadline) -> tuple[TrustedTest, ...]:
    """Those of the tests that give their expected error through the swap tier: called directly, else by the hooks.

    They run in one process in the order given, which should be that of the collection: tests may depend on it.
    """
    found: dict[NodeId, TrustedTest] = {}
    for writes, style in itertools.product((False, True), Style):
        left = [replace(test, style=style, writes=writes) for test in tests if test.node_id not in found]
        if not left:
            break
        operation = Screen([], [test.request() for test in left], canary=True)
        reports, _ = server.answer(operation, deadline, 10 + sum(test.seconds for test in left))
        outcomes = next((each.outcomes for each in reports if isinstance(each, Canary)), ())
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

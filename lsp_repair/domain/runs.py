"""What running tests gives: outcomes, failures with their frames, and the lines that were executed."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_VOLATILE = re.compile(r"0x[0-9a-f]+|\b\d+(?:\.\d+)?\b|'[^'\n]*'|\"[^\"\n]*\"")


class Inner(StrEnum):
    """What the call of a test function itself did, apart from what pytest reported of it."""

    RETURNED = "returned"
    RAISED = "raised"
    SKIPPED = "skipped"
    """It raised what skips a test, or marks it as expected to fail."""
    NEVER = "never"
    """It was not called, or did not come back."""
    UNSEEN = "unseen"
    """This kind of test has no function that could be watched."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One test's call as it was seen innermost."""

    inner: Inner
    error_reported: bool
    """Whether pytest was told of an error in the call, whatever the report made of it."""
    code: str = ""
    """Digest of the code that ran; empty when it comes from no test file."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a canary, of a test's copy or of a mutant of it, after the real tests."""

    what: str
    """`canary`, `again`, `negated`, `negated-within` (in a function that the test defines), `other-error`; `rebound` when
    `detail` names what is not what the test file says, and `none` when it names what could not be tried."""
    node_id: str
    outcome: str = ""
    """`passed`, `failed` (in whatever phase) or `skipped`."""
    inner: Inner = Inner.UNSEEN
    line: int = 0
    reached: bool = False
    """Whether the mutated place was executed."""
    detail: str = ""
    equals_all: tuple[str, ...] = ()
    """Types of compared values that equal what nothing equals."""


@dataclass(frozen=True, slots=True)
class Oversight:
    """The facts that a judge of untrusted code asks for; empty where nobody asked."""

    garbled: str = ""
    """Why the records cannot be the probe's own; empty when they can."""
    irregular: frozenset[str] = frozenset()
    """Kinds of order that the records break: honest plugins may, and then do so with any code."""
    observed: Mapping[str, Observed] = field(default_factory=dict[str, Observed])
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the test files as they were just before they were imported, by path relative to the root."""
    trials: tuple[Trial, ...] = ()
    reached: frozenset[tuple[str, str]] = frozenset()
    """Paths of guarded files with what they reached for; an empty path where it cannot be said which."""


class NodeId(str):
    """pytest's name of a test, or of a file that did not collect; relative to the root, with `/`."""

    __slots__ = ()

    @property
    def file(self) -> str:
        """Path of the file that it stands in."""
        return self.partition("::")[0]

    @property
    def function(self) -> str:
        """The id without its parameters: what all parameter sets of a test share."""
        return self.partition("[")[0]

    @property
    def is_file(self) -> bool:
        """Whether it names a whole file: one that did not collect."""
        return "::" not in self


class Outcome(StrEnum):
    """What became of one test, all phases taken together."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """Set-up, tear-down or collection failed."""
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"

    @property
    def is_failing(self) -> bool:
        """Whether a user sees this test as broken."""
        return self in {Outcome.FAILED, Outcome.ERROR}


@dataclass(frozen=True, slots=True)
class Frame:
    """One traceback entry, paths relative to the root where they lie in it."""

    path: str
    line: int
    function: str
    in_project: bool
    locals: tuple[tuple[str, str], ...] = ()
    """Name and capped repr of each local variable."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two sides of a failed comparison as capped reprs."""

    operator: str
    actual: str
    expected: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one test fails."""

    node_id: NodeId
    phase: str
    """`collect`, `setup`, `call` or `teardown`."""
    error_type: str
    """The class's bare name, such as `KeyError`."""
    message: str
    frames: tuple[Frame, ...] = ()
    """Outermost first."""
    comparison: Comparison | None = None
    missing_name: str | None = None
    """`name` of a NameError, AttributeError, ImportError; the key of a KeyError as its repr."""
    owner_type: str | None = None
    """For an AttributeError: the type that lacks the attribute."""

    @property
    def while_collecting(self) -> bool:
        """Whether the file did not load, so that its tests are unknown."""
        return self.phase == "collect"

    @property
    def innermost_project_frame(self) -> Frame | None:
        """The deepest frame in the user's own code."""
        return next((frame for frame in reversed(self.frames) if frame.in_project), None)

    @property
    def fingerprint(self) -> str:
        """Identity of the cause: error type, normalised message and innermost project frame."""
        frame = self.innermost_project_frame
        place = f"{frame.path}:{frame.function}" if frame else ""
        text = "\0".join((self.error_type, normalised_message(self.message), place))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def normalised_message(message: str) -> str:
    """The first line of an error message without the values that change from test to test."""
    first_line = message.strip().splitlines()[0] if message.strip() else ""
    return _VOLATILE.sub("_", first_line)[:200]


@dataclass(frozen=True, slots=True)
class CollectedTest:
    """A test as pytest collected it."""

    node_id: NodeId
    path: str
    """The file it was collected from, relative to the root."""
    line: int
    """1-based first line of the test, 0 when unknown."""
    is_doctest: bool = False


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's outcome over all its phases."""

    __test__ = False

    node_id: NodeId
    outcome: Outcome
    seconds: float = 0.0
    """Wall time of all phases."""
    failure: Failure | None = None
    executed: Mapping[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])
    """Lines of the project's files this test executed, by path; empty when they were not recorded."""
    imported: frozenset[str] = frozenset()
    """Files of which a module or class was executed meanwhile."""
    latest: tuple[tuple[str, int], ...] = ()
    """Of a failing test: path and line by their last execution before it failed, the latest first."""
    printed: int = 0
    """Characters that pytest captured; 0 where they are fewer than 65,536."""
    starts_programs: bool = False
    """Whether it was seen to start other programs, or to have lines executed by one."""
    unseen: tuple[str, ...] = ()
    """Programs that it starts and whose executed lines are not known."""
    originals: tuple[str, ...] = ()
    """Absolute paths of the user's own files that a program of its imported, where it should have imported the copy's."""
    is_from_coverage: bool = False
    """Whether the executed lines are those of an earlier run, as coverage recorded them: no run of ours has seen them."""


@dataclass(frozen=True, slots=True)
class TestRun:
    """Everything one run of pytest told over the probe's pipe."""

    __test__ = False

    collected: tuple[CollectedTest, ...]
    results: Mapping[NodeId, TestResult]
    """Also holds collection errors, by the id of the file."""
    oracle_paths: frozenset[str]
    """Files that decide outcomes: collected test files, conftests, pytest's configuration."""
    module_files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Absolute `__file__` of every imported module of the project, by module name."""
    complete: bool = True
    """Whether the end record arrived: without it nothing may be concluded from what is absent."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    output_tail: str = ""
    """The last lines pytest and the tests printed, for error messages."""
    pytest_version: str = ""
    exit_status: int | None = None
    oversight: Oversight = field(default_factory=Oversight)

    @property
    def failing(self) -> tuple[TestResult, ...]:
        """Failed and erroneous tests in the order they ran."""
        return tuple(result for result in self.results.values() if result.outcome.is_failing)

    @property
    def passed(self) -> frozenset[NodeId]:
        """Ids of the tests that passed."""
        return frozenset(key for key, result in self.results.items() if result.outcome is Outcome.PASSED)

    def has_passed(self, key: NodeId) -> bool:
        """Whether one test passed; `passed` makes a set of all of them."""
        result = self.results.get(key)
        return result is not None and result.outcome is Outcome.PASSED

    def failure_of(self, key: str) -> Failure | None:
        """Why a test fails; None where it does not, or did not run."""
        result = self.results.get(NodeId(key))
        return None if result is None else result.failure

    def count(self, outcome: Outcome) -> int:
        """How many tests ended so."""
        return sum(1 for result in self.results.values() if result.outcome is outcome)


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """One cause, many tests."""

    fingerprint: str
    failures: tuple[Failure, ...]

    @property
    def node_ids(self) -> tuple[NodeId, ...]:
        """The tests of the group in the order they ran."""
        return tuple(failure.node_id for failure in self.failures)

    @property
    def representative(self) -> Failure:
        """The failure that is shown and explained."""
        return self.failures[0]


def grouped(failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Groups by fingerprint, in order of first appearance."""
    groups: dict[str, list[Failure]] = {}
    for failure in failures:
        groups.setdefault(failure.fingerprint, []).append(failure)
    return tuple(FailureGroup(fingerprint, tuple(members)) for fingerprint, members in groups.items())

"""What the tool asks of the warm server's children, and what they report besides the reports of a cold run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Optional

from ..channel import Record
from ..run_records import Count


class Style(str, Enum):
    """How an item is run."""

    DIRECT = "direct"
    """Its own phases are called."""
    HOOKS = "hooks"
    """Through the plugins' hooks as well, which caplog needs."""


class TestToRun(Record, kind="test"):
    """One test of a request."""

    __test__ = False

    id: str
    style: Style
    seconds: float
    """CPU limit."""
    writes: bool = False
    """Whether it may write in the project's copy."""


class Swap(Record, kind="swap"):
    """A function and the text to put in its place."""

    key: int
    path: str
    """Absolute."""
    first: int
    """Its first line, counted from the first decorator."""
    name: str
    shells: Sequence[str]
    """Names of the classes around it, outermost first."""
    text: str


class RunTests(Record, kind="run"):
    """Run tests once with full facts, as a cold run would; see `operations.run`."""

    ids: Sequence[str]
    test_seconds: float
    record: bool = False
    """Whether executed lines are reported."""
    swaps: Sequence[Swap] = ()
    """Functions that are replaced before."""
    rounds: int = 0
    """How many times the tests run in order to find out what each of them reaches: 0 (not at all), 1 or 2."""


class Screen(Record, kind="screen"):
    """Run tests on each candidate until the first that fails."""

    candidates: Sequence[Swap]
    tests: Sequence[TestToRun]
    run_all: bool = False
    """Whether the tests go on after one that fails."""
    canary: bool = False
    """Whether the original runs last."""


class Reimport(Record, kind="reimport"):
    """Import files again, collect the test files again, run the tests."""

    files: Mapping[str, str]
    """Whole texts by absolute path."""
    test_files: Sequence[str]
    tests: Sequence[TestToRun]
    whole_files: bool
    """Whether every test that is collected has to run."""
    run_all: bool
    test_seconds: float
    """For tests that are not among `tests`."""


class ClassPart(Record, kind="class-part"):
    """A new method of a class, or an attribute with a new value."""

    path: str
    owner: Sequence[str]
    """The names of the classes around it, outermost first."""
    name: str
    text: str
    """The statement, indented as in its file."""


class Version(Record, kind="version"):
    """The project's code with some functions replaced."""

    key: int
    """Not negative; -1 is the code as it is."""
    functions: Sequence[Swap]
    """With their whole new text: parameters and defaults count."""
    statements: Mapping[str, Sequence[str]]
    """Statements that are executed in modules, by their file."""
    parts: Sequence[ClassPart] = ()


class Place(Record, kind="place"):
    """A function whose calls are answered by every version."""

    path: str
    """Absolute."""
    first: int
    name: str


class CompareVersions(Record, kind="versions"):
    """Run tests and have each version answer the calls that they lead to; see `versions/version_answers.py`."""

    versions: Sequence[Version]
    """The tests run on the first one."""
    places: Sequence[Place]
    tests: Sequence[TestToRun]
    numbers: Sequence[float]
    """Literals that inputs near the tests' ones are made of; texts as well:"""
    texts: Sequence[str]
    seconds: float
    """CPU time after which no further call is answered."""
    expectations: Sequence[str] = ()
    """Expressions that have to be true; names are looked up in these modules, in this order:"""
    modules: Sequence[str] = ()
    """Their files."""
    judged: int = 0
    """The first so many versions are called in disguise as well."""


class ForkOnly(Record, kind="nothing"):
    """A fork and no more."""

    tests: Sequence[TestToRun] = ()


class ChildRequest(Record, kind="child"):
    """What one forked child is to do."""

    number: int
    """Repeated in all that is reported of it."""
    operation: Record
    urgent: bool
    """Whether somebody waits for the answer: it goes before what is queued and beside what is running."""
    stall_seconds: float
    """Silence after which the child is killed."""


class Ready(Record, kind="ready"):
    """The server has collected and takes requests."""


class Done(Record, kind="done"):
    """A child has ended."""

    why: Optional[str]
    """How it was ended; None when it ended by itself."""
    cpu: float


class CannotSwap(Record, kind="no-swap"):
    """A function cannot be replaced, and nothing ran."""


class Reached(Record, kind="reached"):
    """What each test reached, as pairs of a file and a first line."""

    tests: Mapping[str, Sequence[tuple[str, int]]]


class SecondRound(Record, kind="again"):
    """A test of the second round begins."""


class ScreeningVerdict(str, Enum):
    """What became of a candidate."""

    WON = "won"
    LOST = "lost"
    SLOW = "slow"
    """A test reached its time limit."""
    SYNTAX = "syntax"
    """It does not compile."""
    CANNOT_SWAP = "no-swap"
    """Its module has to be imported again."""


class ScreenedCandidate(Record, kind="screened"):
    """The verdict on one candidate."""

    key: int
    verdict: ScreeningVerdict
    passed: Count


class Canary(Record, kind="canary"):
    """The error type of each test on the original, None where it passes."""

    outcomes: Sequence[Optional[str]]


class ReimportedOutcome(Record, kind="outcome"):
    """How a test ended after `Reimport`."""

    id: str
    error: Optional[str]


class NotComparable(Record, kind="not-comparable"):
    """Keys of the versions that cannot be put in place."""

    versions: Sequence[int]


class Sets(Record, kind="sets-for-all"):
    """What a version changes for the whole process."""

    version: int
    parts: Sequence[str]
    call: str
    """Which call does; empty: the statements of its modules."""


class Expected(Record, kind="expected"):
    """What became of an expectation on one version."""

    version: int
    expectation: Count
    """Which of them."""
    holds: bool
    concerns: bool
    """Whether it calls one of the functions of the request, or cannot be tried at all."""
    error: Optional[str]
    """What it raised instead of being true or false."""


class Entry(Record, kind="entry"):
    """The beginning of a call that a test led to."""

    entry: Count
    path: str
    first: int
    """The first line of the function that is called, which may be defined in one that was asked for."""
    test: str
    site: str
    """Where the test makes the call that leads here, and the text of that line."""


class Disguised(Record, kind="disguised"):
    """What a version gave for the input of an entry with something of the tests' under another name."""

    entry: Count
    version: int
    what: str
    """It has another name, or is gone."""
    same: bool
    """Whether the answer is as before."""


class VersionAnswer(Record, kind="version-answer"):
    """What one version gave for one input."""

    entry: Count
    version: int
    given: str
    """Digest of the input."""
    near: bool
    """Whether the input is a neighbour of the one that the test led to."""
    call: str
    gives: Optional[str]
    """Digest of all that can be seen of it; None where that cannot be told."""
    result: str
    """Digest of the result alone, without what the call changed in its arguments."""
    shown: str
    """The result as a person reads it."""
    type: str
    """The name of the result's type, or of the exception's."""
    error: Optional[str]
    """The name of the exception."""
    refused: bool
    """Whether a statement of the project's own raised it."""

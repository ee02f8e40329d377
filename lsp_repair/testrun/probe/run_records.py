"""What the tool asks of a run of pytest, and what the probe reports of it, record by record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Optional

from .channel import Record

Count = Annotated[int, "count"]
"""Not negative."""
TrialKind = Literal["canary", "again", "negated", "negated-within", "other-error", "rebound", "none"]


class MustFailRequest(Record, kind="must-fail"):
    """What is tried after the real tests (see must_fail/mutated_assertions.py)."""

    targets: Sequence[str]
    """Node ids, or files for all of their tests."""
    changed: Mapping[str, Sequence[Sequence[int]]]
    """Spans of lines that the patch wrote, by path relative to the root."""
    seconds: float = 1.0
    """CPU time for mutants; what is always tried comes on top."""


class ColdRequest(Record, kind="cold"):
    """One run of pytest; paths are relative to the root unless they are absolute."""

    root: str
    """Absolute path of the snapshot, which is the current directory."""
    home: str
    """Absolute path of the project that it is a copy of."""
    args: Sequence[str]
    """For pytest."""
    secret: str
    """Hex digits that seal the reports."""
    only: Optional[Sequence[str]]
    """Ids of the tests to keep; None keeps all."""
    within: Optional[Sequence[str]]
    """Files that may be collected; None: all."""
    record: bool
    """Whether executed lines are reported."""
    reverse: bool
    test_seconds: float
    """The least that the CPU limit of a test is."""
    digests: bool
    """Whether digests of the test files are reported."""
    guarded: Mapping[str, Sequence[str]]
    """See session/guarding.py."""
    must_fail: Optional[MustFailRequest]

    def take_secret(self) -> bytes:
        """The secret, once: afterwards nothing that the user's code can reach holds it."""
        return bytes.fromhex(self.__dict__.pop("secret"))


class WarmRequest(Record, kind="warm"):
    """A warm server (see warm/warm_session.py)."""

    root: str
    home: str
    args: Sequence[str]
    only: Optional[Sequence[str]]
    workers: int
    """Children that may run at once."""
    guard: Optional[str]
    """Folder of the package that confines children; None where nothing is confined."""


class Hello(Record, kind="hello"):
    """The process is there and has imported pytest."""

    pytest: str
    python: Sequence[Count]
    pid: Count


class CollectedItem(Record):
    """A test that will run."""

    id: str
    path: str
    line: int
    doctest: bool


class Collected(Record, kind="collected"):
    """All tests that will run, and the files that decide outcomes."""

    tests: Sequence[CollectedItem]
    oracle: Sequence[str]
    digests: Mapping[str, str] = {}


class ReportedFrame(Record):
    """One frame of a traceback."""

    path: str
    line: int
    function: str
    inside: bool
    """Whether the file lies in the project."""
    locals: Sequence[tuple[str, str]]
    """Pairs of a name and a shortened repr."""


class Sides(Record):
    """The operands of a failed comparison."""

    operator: str
    actual: str
    expected: str


class ReportedFailure(Record):
    """An exception."""

    type: str
    message: str
    frames: list[ReportedFrame]
    comparison: Optional[Sides] = None
    name: Optional[str] = None
    """The name that was not found."""
    owner: Optional[str] = None
    """The type of the object that lacks the attribute."""


class CollectError(Record, kind="collect-error"):
    """A file that does not collect."""

    id: str
    failure: Optional[ReportedFailure]


class StartError(Record, kind="start-error"):
    """A conftest or a plugin that does not load, or an error inside of pytest."""

    failure: ReportedFailure


class Start(Record, kind="start"):
    """A test begins."""

    id: str


class Phase(Record, kind="phase"):
    """Set-up, call or tear-down of a test has ended."""

    id: str
    when: Literal["setup", "call", "teardown"]
    outcome: Literal["passed", "failed", "skipped"]
    seconds: float
    xfail: bool
    failure: Optional[ReportedFailure] = None
    sub: bool = False
    """Whether it is the phase of a subtest."""
    printed: Count = 0
    """Characters, where they are many."""
    inner: Optional[Literal["returned", "raised", "skipped", "never", "unseen"]] = None
    """What the innermost watcher saw of the call; together with `error` and `code`."""
    error: bool = False
    """Whether pytest saw an exception."""
    code: str = ""
    """Digest of the code that was called."""


class Executed(Record, kind="executed"):
    """The lines that a test executed, by file."""

    id: str
    lines: Mapping[str, Sequence[Count]]
    imported: Sequence[str] = ()
    """Files of which a module or class was executed meanwhile."""
    latest: Sequence[tuple[str, Count]] = ()
    """Lines by their last execution before the test failed, the latest first."""
    programs: bool = False
    """Whether it starts programs, or lines are those of a program."""
    unseen: Sequence[str] = ()
    """Programs that it starts and whose lines are not known."""
    originals: Sequence[str] = ()
    """Absolute paths of files of the user's that a program imported instead of the copy's."""


class Modules(Record, kind="modules"):
    """Where modules were imported from."""

    files: Mapping[str, str]


class TrialEnded(Record, kind="trial"):
    """One attempt of must_fail/mutated_assertions.py."""

    what: TrialKind
    id: str
    outcome: Literal["passed", "failed", "skipped", ""] = ""
    inner: Literal["returned", "raised", "skipped", "never", "unseen"] = "unseen"
    line: int = 0
    reached: bool = False
    detail: str = ""
    equals_all: Sequence[str] = ()


class ReachedFor(Record, kind="reached-for"):
    """A guarded file reached for frames, code or all objects."""

    path: str
    name: str


class Garbled(Record, kind="garbled"):
    """What arrived is no record."""

    why: str


class End(Record, kind="end"):
    """The run is over."""

    exit: int
    cpu: float

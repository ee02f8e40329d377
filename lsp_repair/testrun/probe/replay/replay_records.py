"""What the tool asks of `observing.serve`, and what that reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from ..channel import Record
from ..run_records import Count


class CallMade(Record, kind="call"):
    """A call that the tests led to."""

    callee: tuple[str, str, str]
    """See `callables.Callee`."""
    data: str
    """Its arguments, pickled, in base 64."""


class RecordCalls(Record, kind="record"):
    """Run tests and report their calls; paths are absolute."""

    home: str
    """The project that the current directory is a copy of."""
    args: Sequence[str]
    """For pytest."""
    only: Optional[Sequence[str]]
    """Ids to keep; None keeps all."""
    oracle: Sequence[str]
    """Files of the tests."""
    changed: Mapping[str, Sequence[int]]
    """First lines of the functions that the patch changed, by file."""
    test_seconds: float


class ImitatedTest(Record, kind="test-imitated"):
    """The test that seems to run."""

    id: str
    path: str
    function: str
    at_root: bool
    """Whether it runs in the project's root; else in a folder of its own."""


class ReplayCalls(Record, kind="replay"):
    """Make calls again, in a folder of their own."""

    calls: Sequence[CallMade]
    path: Sequence[str]
    """Folders that come first on `sys.path`."""
    test_modules: Sequence[str]
    """Never imported."""
    near: bool
    """Whether neighbours of the inputs are tried as well, made with the help of literals:"""
    numbers: Sequence[float]
    texts: Sequence[str]
    test: Optional[ImitatedTest]
    """Given: the process looks as if this test were running."""


class ReplayRequest(Record, kind="request"):
    """One of them."""

    root: str
    seal: str
    """Repeated in every report, which code under test has no reason to know."""
    task: Record


class Surroundings(Record, kind="surroundings"):
    """The modules that only tests have, and where modules were found."""

    modules: Sequence[str]
    path: Sequence[str]


class MissingCalls(Record, kind="missing"):
    """Numbers of the calls whose function cannot be imported."""

    calls: Sequence[Count]


class CallAnswer(Record, kind="answer"):
    """What one input gave."""

    call: Count
    key: str
    """Digest of the input."""
    shown: str
    tested: bool
    """Whether a test gave it this input; else it is a neighbour."""
    gives: Optional[str]
    """What it gave twice; None where the answer differed or cannot be seen."""
    prints: str = ""
    error: Optional[str] = None
    """The name of the exception."""
    given: Sequence[str] = ()
    """The plain values in the input."""
    held: Sequence[str] = ()
    """The plain values in what was returned."""

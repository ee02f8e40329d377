"""What a project's history says of failing tests."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as people name it."""

    id: str
    """Short."""
    date: str
    """Of its author, as YYYY-MM-DD."""
    subject: str


@dataclass(frozen=True, slots=True)
class BlamedHunk:
    """Changed lines as they are now; None where that commit's lines have been changed again since."""

    path: str
    first: int | None
    """1-based; of what was only removed, the line that follows."""
    last: int | None
    commit: str | None = None
    """Short id of the commit that brought them, where it is known."""


@dataclass(frozen=True, slots=True)
class BlamedFile:
    """A change of a file as a whole."""

    path: str
    change: str
    """`added`, `deleted`, `renamed`, or `changed` where it is no text."""
    was: str | None = None
    """Its path before, where it was renamed."""


@dataclass(frozen=True, slots=True)
class ChangeToBlame:
    """The smallest change since some state of the code that makes tests fail which passed before it."""

    revision: str
    """Short id of the commit with whose code they passed; empty where they were seen to pass with code of no commit."""
    is_committed: bool
    """Whether a commit changed it since; otherwise the working tree has."""
    hunks: tuple[BlamedHunk, ...]
    is_minimal: bool
    """Whether without any part of it they were seen to pass, or not to run."""
    files: tuple[BlamedFile, ...] = ()
    commit: Commit | None = None
    """The commit that made the change, where it was looked for."""

    @property
    def lines(self) -> tuple[tuple[str, int, int], ...]:
        """Path with first and last line (1-based), of those that are there now."""
        found = ((each.path, each.first, each.last) for each in self.hunks)
        return tuple((path, first, last) for path, first, last in found if first is not None and last is not None)


@dataclass(frozen=True, slots=True)
class NeverPassed:
    """Tests that failed with the code of every commit that was tried."""

    revision: str
    """Short id of the oldest commit that was tried."""
    commits: int
    """How many commits there are from that one to now, both counted."""
    run: int
    """How many of them were tried."""
    are_new: bool
    """Whether the tests did not exist in that commit."""


class BisectionEnd(StrEnum):
    """How the search for the commit since which tests fail ended."""

    FOUND = "found"
    SEVERAL = "several"
    """The commits between cannot be run with today's tests."""
    FAILS_THERE = "fails-there"
    """The tests fail with the code of the commit that the search starts at."""
    CANNOT_RUN_THERE = "cannot-run-there"
    NOT_REPRODUCED = "not-reproduced"
    """The tests do not fail alone, with today's code."""
    NOT_CONFIRMED = "not-confirmed"
    """Fresh runs of the commit and its parent contradict the search."""
    TIME_LIMIT = "time-limit"


@dataclass(frozen=True, slots=True)
class Bisection:
    """What bisecting the history found."""

    start: str
    """The revision as the user named it."""
    end: BisectionEnd
    run: int
    """Commits whose code was run."""
    of: int
    """Commits after the start."""
    suspects: tuple[Commit, ...] = ()
    """The commit, or those of which one is it; empty where it is a change that is not committed."""


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of how tests came to fail."""

    change: ChangeToBlame | None = None
    never_passed: NeverPassed | None = None
    bisection: Bisection | None = None
    """None where nobody asked for it."""

"""What the editor is shown of a failure: where it is, its explanation, and the proposals for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file: path relative to the root, line from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class FailingTest:
    """A failing test, as reported by one run."""

    id: str
    place: Place
    """The failing assertion, or where the test begins."""
    error_type: str
    message: str
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file before and after a proposal."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal as the editor needs it."""

    id: str
    title: str
    flagged: bool
    widely_proved: bool
    """Whether every test that the change can affect was run."""
    origin: str
    cost_usd: str | None
    files: tuple[FileText, ...]
    isolation: str = ""
    """The isolation tier of its proof, in words."""
    notes: tuple[str, ...] = ()
    """What to know before accepting it; findings as `path:line: message`."""


@dataclass(frozen=True, slots=True)
class Report:
    """One failure group after an attempt to repair it."""

    fingerprint: str
    tests: tuple[str, ...]
    error_type: str
    status: str
    explanation: str
    places: tuple[Place, ...]
    """The most suspicious first."""
    offers: tuple[Offer, ...] = ()
    detail: str = ""
    values: tuple[tuple[str, int, str], ...] = ()
    """Path, line and local variables where it failed."""

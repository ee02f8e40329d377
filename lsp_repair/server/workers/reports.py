"""What workers tell the server, as values that travel as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file: path relative to the root, line from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class FailingTest:
    """A test that fails, as far as one run tells."""

    id: str
    place: Place
    """The failing assertion, or where the test begins."""
    error_type: str
    message: str
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a run of the affected tests told."""

    generation: int
    files: tuple[str, ...] | None
    """The test files that ran: red tests of others stand; None: everything ran."""
    failing: tuple[FailingTest, ...]
    collected: int
    seconds: float


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
    """Whether all that the change can affect was run."""
    origin: str
    cost_usd: str | None
    files: tuple[FileText, ...]
    isolation: str = ""
    """The tier it was proved at, in words."""


@dataclass(frozen=True, slots=True)
class Report:
    """One failure group after its repair was tried."""

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
    """Path, line and values of variables where it failed."""


def to_json(kind: str, value: Any) -> dict[str, Any]:
    """A value with its kind."""
    return {"kind": kind, **asdict(value)}


def verdicts(reported: Mapping[str, Any]) -> Verdicts:
    """Back from JSON."""
    return Verdicts(
        reported["generation"],
        None if reported["files"] is None else tuple(reported["files"]),
        tuple(_failing(each) for each in reported["failing"]),
        reported["collected"],
        reported["seconds"],
    )


def _failing(reported: Mapping[str, Any]) -> FailingTest:
    fields: dict[str, Any] = {**reported, "place": Place(**reported["place"])}
    return FailingTest(**fields)


def report(reported: Mapping[str, Any]) -> Report:
    """Back from JSON."""
    return Report(
        fingerprint=reported["fingerprint"],
        tests=tuple(reported["tests"]),
        error_type=reported["error_type"],
        status=reported["status"],
        explanation=reported["explanation"],
        places=tuple(Place(**each) for each in reported["places"]),
        offers=tuple(offer(each) for each in reported["offers"]),
        detail=reported["detail"],
        values=tuple((path, line, text) for path, line, text in reported["values"]),
    )


def offer(reported: Mapping[str, Any]) -> Offer:
    """Back from JSON."""
    fields: dict[str, Any] = {**reported, "files": tuple(FileText(**each) for each in reported["files"])}
    return Offer(**fields)

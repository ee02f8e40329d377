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
class RedTest:
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
    red: tuple[RedTest, ...]
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


def verdicts(told: Mapping[str, Any]) -> Verdicts:
    """Back from JSON."""
    return Verdicts(
        told["generation"],
        None if told["files"] is None else tuple(told["files"]),
        tuple(_red(each) for each in told["red"]),
        told["collected"],
        told["seconds"],
    )


def _red(told: Mapping[str, Any]) -> RedTest:
    fields: dict[str, Any] = {**told, "place": Place(**told["place"])}
    return RedTest(**fields)


def report(told: Mapping[str, Any]) -> Report:
    """Back from JSON."""
    return Report(
        fingerprint=told["fingerprint"],
        tests=tuple(told["tests"]),
        error_type=told["error_type"],
        status=told["status"],
        explanation=told["explanation"],
        places=tuple(Place(**each) for each in told["places"]),
        offers=tuple(offer(each) for each in told["offers"]),
        detail=told["detail"],
        values=tuple((path, line, text) for path, line, text in told["values"]),
    )


def offer(told: Mapping[str, Any]) -> Offer:
    """Back from JSON."""
    fields: dict[str, Any] = {**told, "files": tuple(FileText(**each) for each in told["files"])}
    return Offer(**fields)

"""What is known of one root at one moment: requests look things up in it and never wait."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from lsp_repair.domain.behaviour import NewCase
from lsp_repair.domain.runs import NodeId
from lsp_repair.pycode.differences import common_ends
from lsp_repair.server.state.buffers import plain_lines, same_text


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
    proved: bool = True
    """Whether its grade is *proved*: else it is possible, and a person has to look."""
    behaviour: tuple[str, ...] = ()
    """What it changes beyond the failing tests: examples, and how much stays as it was."""
    isolation: str = ""
    """The isolation tier of its proof, in words."""
    notes: tuple[str, ...] = ()
    """What to know before accepting it; findings as `path:line: message`."""

    @property
    def bare_title(self) -> str:
        """The title without its grade, for where that is said already."""
        return self.title if self.proved else self.title.replace("possible: ", "", 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose answer would decide between proposals."""

    call: str
    answers: tuple[tuple[str, str], ...]
    """What the call may give, each with the expression that says so; empty for an error."""


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
    question: Asked | None = None
    new_cases: tuple[NewCase, ...] = ()
    """What the user answered, as tests to be added."""
    values: tuple[tuple[str, int, str], ...] = ()
    """Path, line and local variables where it failed."""


class Autonomy(StrEnum):
    """How far the server goes by itself."""

    OFF = "off"
    DIAGNOSE = "diagnose"
    EXPLAIN = "explain"
    PROPOSE = "propose"

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> "Autonomy":
        """As the settings say; *propose* unless they name another."""
        value = settings.get("autonomy")
        return cls(value) if isinstance(value, str) and value in list(cls) else cls.PROPOSE


@dataclass(frozen=True, slots=True)
class Ask:
    """A repair that the user asked for."""

    tests: tuple[str, ...] = ()
    """Empty: all that fail."""
    models: bool = False
    hint: str = ""


class Phase(StrEnum):
    """What is going on in a root."""

    UNTRUSTED = "untrusted"
    IDLE = "idle"
    TESTING = "testing"
    REPAIRING = "repairing"
    BROKEN = "broken"


BUSY = frozenset({Phase.TESTING, Phase.REPAIRING})


@dataclass(frozen=True, slots=True)
class View:
    """The failing tests of a root, the reports on them, and what the user made of the proposals."""

    root: Path
    generation: int = 0
    runs: int = 0
    """How many runs have reported their verdicts."""
    phase: Phase = Phase.IDLE
    text: str = ""
    failing: Mapping[str, FailingTest] = field(default_factory=dict[str, FailingTest])
    """By node id."""
    reports: Mapping[str, Report] = field(default_factory=dict[str, Report])
    """By fingerprint."""
    hidden: frozenset[str] = frozenset()
    """Proposals that the user rejected."""
    spent: frozenset[str] = frozenset()
    """Proposals that were accepted or became stale, until they are proved again."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Open files as they were when the tests ran: what was typed since then moves the lines below it."""
    models: bool = False
    """Whether the user named models that could be asked."""
    most_usd: str | None = None
    """What models may cost for one fix; None: there is no cap."""

    def uri_of(self, path: str) -> str:
        """The address of a file of the root."""
        return (self.root / path).as_uri()

    def report_of(self, test: str) -> Report | None:
        """The report on a failing test."""
        return next((each for each in self.reports.values() if test in each.tests), None)

    def is_current(self, report: Report) -> bool:
        """Whether a test of this report still fails."""
        return any(test in self.failing for test in report.tests)

    def offers(self, report: Report | None) -> tuple[Offer, ...]:
        """What may be offered for a failure, best first."""
        found = report.offers if report is not None else ()
        return tuple(each for each in found if each.id not in self.hidden | self.spent)

    def find(self, proposal: str) -> Offer | None:
        """A proposal by its id."""
        offers = (offer for report in self.reports.values() for offer in report.offers)
        return next((each for each in offers if each.id == proposal), None)

    def find_report(self, failure: str) -> Report | None:
        """The report on a failure, given its fingerprint or one of its tests."""
        return self.reports.get(failure) or self.report_of(failure)

    def tests_of(self, failure: str) -> tuple[str, ...]:
        """The failing tests of a failure, given its fingerprint or one of its tests."""
        report = self.find_report(failure)
        return tuple(key for key in (report.tests if report is not None else (failure,)) if key in self.failing)

    @property
    def unexplained(self) -> tuple[str, ...]:
        """Failing tests without a report."""
        return tuple(test for test in self.failing if self.report_of(test) is None)

    @property
    def summary(self) -> str:
        """How many tests fail, in words."""
        return f"{len(self.failing)} failing" if self.failing else "all tests pass"

    def after_run(self, failing: Iterable[FailingTest], files: Collection[str] | None) -> "View":
        """With the verdicts of a run of these test files (None: of all); reports on tests that ran again are dropped."""

        def ran(test: str) -> bool:
            return files is None or NodeId(test).file in files

        now = {key: each for key, each in self.failing.items() if not ran(key)} | {each.id: each for each in failing}
        reports = {
            key: each
            for key, each in self.reports.items()
            if not any(map(ran, each.tests)) and any(test in now for test in each.tests)
        }
        return replace(self, failing=now, reports=reports, runs=self.runs + 1)

    def with_report(self, report: Report) -> "View":
        """With a new report in place of older ones on the same tests; its proposals can be offered again."""
        kept = {key: each for key, each in self.reports.items() if not {*each.tests} & {*report.tests}}
        spent = self.spent - {offer.id for offer in report.offers}
        return replace(self, reports=kept | {report.fingerprint: report}, spent=spent)


Moved = tuple[str, str, str]
"""A file's path, its text when the tests ran, and its text now."""


def moved(view: View, texts: Iterable[Moved]) -> View:
    """The view with the lines of these files where they are now."""
    mappings = {
        path: line_mapping(then, now) for path, then, now in texts if then is not now and not same_text(then, now)
    }
    if not mappings:
        return view

    def at(place: Place) -> Place:
        mapped = mappings.get(place.path)
        return place if mapped is None else Place(place.path, mapped(place.line))

    return replace(
        view,
        failing={key: replace(test, place=at(test.place)) for key, test in view.failing.items()},
        reports={key: _moved_report(report, at) for key, report in view.reports.items()},
    )


def _moved_report(report: Report, at: Callable[[Place], Place]) -> Report:
    values = tuple((path, at(Place(path, line)).line, text) for path, line, text in report.values)
    return replace(report, places=tuple(map(at, report.places)), values=values)


def line_mapping(then: str, now: str) -> Callable[[int], int]:
    """From a line's old number to its new one; a line of the part that changed stays within that part."""
    old, new = plain_lines(then), plain_lines(now)
    head, tail = common_ends(old, new)

    def mapped(number: int) -> int:
        if number <= head:
            return number
        if number > len(old) - tail:
            return number + len(new) - len(old)
        return max(1, min(number, len(new) - tail))

    return mapped

"""What the engine reports: progress for people, rows for the ledger, and what a session ends with."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from lsp_repair.domain.behaviour import Grade, NewCase, Question
from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.localisation import Location
from lsp_repair.domain.money import NO_USAGE, Role, Usage
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import FailureGroup, NodeId, TestRun
from lsp_repair.domain.verdicts import Evidence, Reason, Verdict


class Origin(StrEnum):
    """Who proposed a patch."""

    SEARCH = "search"
    MODEL = "model"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plausible patch as it is shown to the user."""

    id: str
    origin: Origin
    title: str
    patch: Patch
    evidence: Evidence
    usage: Usage = NO_USAGE
    cost_usd: Decimal | None = Decimal(0)
    """None when the price is unknown."""
    distinguishing_input: str = ""
    """A call on which this proposal differs from the other ones, with both results; empty when alone."""


class Status(StrEnum):
    """What became of a failure."""

    PROPOSED = "proposed"
    POSSIBLE = "possible"
    UNREPAIRED = "unrepaired"
    UNPROVEN = "unproven"
    FLAKY = "flaky"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class FailureReport:
    """One failure group at the end of the session."""

    group: FailureGroup
    status: Status
    explanation: str
    reason: Reason | None = None
    detail: str = ""
    """What the reason's code does not say: the missing effect, the surviving error."""
    locations: tuple[Location, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    """Best first."""
    candidates_tried: int = 0
    question: Question | None = None
    """What a person could answer to decide between proposals."""
    new_cases: tuple[NewCase, ...] = ()
    """What the user has answered, as tests to be added."""

    @property
    def counts_as_failure(self) -> bool:
        """Whether exit code 1 is due: flaky and environment failures do not count."""
        return self.status in {Status.POSSIBLE, Status.UNREPAIRED, Status.UNPROVEN}


@dataclass(frozen=True, slots=True)
class TestCounts:
    """The baseline in figures."""

    __test__ = False

    collected: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    not_run: int = 0
    """Collected, and not reached before the baseline's time was over."""
    not_collected: int = 0
    """Files that could not be collected: how many tests they hold is unknown."""


@dataclass(frozen=True, slots=True)
class CollectionError:
    """A file (or folder) that pytest could not collect, so that none of its tests ran."""

    path: str
    error: str
    advice: str
    """What usually mends it; empty where the code itself is to be repaired."""


@dataclass(frozen=True, slots=True)
class FixReport:
    """The result of one `fix`."""

    root: str
    python: str
    tests: TestCounts
    isolation: IsolationReport
    failures: tuple[FailureReport, ...]
    seconds: float
    cpu_seconds: float
    usage: Usage = NO_USAGE
    cost_usd: Decimal | None = Decimal(0)
    out_of_time: bool = False
    notices: tuple[str, ...] = ()
    """Things the user should know that are no failure: an unwritable state folder, tests left out."""
    collection_errors: tuple[CollectionError, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of one `check`."""

    root: str
    python: str
    targets: tuple[NodeId, ...]
    verdict: Verdict
    isolation: IsolationReport
    seconds: float


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A repair session begins at a pytest root."""

    root: str
    python: str
    isolation: IsolationReport


@dataclass(frozen=True, slots=True)
class BaselineFinished:
    """The tests ran once on the unpatched snapshot."""

    run: TestRun


@dataclass(frozen=True, slots=True)
class RepairStarted:
    """Work on one failure group begins."""

    group: FailureGroup


@dataclass(frozen=True, slots=True)
class CandidateSurvived:
    """The first candidate of a group that the failing tests accept: plausible, and not proved yet."""

    group: FailureGroup
    title: str


@dataclass(frozen=True, slots=True)
class ScreeningFinished:
    """The built-in engine looked at candidates for a group."""

    group: FailureGroup
    strategy: str
    candidates: int
    """How many were screened."""
    survivors: int
    cpu_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ReplyStreamed:
    """A piece of a model's reply, as it comes."""

    group: FailureGroup
    role: Role
    piece: str


@dataclass(frozen=True, slots=True)
class AttemptFinished:
    """A strategy with models ended for a group; its calls are in the books already."""

    group: FailureGroup
    strategy: str
    candidates: int
    """How many different patches were judged."""
    survivors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SurvivorFacts:
    """One survivor of the screening, as it was assessed before anything was proved."""

    patch: Patch
    alike: tuple[Patch, ...]
    """Others that no compared call tells apart from it."""
    grade: Grade
    figures: Mapping[str, float]
    """What the grade and the order rest on."""


@dataclass(frozen=True, slots=True)
class SurvivorsAssessed:
    """The survivors of a search in the order in which they are proved."""

    group: FailureGroup
    survivors: tuple[SurvivorFacts, ...]


@dataclass(frozen=True, slots=True)
class PatchJudged:
    """One candidate went through the proof."""

    group: FailureGroup
    patch: Patch
    title: str
    verdict: Verdict
    seconds: float


@dataclass(frozen=True, slots=True)
class ProposalFound:
    """A proposal is ready to be shown."""

    group: FailureGroup
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class RepairFinished:
    """Work on one failure group ended."""

    report: FailureReport
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Progressed:
    """A line for people; carries nothing the ledger needs."""

    text: str


Event = (
    SessionStarted
    | BaselineFinished
    | RepairStarted
    | CandidateSurvived
    | ScreeningFinished
    | ReplyStreamed
    | AttemptFinished
    | SurvivorsAssessed
    | PatchJudged
    | ProposalFound
    | RepairFinished
    | Progressed
)


class Observer(Protocol):
    """Receives every event in order; must not raise for reasons of its own."""

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        ...

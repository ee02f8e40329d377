"""What a repair session ends with: a report for each failure group, its proposals and what they cost."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.localisation import Location
from lsp_repair.domain.money import NO_USAGE, Usage
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import FailureGroup, NodeId
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

    @property
    def counts_as_failure(self) -> bool:
        """Whether exit code 1 is due: flaky and environment failures do not count."""
        return self.status in {Status.UNREPAIRED, Status.UNPROVEN}


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


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of one `check`."""

    root: str
    python: str
    targets: tuple[NodeId, ...]
    verdict: Verdict
    isolation: IsolationReport
    seconds: float

"""What the engine tells while it works: progress for people, rows for the ledger."""

from dataclasses import dataclass
from typing import Protocol

from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.money import Role
from lsp_repair.domain.outcomes import FailureReport, Proposal
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import FailureGroup, TestRun
from lsp_repair.domain.verdicts import Verdict


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
    | PatchJudged
    | ProposalFound
    | RepairFinished
    | Progressed
)


class Observer(Protocol):
    """Hears every event in order; must not raise for reasons of its own."""

    def __call__(self, event: Event) -> None:
        """Take note of one event."""

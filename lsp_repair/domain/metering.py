"""The port between who calls a model and who keeps the books: reserve before sending, settle before using."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType, Protocol

from lsp_repair.domain.money import Usage
from lsp_repair.domain.runs import FailureGroup


class Role(StrEnum):
    """What a model is asked for."""

    FEEDBACK = "feedback"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a call is for."""

    group: FailureGroup
    role: Role
    strategy: str
    sample: int = 0
    """Which of several samples of one prompt: a recorded reply is never used for another one."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A call about to be made, at its worst."""

    purpose: Purpose
    model: str
    host: str
    input_tokens: int
    output_tokens: int
    usd: Decimal | None
    """None when the price is unknown."""
    request_digest: str = ""


CallId = NewType("CallId", int)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call may not be made."""

    code: str
    """`budget`, `unknown-price` or `no-ledger`."""
    detail: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a call."""

    outcome: str
    usage: Usage
    usd: Decimal | None
    estimated: bool = False
    """Whether the endpoint did not say and this is our own bound."""
    served_by: str = ""
    """The model that the endpoint says it used."""
    seconds: float = 0.0


class Meter(Protocol):
    """Keeps the books; implemented by the ledger."""

    def reserve(self, intent: Intent) -> CallId | Refusal:
        """Book the worst case durably, or say which cap forbids it."""
        ...

    def settle(self, call: CallId, settlement: Settlement) -> bool:
        """Book what it came to, until when the worst case counts; False: it could not be booked."""
        ...

    def spent(self, group: FailureGroup | None) -> tuple[Usage, Decimal | None]:
        """Tokens and US dollars of a failure's calls, or of all of this run; None when a price is unknown."""
        ...


class Reflections(Protocol):
    """What was learned about a failure in earlier trials; survives a restart."""

    def recall(self, group: FailureGroup) -> tuple[str, ...]:
        """The oldest first."""
        ...

    def remember(self, group: FailureGroup, text: str) -> None:
        """Keep one more."""
        ...

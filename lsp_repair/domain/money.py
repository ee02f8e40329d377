"""Tokens, prices and caps, and the port to who keeps the books: reserve before sending, settle before using."""

import operator
from dataclasses import astuple, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType, Protocol

from lsp_repair.domain.runs import FailureGroup

_MILLION = Decimal(1_000_000)
CallId = NewType("CallId", int)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in the classes they are billed by."""

    input_tokens: int = 0
    """All of the prompt, with what was read from or written to the provider's cache."""
    cached_tokens: int = 0
    output_tokens: int = 0
    """All that was sampled, with the hidden reasoning."""
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0

    @property
    def total(self) -> int:
        """Every token once."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Usage") -> "Usage":
        """Class by class."""
        return Usage(*map(operator.add, astuple(self), astuple(other)))

    def __sub__(self, other: "Usage") -> "Usage":
        """Class by class."""
        return Usage(*map(operator.sub, astuple(self), astuple(other)))


NO_USAGE = Usage()


class Price(Protocol):
    """What a model's tokens cost."""

    def cost(self, usage: Usage) -> Decimal:
        """US dollars of this usage."""
        ...


@dataclass(frozen=True, slots=True)
class DeclaredPrice:
    """US dollars for a million tokens of each class, as the user declared them."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    """None: as other input."""
    cache_write: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal:
        """US dollars of this usage."""
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.cache_write is None else self.cache_write
        plain = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
        total = plain * self.input + usage.cached_tokens * cached + usage.cache_write_tokens * written
        return (total + usage.output_tokens * self.output) / _MILLION


FREE = DeclaredPrice(Decimal(0), Decimal(0))


def worst_case(price: Price, input_tokens: int, output_tokens: int) -> Decimal:
    """The most expensive bill for so many tokens, whatever class the provider puts the input in."""
    classes = (
        Usage(input_tokens, 0, output_tokens),
        Usage(input_tokens, input_tokens, output_tokens),
        Usage(input_tokens, 0, output_tokens, cache_write_tokens=input_tokens),
    )
    return max(price.cost(usage) for usage in classes)


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be spent; None: no cap of this kind."""

    usd_per_fix: Decimal | None = Decimal("0.10")
    tokens_per_fix: int | None = 200_000
    usd_per_session: Decimal | None = Decimal(1)
    usd_per_day: Decimal | None = Decimal(5)

    @property
    def on_money(self) -> bool:
        """Whether a price has to be known."""
        return any(each is not None for each in (self.usd_per_fix, self.usd_per_session, self.usd_per_day))

    def __str__(self) -> str:
        """As it is shown before the first call."""
        shown = ((self.usd_per_fix, "per fix"), (self.usd_per_session, "per session"), (self.usd_per_day, "per day"))
        money = [f"${usd:f} {scope}" for usd, scope in shown if usd is not None]
        tokens = [f"{self.tokens_per_fix:,} tokens per fix"] if self.tokens_per_fix is not None else []
        return ", ".join(money + tokens) or "none"


def short_usd(usd: Decimal) -> str:
    """A small amount in digits, to a millionth of a dollar."""
    return f"{usd:.6f}".rstrip("0").rstrip(".")


def money_text(usd: Decimal | None) -> str:
    """Money as people read it; unknown is not 0."""
    return "price unknown" if usd is None else f"${usd:f}" if usd else "$0"


class Role(StrEnum):
    """What a model is asked for."""

    FEEDBACK = "feedback"
    REPAIR = "repair"
    CRITIC = "critic"


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

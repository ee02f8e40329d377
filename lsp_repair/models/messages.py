"""What goes to a model and what can come back: a closed set."""

from dataclasses import dataclass, field
from enum import StrEnum

from lsp_repair.domain.money import Usage


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request for one reply."""

    messages: tuple[Message, ...]
    temperature: float | None
    max_output_tokens: int

    @property
    def text(self) -> str:
        """All that a person has to read to know what is sent."""
        return "\n\n".join(f"[{each.role}]\n{each.content}" for each in self.messages)


class Failed(StrEnum):
    """Why a call gave no text that may be used."""

    TRUNCATED = "truncated"
    """Cut off: at the limit of sampled tokens, or because the stream ended without its end."""
    REFUSED = "refused"
    FILTERED = "filtered"
    MALFORMED = "malformed"
    """No reply of the wire format: a captive portal, a proxy's page, an empty list of choices."""
    RATE_LIMITED = "rate-limited"
    OVERLOADED = "overloaded"
    UNAUTHORISED = "unauthorised"
    QUOTA = "quota"
    TOO_LONG = "too-long"
    """The prompt does not fit the model."""
    NETWORK = "network"
    CANCELLED = "cancelled"
    BUDGET = "budget"
    """Not sent: a cap forbids it, a price is unknown, or nobody keeps the books."""


@dataclass(frozen=True, slots=True)
class Complete:
    """A whole reply."""

    text: str
    usage: Usage
    estimated: bool = False
    """Whether the endpoint did not say what it used."""
    prompt_was_cut: bool = False
    """Whether the endpoint read far less than it was sent: local servers cut a prompt silently."""
    served_by: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """No reply that may be used."""

    why: Failed
    detail: str
    partial: str = ""
    """What had come by then; never a patch."""
    usage: Usage | None = None
    """None: the endpoint did not say."""
    retry_after: float | None = None
    billed: bool = True
    """Whether tokens may have been sampled: an endpoint that refuses a request at its door bills nothing."""
    served_by: str = field(default="")


Reply = Complete | Failure

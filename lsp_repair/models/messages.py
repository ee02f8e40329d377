"""What goes to a model, how many tokens that is at most, and what can come back: a closed set."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from lsp_repair.domain.money import Usage

_MESSAGE_OVERHEAD = 16
_REQUEST_OVERHEAD = 32
_IMPLAUSIBLE_BYTES = 9.0
"""No tokenizer packs this many bytes of code and English into a token on average."""
_MIN_TOLD = 200
USUAL_BYTES_PER_TOKEN = 3.6
"""Of code and English in the tokenizers of common models; estimates only, caps count a token for each byte."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn, as far as the user decided it; None and empty: as the endpoint does by itself."""

    seed: int | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    """Texts that end a reply."""
    reasoning_effort: str | None = None


AS_USUAL = Sampling()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request for one reply."""

    messages: tuple[Message, ...]
    temperature: float | None
    max_output_tokens: int
    """Everything that is sampled counts, hidden reasoning too."""
    sampling: Sampling = AS_USUAL
    smaller: "Callable[[int], ChatRequest] | None" = field(default=None, compare=False, repr=False)
    """The same question in a prompt of about so many tokens; None: it cannot be made smaller."""
    left_out: tuple[str, ...] = field(default=(), compare=False)
    """What there was no room for, for people."""

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
    NOT_FOUND = "not-found"
    """No such model, deployment or address."""
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
    charged_usd: Decimal | None = None
    """What the endpoint says it charged; None: it does not say."""
    notes: tuple[str, ...] = ()
    """What the user should know about the call."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No reply that may be used."""

    why: Failed
    detail: str
    partial: str = ""
    """What had come by then: of a reply that was cut off, whole blocks may be used, and nothing else."""
    usage: Usage | None = None
    """None: the endpoint did not say."""
    retry_after: float | None = None
    billed: bool = True
    """Whether tokens may have been sampled: an endpoint that refuses a request at its door bills nothing."""
    served_by: str = field(default="")
    charged_usd: Decimal | None = None
    """What the endpoint says it charged; None: it does not say."""
    at_limit: bool = False
    """Whether it ended at the limit of sampled tokens."""
    is_down: bool = False
    """Nobody is there to take the request yet: a server that starts or loads its model is worth waiting for."""


Reply = Complete | Failure


USUAL_BYTES_PER_TOKEN = 3.6


def prompt_bytes(request: ChatRequest) -> int:
    """Size of all messages."""
    return sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)


def input_bound(request: ChatRequest) -> int:
    """No tokenizer makes more tokens than there are bytes, but for the marks around messages."""
    return prompt_bytes(request) + _MESSAGE_OVERHEAD * len(request.messages) + _REQUEST_OVERHEAD


def usual_usage(request: ChatRequest, text: str) -> Usage:
    """What a call probably used, when the endpoint does not say: rounded up."""
    content = prompt_bytes(request)
    sampled = len(text.encode("utf-8", "replace"))
    return Usage(
        input_tokens=int(content / USUAL_BYTES_PER_TOKEN) + _MESSAGE_OVERHEAD * len(request.messages),
        output_tokens=int(sampled / USUAL_BYTES_PER_TOKEN) + 1,
    )


def was_cut(request: ChatRequest, reported: Usage) -> bool:
    """Whether the endpoint counted far fewer prompt tokens than were sent."""
    expected = prompt_bytes(request) / _IMPLAUSIBLE_BYTES
    return expected >= _MIN_TOLD / 2 and 0 < reported.input_tokens < expected

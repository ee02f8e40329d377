"""What would be sent, with its price: nothing is sent and nothing is booked."""

from dataclasses import dataclass, field
from decimal import Decimal

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import NO_USAGE, CallId, Intent, Refusal, Role, Settlement, Usage
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.models.chat import Hear
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply

PLACEHOLDER = "(the feedback model's answer goes here)"


@dataclass(frozen=True, slots=True)
class Previewed:
    """One request that was not sent."""

    model: str
    host: str
    role: Role
    request: ChatRequest
    worst_tokens: int
    worst_usd: Decimal | None


@dataclass(slots=True)
class PreviewMeter:
    """Keeps no books and remembers the last intent, for the price."""

    last: Intent | None = None

    def reserve(self, intent: Intent) -> CallId | Refusal:
        """Always, for nothing is sent."""
        self.last = intent
        return CallId(0)

    def settle(self, call: CallId, settlement: Settlement) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing to book."""
        return True

    def spent(self, group: FailureGroup | None) -> tuple[Usage, Decimal | None]:  # noqa: ARG002 - the port's signature
        """Nothing."""
        return NO_USAGE, Decimal(0)


@dataclass(slots=True)
class PreviewWire:
    """Takes a request down; the first repair request ends the preview, for what follows hangs on its reply."""

    meter: PreviewMeter
    shown: list[Previewed] = field(default_factory=list[Previewed])

    def exchange(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:  # noqa: ARG002 - the port's signature
        """Not sent."""
        intent = self.meter.last
        assert intent is not None
        role = intent.purpose.role
        tokens = intent.input_tokens + intent.output_tokens
        self.shown.append(Previewed(intent.model, intent.host, role, request, tokens, intent.usd))
        if role is not Role.REPAIR:
            return Complete(PLACEHOLDER, NO_USAGE, estimated=True)
        return Failure(Failed.CANCELLED, "nothing was sent", billed=False)

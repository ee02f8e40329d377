"""What the tests of models share: an endpoint, a way to it, and an environment without surprises."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from lsp_repair.domain.money import (
    NO_USAGE,
    CallId,
    DeclaredPrice,
    Intent,
    Purpose,
    Refusal,
    Role,
    Settlement,
    Usage,
)
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.models.breaker import Breaker
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.exchange.wire import Wire
from lsp_repair.models.messages import ChatRequest, Message

KEY = "sk-proj-0123456789abcdefghij"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tuple(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("OPENAI_", "SSL_CERT_")):
            monkeypatch.delenv(name)


@pytest.fixture
def key() -> str:
    """The user's secret."""
    return KEY


@pytest.fixture
def endpoint_at(key: str) -> Callable[..., Endpoint]:
    """An endpoint at this address, with a declared price unless told otherwise."""
    usual = Endpoint(
        model="scripted",
        base_url="",
        key=key,
        price=DeclaredPrice(Decimal(1), Decimal(4), Decimal("0.1")),
        temperature=None,
        max_output_tokens=None,
        name="scripted",
    )
    return lambda url, **changes: replace(usual, base_url=url, **changes)


@pytest.fixture
def request_for() -> Callable[..., ChatRequest]:
    """A short request."""

    def made(text: str = "Why does it fail?", tokens: int = 256, temperature: float | None = 0.2) -> ChatRequest:
        return ChatRequest((Message("system", "Be brief."), Message("user", text)), temperature, tokens)

    return made


@dataclass
class Books:
    """A meter in memory that writes down what happens, in order."""

    story: list[str] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    settled: dict[CallId, Settlement] = field(default_factory=dict)
    refusal: Refusal | None = None
    can_settle: bool = True

    def reserve(self, intent: Intent) -> CallId | Refusal:
        self.story.append("reserved")
        if self.refusal is not None:
            return self.refusal
        self.intents.append(intent)
        return CallId(len(self.intents))

    def settle(self, call: CallId, settlement: Settlement) -> bool:
        self.story.append("settled")
        assert call not in self.settled
        self.settled[call] = settlement
        return self.can_settle

    def spent(self, group: FailureGroup | None) -> tuple[Usage, Decimal | None]:
        return sum((each.usage for each in self.settled.values()), NO_USAGE), None

    @property
    def last(self) -> Settlement:
        return self.settled[CallId(len(self.intents))]

    @property
    def worst(self) -> tuple[Usage, Decimal | None]:
        """What the last call was reserved at."""
        intent = self.intents[-1]
        return Usage(intent.input_tokens, 0, intent.output_tokens), intent.usd


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def model(model_server, endpoint_at, books, clock, pauses) -> ChatModel:
    """A model at the server; its pauses are written down, not taken."""
    endpoint = endpoint_at(model_server.url)
    return ChatModel(
        endpoint,
        Wire(endpoint),
        books,
        Breaker(clock),
        wait=lambda seconds, deadline: pauses.append(seconds),
    )


@pytest.fixture
def purpose() -> Purpose:
    return Purpose(FailureGroup("f00d", ()), Role.REPAIR, "conversation")

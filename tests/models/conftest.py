"""What the tests of models share: an endpoint, a way to it, and an environment without surprises."""

import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from lsp_repair.domain.money import DeclaredPrice
from lsp_repair.models.endpoints import Endpoint
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

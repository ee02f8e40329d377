"""From the user's choice of a model to an endpoint that can be called, with the price that its host is known to charge."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.domain.money import FREE, Price
from lsp_repair.errors import UsageError
from lsp_repair.models.keys import key_of
from lsp_repair.models.listed_prices import listed_price
from lsp_repair.models.messages import AS_USUAL, Sampling

EDITOR = "editor"
"""The preset of the models that the user's editor has; `editor/any` is whichever it gives."""
_EDITOR_URL = "editor://editor"
_OPENAI_HOSTS = (
    ".api.openai.com",
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
)
_ONLY_RESPONSES = re.compile(r"codex|^(o\d|gpt-[\d.]+)-pro|deep-research|computer-use")
"""OpenAI's models that have no chat completions."""
_OPENROUTER = "openrouter"


@dataclass(frozen=True, slots=True)
class Preset:
    """A well-known endpoint."""

    base_url: str
    key: str
    free: bool = False
    """Runs on the user's own machine: its tokens cost nothing."""


PRESETS: Mapping[str, Preset] = {
    "openai": Preset("https://api.openai.com/v1", "env:OPENAI_API_KEY"),
    "azure": Preset("", "env:AZURE_OPENAI_API_KEY"),
    "openrouter": Preset("https://openrouter.ai/api/v1", "env:OPENROUTER_API_KEY"),
    "ollama": Preset("http://localhost:11434/v1", "none", free=True),
    "vllm": Preset("http://localhost:8000/v1", "none", free=True),
    "lmstudio": Preset("http://localhost:1234/v1", "none", free=True),
    "llamacpp": Preset("http://localhost:8080/v1", "none", free=True),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is called, and on whose terms."""

    model: str
    base_url: str
    key: str = field(repr=False)
    """Never shown, logged or kept."""
    price: Price | None
    """None: unknown, which is not free."""
    temperature: float | None
    max_output_tokens: int | None
    name: str
    """As the user wrote it."""
    sampling: Sampling = AS_USUAL
    api: str | None = None
    """`chat` or `responses` as the user decided; None: the usual one of this model, and the other where that is refused."""
    key_source: str = "none"
    """Where the key comes from: what to look at when it is refused."""
    reports_charge: bool = False
    """Whether what it says it charged is the bill."""

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2].lower()

    @property
    def in_editor(self) -> bool:
        """Whether the user's editor is asked, and no address."""
        return self.base_url == _EDITOR_URL

    @property
    def limit_parameter(self) -> str:
        """How this host calls the limit of sampled tokens: OpenAI's own models refuse the name all others know."""
        return "max_completion_tokens" if self._is_openais else "max_tokens"

    @property
    def uses_responses(self) -> bool:
        """Whether the Responses API is tried first."""
        if self.api is not None:
            return self.api == "responses"
        return self._is_openais and _ONLY_RESPONSES.search(self.model) is not None

    @property
    def is_local(self) -> bool:
        """Whether it runs on this very machine."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def _is_openais(self) -> bool:
        return f".{urlsplit(self.base_url).hostname or ''}".endswith(_OPENAI_HOSTS)


def resolve(choice: ModelChoice, environ: Mapping[str, str] = os.environ, *, in_editor: bool = False) -> Endpoint:
    """The endpoint of a choice; `in_editor`: whether there is an editor whose models can be asked.

    Raises UsageError: `unknown-preset`, `bad-endpoint`, `no-key`, `no-keyring`, `no-editor`.
    """
    if choice.preset == EDITOR and choice.base_url is None:
        return _in_editor(choice, in_editor=in_editor)
    preset = _preset(choice)
    base_url = choice.base_url or (preset.base_url if preset else "")
    source = choice.key or (preset.key if preset else "none")
    _check_url(choice, base_url, source)
    free = preset is not None and preset.free and choice.base_url is None
    price: Price | None = choice.price or (FREE if free else listed_price(base_url, choice.model))
    return Endpoint(
        model=choice.model,
        base_url=base_url,
        key=key_of(source, urlsplit(base_url).hostname or "", environ),
        price=price,
        temperature=choice.temperature,
        max_output_tokens=choice.max_output_tokens,
        name=str(choice),
        sampling=_sampling(choice),
        api=choice.api,
        key_source=source,
        reports_charge=choice.preset == _OPENROUTER or urlsplit(base_url).hostname == "openrouter.ai",
    )


def _sampling(choice: ModelChoice) -> Sampling:
    return Sampling(choice.seed, choice.top_p, choice.stop, choice.reasoning_effort)


def _in_editor(choice: ModelChoice, *, in_editor: bool) -> Endpoint:
    """The editor's own account pays: what a token costs is unknown unless the user says it."""
    if not in_editor:
        raise UsageError(
            "no-editor",
            f"{choice} is an editor's model, but no editor offers its models here",
            "in VS Code, turn on lspRepair.useEditorModels; on the command line, choose another model",
        )
    return Endpoint(
        choice.model, _EDITOR_URL, "", choice.price, choice.temperature, choice.max_output_tokens, str(choice)
    )


def _preset(choice: ModelChoice) -> Preset | None:
    if choice.preset is None:
        return None
    found = PRESETS.get(choice.preset)
    if found is None:
        known = ", ".join((*PRESETS, EDITOR))
        raise UsageError(
            "unknown-preset",
            f"there is no endpoint named {choice.preset}",
            f"known endpoints: {known}; or write MODEL@URL",
        )
    return found


def _check_url(choice: ModelChoice, base_url: str, source: str) -> None:
    parts = _parts(base_url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            "bad-endpoint",
            f"{choice} has no usable address: {base_url or 'none'}",
            "give base_url, such as https://host/v1",
        )
    if parts.username or parts.password:
        raise UsageError("bad-endpoint", f"the address of {choice.model} contains a password", 'use key = "env:NAME"')
    if parts.scheme == "http" and not _is_near(parts.hostname) and source != "none":
        raise UsageError(
            "bad-endpoint", f"{parts.hostname} would receive the key unencrypted", 'use https, or key = "none"'
        )


def _parts(base_url: str) -> SplitResult | None:
    """None: no address at all."""
    try:
        parts = urlsplit(base_url)
        _ = parts.port  # raises for what is none
    except ValueError:
        return None
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_near(host: str) -> bool:
    """Whether an address is on this machine or in a private network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        plain = "." not in host and host[:1].isalpha()  # a bare number is an address, too
        return plain or host.endswith((".local", ".internal"))

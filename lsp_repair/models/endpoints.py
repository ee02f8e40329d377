"""From the user's choice of a model to an endpoint that can be called, with the price that its host is known to charge."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.domain.money import FREE, Price, Usage
from lsp_repair.errors import UsageError

EDITOR = "editor"
"""The preset of the models that the user's editor has; `editor/any` is whichever it gives."""
_EDITOR_URL = "editor://editor"
_COMPLETION_LIMIT_HOSTS = (
    ".api.openai.com",
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
)
SERVICE = "lsp-repair"
_NO_KEY = "no-key"
"""What a server that needs no key is sent: the SDK insists on one."""


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
        host = urlsplit(self.base_url).hostname or ""
        return "max_completion_tokens" if f".{host}".endswith(_COMPLETION_LIMIT_HOSTS) else "max_tokens"


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
    )


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


def _is_near(host: str) -> bool:
    """Whether an address is on this machine or in a private network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        plain = "." not in host and host[:1].isalpha()  # a bare number is an address, too
        return plain or host.endswith((".local", ".internal"))


if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price of the list that the installed `genai-prices` ships; works without network."""

    model: "ModelInfo"
    provider: "Provider"

    def cost(self, usage: Usage) -> Decimal:
        """US dollars of this usage."""
        from genai_prices import Usage as Billed  # noqa: PLC0415 - loaded only when a model is used

        billed = Billed(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens,
        )
        return self.model.calc_price(billed, self.provider).total_price


def listed_price(base_url: str, model: str) -> ListedPrice | None:
    """The price of a model at this very host; None when the list does not know it."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - loaded only when a model is used

    providers = get_snapshot().providers
    for provider in providers:
        if not _serves(provider.api_pattern, base_url):
            continue
        found = provider.find_model(model, all_providers=providers)
        if found is not None and _is_complete(found):
            return ListedPrice(found, provider)
    return None


def _is_complete(model: "ModelInfo") -> bool:
    """Whether both directions have a price: half of one would make the other half free."""
    price = model.get_prices(datetime.now(tz=UTC))
    return price.input_mtok is not None and price.output_mtok is not None


def _serves(pattern: str, base_url: str) -> bool:
    """Whether a provider's pattern covers the whole host: `api.openai.com.elsewhere.example` is somebody else."""
    parts = urlsplit(base_url)
    host = f"{parts.scheme}://{parts.hostname or ''}"
    path = f"{host}{parts.path.rstrip('/')}/"
    found = re.match(pattern, path)
    return found is not None and found.end() >= len(host)


def key_of(source: str, host: str, environ: Mapping[str, str]) -> str:
    """The key; raises UsageError (`no-key`, `no-keyring`, `bad-key-source`)."""
    key = _from(source, host, environ)
    if not key.isascii() or not key.isprintable():
        raise UsageError(
            "no-key", f"the value of {source} is not a key: it has characters that no key has", "copy it again"
        )
    return key


def _from(source: str, host: str, environ: Mapping[str, str]) -> str:
    kind, _, name = source.partition(":")
    match kind:
        case "none":
            return _NO_KEY
        case "env" if name:
            key = environ.get(name, "").strip() or _stored(host)
            if not key:
                raise UsageError(
                    "no-key", f"{name} is not set", f"set it, or store the key with: lsp-repair login {host}"
                )
            return key
        case "keyring":
            return _from_keyring(name or host)
        case _:
            raise UsageError(
                "bad-key-source", f"{source!r} is not a source of a key", "write env:NAME, keyring or none"
            )


def store(host: str, key: str) -> None:
    """Keep a key in the system's keyring; raises UsageError (`no-keyring`)."""
    keyring = _keyring()
    try:
        keyring.set_password(SERVICE, host, key)
    except keyring.errors.KeyringError as error:
        raise _unusable(str(error)) from error


def _from_keyring(host: str) -> str:
    keyring = _keyring()
    try:
        found = keyring.get_password(SERVICE, host)
    except keyring.errors.KeyringError as error:
        raise _unusable(str(error)) from error
    if not found:
        raise UsageError("no-key", f"the keyring has no key for {host}", f"store one with: lsp-repair login {host}")
    return str(found).strip()


def _stored(host: str) -> str:
    """The keyring's key where there is one: a variable that is not set is no error then."""
    try:
        return _from_keyring(host)
    except UsageError:
        return ""


def _keyring() -> ModuleType:
    try:
        import keyring  # noqa: PLC0415 - an extra; brings keyring.errors with it
    except ImportError as error:
        raise UsageError(
            "no-keyring", "keyring is not installed", "pip install 'lsp-repair[keyring]', or use key = \"env:NAME\""
        ) from error
    return keyring


def _unusable(why: str) -> UsageError:
    return UsageError("no-keyring", f"the system's keyring cannot be used: {why}", 'use key = "env:NAME"')

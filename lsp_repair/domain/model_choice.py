"""Which model the user chose for a role, as it is written in the settings."""

from dataclasses import dataclass

from lsp_repair.domain.money import DeclaredPrice

CONTEXT_TOKENS = 8_000
"""Of a prompt about a failure, unless a setting says otherwise."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model at one endpoint."""

    model: str
    preset: str | None = None
    """Name of a well-known endpoint."""
    base_url: str | None = None
    key: str | None = None
    """`env:NAME`, `keyring` or `none`; None: as the preset says."""
    temperature: float | None = None
    """None: as the strategy says."""
    max_output_tokens: int | None = None
    """None: as the strategy says, and more for a model that reasons first."""
    price: DeclaredPrice | None = None
    """None: from the list of known prices."""
    api: str | None = None
    """`chat` or `responses`; None: as the endpoint wants it."""
    reasoning_effort: str | None = None
    """As the endpoint calls it, such as `low`; None: the endpoint's own."""
    top_p: float | None = None
    seed: int | None = None
    """Of the first sample; each further one counts on from there."""
    stop: tuple[str, ...] = ()
    """Texts that end a reply."""

    def __str__(self) -> str:
        """As one writes it on the command line."""
        if self.preset is not None and self.base_url is None:
            return f"{self.preset}/{self.model}"
        return f"{self.model}@{self.base_url}"


def choice_from_text(text: str) -> ModelChoice:
    """From `PRESET/MODEL` or `MODEL@URL`; raises ValueError."""
    if "@http" in text:
        model, _, url = text.partition("@http")
        if model:
            return ModelChoice(model, base_url=f"http{url}")
    preset, _, model = text.partition("/")
    if not preset or not model or "@" in preset or ":" in preset:
        raise ValueError("PRESET/MODEL, such as ollama/qwen2.5-coder:7b, or MODEL@URL")
    return ModelChoice(model, preset=preset)

"""From settings and flags to the models of a session: none before the user named one."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from lsp_repair.domain.metering import Meter, Reflections
from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.domain.money import Caps
from lsp_repair.domain.redaction import Redactor
from lsp_repair.errors import UsageError
from lsp_repair.folders import Folders
from lsp_repair.ledger import Ledger
from lsp_repair.ledger.meter import KeptReflections, LedgerMeter
from lsp_repair.models.breaker import Breaker
from lsp_repair.models.chat import ChatModel, Exchange
from lsp_repair.models.endpoints import Endpoint, resolve
from lsp_repair.models.ignored import Ignored
from lsp_repair.models.paid_replies import PaidReplies
from lsp_repair.models.preview import PreviewMeter, PreviewWire
from lsp_repair.repair.assistants import Assistants, Pair
from lsp_repair.repair.strategies import strategy_of
from lsp_repair.settings import LoadedSettings, Settings

_LEVELS = ("off", "cheap", "all")


@dataclass(frozen=True, slots=True)
class Means:
    """What the models of a session are made with."""

    root: Path
    ledger: Ledger | None
    folders: Folders
    redactor: Redactor
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The models of a session, or why there are none."""

    assistants: Assistants | None
    line: str
    """One line for people."""
    preview: PreviewWire | None = None


def choose(arguments: argparse.Namespace, loaded: LoadedSettings, means: Means) -> Chosen:
    """The models that may be asked.

    Raises UsageError for a strategy, an endpoint or a key that is wrong; RefusedError never.
    """
    settings = _with_flags(arguments, loaded)
    strategy = strategy_of(arguments.strategy or settings.strategy)
    strong = settings.repair_model
    named = [("cheap", settings.cheap_model), ("strong", strong)]
    level = _level(arguments, loaded)
    allowed = {"off": (), "cheap": ("cheap",), "all": ("cheap", "strong")}[level]
    steps = [(kind, choice) for kind, choice in named if choice is not None and kind in allowed]
    if not steps:
        return Chosen(None, _why_none(level, named))
    if means.ledger is None and not arguments.show_prompt:
        return Chosen(None, "no ledger can be kept, so no model is asked: the built-in engine alone")
    preview = PreviewWire(PreviewMeter()) if arguments.show_prompt else None
    workshop = _Workshop(arguments, settings, means, preview)
    pairs = tuple((kind, workshop.pair(kind, choice)) for kind, choice in steps)
    assistants = Assistants(
        strategy=strategy,
        steps=pairs,
        meter=workshop.meter,
        reflections=workshop.reflections,
        redactor=means.redactor,
        ignored=Ignored(means.root, settings.prompt_exclude),
        hint=arguments.hint or "",
        preview=preview is not None,
    )
    names = ", ".join(f"{kind} {pair.name}" for kind, pair in pairs)
    return Chosen(assistants, f"models: {names}; caps: {settings.caps}", preview)


def _why_none(level: str, named: list[tuple[str, ModelChoice | None]]) -> str:
    known = [f"{kind} {choice}" for kind, choice in named if choice is not None]
    if not known:
        return "models: none is named, so the built-in engine works alone"
    return f"models: {level} (named are {', '.join(known)}), so the built-in engine works alone"


def _level(arguments: argparse.Namespace, loaded: LoadedSettings) -> str:
    """What the flag says, but never more than the repository allows."""
    settings = loaded.settings
    flag: str | None = arguments.models
    if flag is None:
        return settings.models or "all"
    if loaded.tightened("models") and settings.models is not None:
        return min(flag, settings.models, key=_LEVELS.index)
    return flag


def _with_flags(arguments: argparse.Namespace, loaded: LoadedSettings) -> Settings:
    """Flags are the user's own word; what a repository lowered stays lowered."""
    settings = loaded.settings
    for name in ("repair_model", "feedback_model", "cheap_model"):
        choice: ModelChoice | None = getattr(arguments, name)
        if choice is not None:
            change: dict[str, Any] = {name: _as_configured(choice, settings)}
            settings = replace(settings, **change)
    for flag, name in (("max_usd", "max_usd_per_fix"), ("max_tokens", "max_tokens_per_fix")):
        if not hasattr(arguments, flag):
            continue
        given, now = getattr(arguments, flag), getattr(settings, name)
        if loaded.tightened(name) and now is not None:
            given = now if given is None else min(given, now)
        cap: dict[str, Any] = {name: given}
        settings = replace(settings, **cap)
    return settings


def _as_configured(choice: ModelChoice, settings: Settings) -> ModelChoice:
    """A model named by a flag keeps the key, price and limits that the user's file gives to the very same one."""
    for known in (settings.repair_model, settings.feedback_model, settings.cheap_model):
        if known is not None and str(known) == str(choice):
            return known
    return choice


class _Workshop:
    """Makes the models; those at one endpoint share its breaker."""

    def __init__(
        self, arguments: argparse.Namespace, settings: Settings, means: Means, preview: PreviewWire | None
    ) -> None:
        self._arguments = arguments
        self._settings = settings
        self._means = means
        self._preview = preview
        self._breakers: dict[str, Breaker] = {}
        self.meter: Meter = preview.meter if preview is not None else self._books(settings.caps)
        self.reflections: Reflections = (
            KeptReflections(means.ledger, str(means.root)) if means.ledger is not None else _Forgetful()
        )

    def _books(self, caps: Caps) -> Meter:
        assert self._means.ledger is not None
        return LedgerMeter(self._means.ledger, caps)

    def pair(self, kind: str, choice: ModelChoice) -> Pair:
        """The cheap step asks one model for both; the strong one may have a feedback model of its own."""
        repair = self._model(choice)
        feedback = self._settings.feedback_model
        return Pair(repair if kind == "cheap" or feedback is None else self._model(feedback), repair)

    def _model(self, choice: ModelChoice) -> ChatModel:
        endpoint = self._endpoint(choice)
        paid = None
        cache = self._means.folders.cache
        recorded = self._arguments.record is not None or self._arguments.replay is not None
        if cache is not None and self._preview is None and not recorded:
            paid = PaidReplies(cache / "replies")
        breaker = self._breakers.setdefault(endpoint.base_url, Breaker())
        return ChatModel(endpoint, self._wire(endpoint), self.meter, breaker, paid)

    def _endpoint(self, choice: ModelChoice) -> Endpoint:
        if self._preview is not None or self._arguments.replay is not None:
            try:
                return resolve(choice, self._means.environ)
            except UsageError as error:
                if error.code not in {"no-key", "no-keyring"}:
                    raise
                return resolve(replace(choice, key="none"), self._means.environ)  # no key is needed to send nothing
        return resolve(choice, self._means.environ)

    def _wire(self, endpoint: Endpoint) -> Exchange:
        if self._preview is not None:
            return self._preview
        from lsp_repair.models.recording import RecordingTransport, ReplayTransport
        from lsp_repair.models.wire import Wire

        if self._arguments.replay is not None:
            return Wire(endpoint, ReplayTransport(self._arguments.replay))
        if self._arguments.record is not None:
            return Wire(endpoint, RecordingTransport(self._arguments.record))
        return Wire(endpoint)


class _Forgetful:
    """Without a ledger nothing is remembered."""

    def recall(self, group: object) -> tuple[str, ...]:
        """Nothing."""
        del group
        return ()

    def remember(self, group: object, text: str) -> None:
        """Not kept."""
        del group, text


def money_text(usd: Decimal | None) -> str:
    """Money as people read it; unknown is not 0."""
    return "price unknown" if usd is None else f"${usd:f}"

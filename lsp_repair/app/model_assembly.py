"""From settings and flags to the models of a session: none unless the user named one."""

import argparse
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lsp_repair.app.model_terms import why_not_asked, with_price
from lsp_repair.app.secrets import redactor_for
from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.domain.model_habits import Habits
from lsp_repair.domain.money import Caps, DeclaredPrice, Meter
from lsp_repair.domain.redaction import Redactor
from lsp_repair.errors import UsageError
from lsp_repair.folders import Folders
from lsp_repair.ledger import Ledger
from lsp_repair.ledger.kept_habits import KeptHabits
from lsp_repair.ledger.meter import KeptReflections, LedgerMeter
from lsp_repair.models.breaker import Breaker
from lsp_repair.models.chat import ChatModel, Exchange
from lsp_repair.models.endpoints import Endpoint, resolve
from lsp_repair.models.ignored import Ignored
from lsp_repair.models.output_limits import BriefHabits
from lsp_repair.models.paid_replies import PaidReplies
from lsp_repair.models.preview import PreviewMeter, PreviewWire
from lsp_repair.repair.fix_request import Assistants, Pair
from lsp_repair.repair.strategies import Strategy, strategy_of
from lsp_repair.settings import LoadedSettings, Settings

_LEVELS = ("off", "cheap", "all")
_CAPS = {"max_usd": "max_usd_per_fix", "max_tokens": "max_tokens_per_fix"}


@dataclass(frozen=True, slots=True)
class ModelFlags:
    """What the user's flags say about models, for this command only."""

    models: str | None = None
    """The level; None: as configured."""
    strategy: str | None = None
    hint: str = ""
    show_prompt: bool = False
    record: Path | None = None
    replay: Path | None = None
    choices: Mapping[str, ModelChoice] = field(default_factory=dict[str, ModelChoice])
    """By the setting that they override."""
    caps: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """By the setting that they override; None: no cap."""
    price: DeclaredPrice | None = None
    """Of the models whose price is not known."""

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "ModelFlags":
        """From the command line; a command may know only some of the flags."""
        given = {name: value for name, value in vars(arguments).items() if value is not None}
        plain = ("models", "strategy", "hint", "show_prompt", "record", "replay", "price")
        choices: dict[str, ModelChoice] = {
            name: given[name]
            for name in ("repair_model", "feedback_model", "cheap_model", "critic_model")
            if name in given
        }
        caps = {setting: getattr(arguments, flag) for flag, setting in _CAPS.items() if hasattr(arguments, flag)}
        return cls(**{name: given[name] for name in plain if name in given}, choices=choices, caps=caps)


@dataclass(frozen=True, slots=True)
class Means:
    """What the models of a session are made with."""

    root: Path
    ledger: Ledger | None
    folders: Folders
    redactor: Redactor
    environ: Mapping[str, str]
    editor: Callable[[Endpoint], Exchange] | None = None
    """Carries requests to the models of the editor; None: there is no editor, or it has no models for us."""


def means_of(
    root: Path, ledger: Ledger | None, folders: Folders, editor: Callable[[Endpoint], Exchange] | None = None
) -> Means:
    """For one root; from here on the ledger masks the secrets that are known in it."""
    redactor = redactor_for(root, os.environ)
    if ledger is not None:
        ledger.hide(redactor.masked)
    return Means(root, ledger, folders, redactor, os.environ, editor)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The models of a session, or why there are none."""

    assistants: Assistants | None
    line: str
    """One line for people."""
    preview: PreviewWire | None = None


def choose(flags: ModelFlags, loaded: LoadedSettings, means: Means) -> Chosen:
    """The models that may be asked.

    Raises UsageError for a strategy, an endpoint or a key that is wrong; RefusedError never.
    """
    settings = _with_flags(flags, loaded)
    strategy = strategy_of(flags.strategy or settings.strategy)
    strong = settings.repair_model
    named = [("cheap", settings.cheap_model), ("strong", strong)]
    level = _level(flags, loaded)
    allowed = {"off": (), "cheap": ("cheap",), "all": ("cheap", "strong")}[level]
    steps = [(kind, choice) for kind, choice in named if choice is not None and kind in allowed]
    if not steps:
        return Chosen(None, _why_none(level, named))
    preview = PreviewWire(PreviewMeter()) if flags.show_prompt else None
    meter = _meter(preview, means.ledger, settings.caps)
    if meter is None:
        return Chosen(None, "the ledger cannot be written, so no model is asked: the built-in engine works alone")
    habits = BriefHabits() if means.ledger is None else KeptHabits(means.ledger)
    workshop = _Workshop(flags, settings, means, preview, meter, habits)
    pairs = tuple((kind, workshop.pair(kind, choice)) for kind, choice in steps)
    assistants = Assistants(
        strategy=strategy,
        steps=pairs,
        meter=meter,
        reflections=_Forgetful() if means.ledger is None else KeptReflections(means.ledger, str(means.root)),
        redactor=means.redactor,
        ignored=Ignored(means.root, settings.prompt_exclude),
        hint=flags.hint,
        context_tokens=settings.context_tokens,
        preview=preview is not None,
        critic=_critic(strategy, settings, workshop),
    )
    names = ", ".join(f"{kind} {pair.name}" for kind, pair in pairs)
    unasked = [f"; {pair.feedback.name} is not asked for feedback: {pair.unasked}" for _, pair in pairs if pair.unasked]
    return Chosen(assistants, f"models: {names}; caps: {settings.caps}{''.join(dict.fromkeys(unasked))}", preview)


def _critic(strategy: Strategy, settings: Settings, workshop: "_Workshop") -> ChatModel | None:
    """The critic of a strategy that has one; raises UsageError (`bad-strategy`) where none is named."""
    if not getattr(strategy.parameters, "critic", False):
        return None
    if settings.critic_model is None:
        raise UsageError(
            "bad-strategy",
            f"critic=true of {strategy.name} needs a model of its own",
            "name it with --critic-model, or as critic_model in config.toml",
        )
    return workshop.model(settings.critic_model)


def _why_none(level: str, named: list[tuple[str, ModelChoice | None]]) -> str:
    known = [f"{kind} {choice}" for kind, choice in named if choice is not None]
    if not known:
        return "models: none is configured, so the built-in engine works alone"
    return f"models: {level} (configured: {', '.join(known)}), so the built-in engine works alone"


def _level(flags: ModelFlags, loaded: LoadedSettings) -> str:
    """As the flag says, but never more than the repository allows."""
    settings = loaded.settings
    if flags.models is None:
        return settings.models or "all"
    if loaded.tightened("models") and settings.models is not None:
        return min(flags.models, settings.models, key=_LEVELS.index)
    return flags.models


def _with_flags(flags: ModelFlags, loaded: LoadedSettings) -> Settings:
    """Flags override the user's settings, but never limits that the repository tightened."""
    settings = loaded.settings
    changes: dict[str, Any] = {name: _as_configured(choice, settings) for name, choice in flags.choices.items()}
    for name, given in flags.caps.items():
        now: Any = getattr(settings, name)
        is_bound = loaded.tightened(name) and now is not None
        changes[name] = now if is_bound and (given is None or given > now) else given
    return replace(settings, **changes)


def _as_configured(choice: ModelChoice, settings: Settings) -> ModelChoice:
    """A model named by a flag keeps the key, price and limits that the user's file gives to the very same one."""
    for known in (settings.repair_model, settings.feedback_model, settings.cheap_model, settings.critic_model):
        if known is not None and str(known) == str(choice):
            return known
    return choice


def _meter(preview: PreviewWire | None, ledger: Ledger | None, caps: Caps) -> Meter | None:
    """What bounds the cost of the models; None where nothing can."""
    if preview is not None:
        return preview.meter
    return None if ledger is None else LedgerMeter(ledger, caps)


@dataclass(frozen=True, slots=True)
class _Workshop:
    """Builds the models; those of one endpoint share its circuit breaker."""

    flags: ModelFlags
    settings: Settings
    means: Means
    preview: PreviewWire | None
    meter: Meter
    habits: Habits
    breakers: dict[str, Breaker] = field(default_factory=dict[str, Breaker])

    def pair(self, kind: str, choice: ModelChoice) -> Pair:
        """The cheap step asks one model for both; the strong one may have a feedback model of its own."""
        repair = self.model(choice)
        feedback = self.settings.feedback_model
        pair = Pair(repair if kind == "cheap" or feedback is None else self.model(feedback), repair)
        return replace(pair, unasked=why_not_asked(self.habits, pair))

    def model(self, choice: ModelChoice) -> ChatModel:
        """One model, at its endpoint."""
        endpoint = self._endpoint(choice)
        cache = self.means.folders.cache
        is_usual = self.preview is None and self.flags.record is None and self.flags.replay is None
        root = hashlib.sha256(os.fsencode(self.means.root)).hexdigest()[:16]
        paid = PaidReplies(cache / "replies" / root) if cache is not None and is_usual else None
        breaker = self.breakers.setdefault(endpoint.base_url, Breaker())
        is_replayed = self.flags.replay is not None and self.preview is None
        wire = self._wire(endpoint)
        return ChatModel(endpoint, wire, self.meter, breaker, paid, habits=self.habits, is_replayed=is_replayed)

    def _endpoint(self, choice: ModelChoice) -> Endpoint:
        return with_price(self._resolved(choice), self.flags.price, self.means.folders.state)

    def _resolved(self, choice: ModelChoice) -> Endpoint:
        try:
            return resolve(choice, self.means.environ, in_editor=self.means.editor is not None)
        except UsageError as error:
            sends_nothing = self.preview is not None or self.flags.replay is not None
            if not sends_nothing or error.code not in {"no-key", "no-keyring"}:
                raise
            return resolve(replace(choice, key="none"), self.means.environ)

    def _wire(self, endpoint: Endpoint) -> Exchange:
        if self.preview is not None:
            return self.preview
        if endpoint.in_editor and self.means.editor is not None:
            return self.means.editor(endpoint)
        from lsp_repair.models.exchange.recording import RecordingTransport, ReplayTransport
        from lsp_repair.models.exchange.wire import Wire

        if self.flags.replay is not None:
            return Wire(endpoint, ReplayTransport(self.flags.replay))
        if self.flags.record is not None:
            return Wire(endpoint, RecordingTransport(self.flags.record))
        return Wire(endpoint)


class _Forgetful:
    """Remembers nothing, because there is no ledger."""

    def recall(self, group: object) -> tuple[str, ...]:
        """Nothing."""
        del group
        return ()

    def remember(self, group: object, text: str) -> None:
        """Not kept."""
        del group, text

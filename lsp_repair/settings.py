"""Every setting, declared once; a repository may only tighten what its user decided."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from platformdirs import user_config_path

from lsp_repair.domain.isolation import Demands, Tier
from lsp_repair.domain.model_choice import CONTEXT_TOKENS, ModelChoice
from lsp_repair.domain.money import Caps
from lsp_repair.errors import UsageError
from lsp_repair.setting_values import (
    MODEL_LEVELS,
    count,
    effects,
    fewer_models,
    joined,
    lower,
    model,
    money,
    one_of,
    seconds,
    stronger,
    text,
    texts,
    tier,
    tokens,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings of one command."""

    python: Path | None = None
    min_isolation: Tier | None = None
    """None: by where code comes from (`Demands`)."""
    allow: tuple[str, ...] = ()
    time_limit_seconds: float = 300.0
    jobs: int = 2
    max_proposals: int = 3
    snapshot_include: tuple[str, ...] = ()
    snapshot_exclude: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    models: str | None = None
    """`off`, `cheap` or `all`; None: all that the user named."""
    strategy: str = "cascade"
    repair_model: ModelChoice | None = None
    feedback_model: ModelChoice | None = None
    cheap_model: ModelChoice | None = None
    critic_model: ModelChoice | None = None
    max_usd_per_fix: Decimal | None = Caps().usd_per_fix
    max_tokens_per_fix: int | None = Caps().tokens_per_fix
    max_usd_per_session: Decimal | None = Caps().usd_per_session
    max_usd_per_day: Decimal | None = Caps().usd_per_day
    prompt_exclude: tuple[str, ...] = ()
    context_tokens: int = CONTEXT_TOKENS

    @property
    def caps(self) -> Caps:
        """What models may spend."""
        return Caps(self.max_usd_per_fix, self.max_tokens_per_fix, self.max_usd_per_session, self.max_usd_per_day)


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting as it is documented and read."""

    name: str
    meaning: str
    read: Callable[[object], object]
    """From TOML's value; raises ValueError."""
    tighten: Callable[[Any, Any], object] | None = None
    """(the user's value, the repository's) to what holds; None: a repository has no say."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting's value and where it comes from."""

    name: str
    value: object
    source: str


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """What was read, with notices about keys of the repository that were ignored."""

    settings: Settings
    effective: tuple[Effective, ...]
    notices: tuple[str, ...] = ()
    users: Settings = field(default_factory=Settings)
    """Before a repository had its say."""

    def demands(self, said: Tier | None = None) -> Demands:
        """How strong the isolation has to be; `said` for this command goes before the user's settings."""
        at_least = self.settings.min_isolation if self.tightened("min_isolation") else None
        return Demands.of(said or self.users.min_isolation, at_least)

    def tightened(self, name: str) -> bool:
        """Whether the repository's word holds for this setting."""
        return any(each.name == name and each.source.endswith("pyproject.toml") for each in self.effective)


DECLARED = (
    Declared("python", "the interpreter that runs the tests", lambda value: Path(text(value)).expanduser()),
    Declared("min_isolation", "the weakest isolation that candidates may run at", tier, stronger),
    Declared("allow", "what tests may access despite the isolation: network, home, environment", effects),
    Declared("time_limit_seconds", "the time limit of a command, in seconds", seconds, min),
    Declared("jobs", "how many candidates are screened in parallel", count, min),
    Declared("max_proposals", "the maximum number of proposals per failure", count, min),
    Declared("snapshot_include", "globs of files to copy even though they may contain secrets", texts),
    Declared(
        "snapshot_exclude", "globs of files and folders that tests can do without, such as large data", texts, joined
    ),
    Declared("ignore", "globs of files that must never be edited", texts, joined),
    Declared("pytest_args", "arguments passed to every pytest run", texts, joined),
    Declared("models", "which of the named models may be used: off, cheap or all", one_of(*MODEL_LEVELS), fewer_models),
    Declared("strategy", "how a failure is repaired", text),
    Declared("repair_model", "the model that writes patches", model),
    Declared("feedback_model", "the model that explains failures; default: the model that writes patches", model),
    Declared("cheap_model", "the model that is tried first", model),
    Declared(
        "critic_model", "the model that makes suggestions on failed attempts, for strategies with critic=true", model
    ),
    Declared("max_usd_per_fix", "the most that one fix may cost, in US dollars", money, lower),
    Declared("max_tokens_per_fix", "the most tokens that one fix may use", tokens, lower),
    Declared("max_usd_per_session", "the most that one session may cost, in US dollars", money, lower),
    Declared("max_usd_per_day", "the most that 24 hours may cost, in US dollars", money, lower),
    Declared("prompt_exclude", "globs of files that are never shown to a model", texts, joined),
    Declared("context_tokens", "how many tokens of the project a prompt shows, about", count, min),
)
_EDITOR = Path("the editor's settings")
_BY_NAME = {each.name: each for each in DECLARED}


def config_file(environ: Mapping[str, str]) -> Path:
    """The user's own configuration file."""
    given = environ.get("LSP_REPAIR_CONFIG")
    return Path(given).expanduser() if given else user_config_path("lsp-repair") / "config.toml"


def load_settings(
    root: Path | None = None, environ: Mapping[str, str] = os.environ, editors: Mapping[str, object] | None = None
) -> LoadedSettings:
    """The user's file, then the user's settings of the editor, then what the repository at `root` tightens.

    Raises UsageError: `bad-config` (no TOML), `unknown-setting`, `bad-setting`, each naming file and key.
    """
    file = config_file(environ)
    users: dict[str, Any] = {key: _value(file, key, raw) for key, raw in _table(file).items()}
    sources = dict.fromkeys(users, str(file))
    for key, raw in (editors or {}).items():
        if key in _BY_NAME and raw not in (None, "", []):
            users[key] = _value(_EDITOR, key, raw)
            sources[key] = "the editor's settings"
    settings = of_user = replace(Settings(), **users)
    if root is None:
        return _loaded(settings, sources, [], of_user)
    pyproject = root / "pyproject.toml"
    notices: list[str] = []
    for key, raw in _project_table(pyproject).items():
        declared = _BY_NAME.get(key)
        if declared is None or declared.tighten is None:
            notices.append(f"{pyproject}: [tool.lsp-repair] {key} is ignored: a repository may only tighten settings")
            continue
        before = getattr(settings, key)
        after = declared.tighten(before, _value(pyproject, key, raw))
        if after != before:
            change: dict[str, Any] = {key: after}
            settings = replace(settings, **change)
            sources[key] = str(pyproject)
    return _loaded(settings, sources, notices, of_user)


def _loaded(settings: Settings, sources: Mapping[str, str], notices: list[str], of_user: Settings) -> LoadedSettings:
    effective = [
        Effective(each.name, getattr(settings, each.name), sources.get(each.name, "default"))
        for each in fields(settings)
    ]
    return LoadedSettings(settings, tuple(effective), tuple(notices), of_user)


def _value(file: Path, key: str, raw: object) -> Any:
    declared = _BY_NAME.get(key)
    if declared is None:
        known = ", ".join(_BY_NAME)
        raise UsageError("unknown-setting", f"{file}: there is no setting {key}", f"the settings are {known}")
    try:
        return declared.read(raw)
    except ValueError as error:
        raise UsageError(
            "bad-setting", f"{file}: {key} must be {error}, not {raw!r}", "correct it or remove it"
        ) from error


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError("bad-config", f"{file} cannot be read: {error}", "correct it or remove it") from error


def _project_table(pyproject: Path) -> dict[str, Any]:
    """The repository's table; a file that is no TOML is pytest's to complain about."""
    try:
        table: object = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {}).get("lsp-repair", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return cast("dict[str, Any]", table) if isinstance(table, dict) else {}

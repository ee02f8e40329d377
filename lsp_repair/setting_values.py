"""How the values of settings are read from TOML, and how a repository's value tightens the user's."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from lsp_repair.domain.isolation import OPENABLE, Tier
from lsp_repair.domain.model_choice import ModelChoice, choice_from_text
from lsp_repair.domain.money import FREE, DeclaredPrice


def text(value: object) -> str:
    """A text that is not empty; raises ValueError, as all of these do, with what it should be."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(each, str) for each in items):
        raise ValueError("a list of strings")
    return tuple(str(each) for each in items)


def seconds(value: object) -> float:
    """A time above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError("a positive number of seconds")
    return float(value)


def count(value: object) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number, 1 or more")
    return value


def tier(value: object) -> Tier:
    """An isolation tier."""
    if value not in list(Tier):
        raise ValueError("one of " + ", ".join(Tier))
    return Tier(str(value))


def effects(value: object) -> tuple[str, ...]:
    """Effects that a user may open."""
    named = texts(value)
    if not set(named) <= set(OPENABLE):
        raise ValueError("a list of " + ", ".join(OPENABLE))
    return named


def money(value: object) -> Decimal | None:
    """US dollars; `none` for no cap. Raises ValueError."""
    if value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError('US dollars such as 0.10, or "none"')
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError('US dollars such as 0.10, or "none"') from None
    if not amount.is_finite() or amount < 0:
        raise ValueError('US dollars such as 0.10, or "none"')
    return amount


def tokens(value: object) -> int | None:
    """A number of tokens; `none` for no cap. Raises ValueError."""
    if value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError('a whole number of tokens, or "none"')
    return value


def one_of(*words: str) -> Callable[[object], str]:
    """One of these words."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(words))
        return str(value)

    return read


MODEL_LEVELS = ("off", "cheap", "all")


def fraction(value: object) -> float:
    """A sampling temperature."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
        raise ValueError("a table whose temperature lies between 0 and 2")
    return float(value)


def share(value: object) -> float:
    """The part of the probability that tokens are drawn from."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError("a table whose top_p lies above 0 and is at most 1")
    return float(value)


def seed(value: object) -> int:
    """Where a sampler starts."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError("a table whose seed is a whole number, 0 or more")
    return value


def price(value: object) -> DeclaredPrice:
    """US dollars for a million tokens."""
    wrong = ValueError(
        "a table whose price has input and output, and optionally cached and cache_write, in US dollars per million tokens"
    )
    if value == 0 and not isinstance(value, bool):
        return FREE
    if not isinstance(value, dict):
        raise wrong
    table = cast("dict[str, Any]", value)
    if not {"input", "output"} <= table.keys() <= {"input", "output", "cached", "cache_write"}:
        raise wrong
    amounts = {key: money(each) for key, each in table.items()}
    given = {key: each for key, each in amounts.items() if each is not None}
    if given.keys() != amounts.keys():
        raise wrong
    return DeclaredPrice(**given)


def lower(users: Decimal | int | None, repositorys: Decimal | int | None) -> Decimal | int | None:
    """The lower of two caps; None is no cap."""
    if users is None or repositorys is None:
        return repositorys if users is None else users
    return min(users, repositorys)


def fewer_models(users: str | None, repositorys: str) -> str | None:
    """A repository may switch models off, never on: with no word of the user's, `all` would be no restriction."""
    rank = MODEL_LEVELS.index
    if users is None:
        return repositorys if repositorys != "all" else None
    return min(users, repositorys, key=rank)


def stronger(users: Tier | None, repositorys: Tier) -> Tier:
    """The stronger of two demands."""
    return users if users is not None and users.satisfies(repositorys) else repositorys


def joined(users: tuple[str, ...], repositorys: tuple[str, ...]) -> tuple[str, ...]:
    """Both lists."""
    return tuple(dict.fromkeys((*users, *repositorys)))


_OF_MODEL: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("model", "preset", "base_url", "key"), text),
    "temperature": fraction,
    "max_output_tokens": count,
    "price": price,
    "api": one_of("chat", "responses"),
    "reasoning_effort": text,
    "top_p": share,
    "seed": seed,
    "stop": texts,
}
"""How each part of a model's table is read."""


def model(value: object) -> ModelChoice:
    """From `PRESET/MODEL`, `MODEL@URL`, or a table with their parts."""
    if isinstance(value, str):
        return choice_from_text(value)
    if not isinstance(value, dict):
        raise ValueError("PRESET/MODEL, MODEL@URL or a table")
    table = cast("dict[str, Any]", value)
    unknown = table.keys() - _OF_MODEL.keys()
    if unknown or not isinstance(table.get("model"), str):
        *first, last = _OF_MODEL
        raise ValueError(
            f"a table of {', '.join(first)} and {last}"
            + (f" (there is no {min(unknown)})" if unknown else ", with at least a model")
        )
    if not table.get("preset") and not table.get("base_url"):
        raise ValueError("a table that names a preset or a base_url")
    return ModelChoice(**{name: _OF_MODEL[name](each) for name, each in table.items()})

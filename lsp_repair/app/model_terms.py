"""On whose terms a model is asked: what the user declared its price to be, and whether its words were found to help."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_repair import __version__
from lsp_repair.domain.model_habits import Habits
from lsp_repair.domain.money import FREE, DeclaredPrice
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.repair.fix_request import Assistants, Pair
from lsp_repair.trust import consent, has_consented

_FREE_AT = "free:"
_VERDICT_SECONDS = 180 * 86_400.0


def with_price(endpoint: Endpoint, declared: DeclaredPrice | None, state: Path | None) -> Endpoint:
    """The endpoint with the price that the user gave for this command, or once said that it is free; a known one stays."""
    if endpoint.price is not None:
        return endpoint
    if declared is None and endpoint.is_local and has_consented(state, _FREE_AT + endpoint.host):
        declared = FREE
    return replace(endpoint, price=declared)


def is_free(endpoint: Endpoint, state: Path) -> None:
    """Keep that the user called this endpoint free; raises OSError."""
    consent(state, _FREE_AT + endpoint.host)


def unpriced_on_this_machine(assistants: Assistants | None) -> Iterator[Endpoint]:
    """The endpoints here whose price nobody knows, each address once."""
    seen: set[str] = set()
    for _, pair in assistants.steps if assistants is not None else ():
        for endpoint in (pair.feedback.endpoint, pair.repair.endpoint):
            if endpoint.price is None and endpoint.is_local and endpoint.host not in seen:
                seen.add(endpoint.host)
                yield endpoint


@dataclass(frozen=True, slots=True)
class WorthOfWords:
    """Whether a feedback model's words help a repair model, as `models check` found."""

    helps: bool
    why: str


def keep_worth(habits: Habits, pair: Pair, found: WorthOfWords) -> None:
    """Remember it for these two models at their endpoints."""
    repair = pair.repair.endpoint
    habits.learn(repair.host, repair.model, _words_of(pair), json.dumps({"helps": found.helps, "why": found.why}))


def why_not_asked(habits: Habits, pair: Pair, clock: Callable[[], float] = time.time) -> str:
    """Why the feedback model of a pair is not asked, with the date of the check; empty: it is, as where nobody checked.

    What another version of the tool found, or half a year ago, does not count.
    """
    repair = pair.repair.endpoint
    found = habits.recall(repair.host, repair.model, _words_of(pair))
    if found is None or found.tool_version != __version__ or clock() - found.at > _VERDICT_SECONDS:
        return ""
    try:
        told = json.loads(found.value)
        helps, why = bool(told["helps"]), str(told["why"])
    except (ValueError, LookupError, TypeError):
        return ""
    checked = time.strftime("%Y-%m-%d", time.localtime(found.at))
    return "" if helps else f"{why} (models check, {checked})"


def _words_of(pair: Pair) -> str:
    feedback = pair.feedback.endpoint
    return f"words of {feedback.model} at {feedback.host}"

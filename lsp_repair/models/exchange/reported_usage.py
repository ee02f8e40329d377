"""The tokens and the money that an endpoint reports, in the dialects of the providers, as classes that add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from lsp_repair.domain.money import Usage

_ABSURD = 10**10
_ABSURD_USD = Decimal(10_000)


def reported_usage(raw: object) -> Usage | None:
    """From the `usage` object of a reply; None when it says nothing that can be believed.

    What is sampled is the larger of what is called so and of all that is not prompt: some providers leave hidden
    reasoning out of the first. Names: OpenAI's chat completions and responses, DeepSeek's cache hits and misses, and
    Anthropic's, whose `input_tokens` are those that no cache was involved in.
    """
    if not isinstance(raw, dict):
        return None
    reported = cast("dict[str, Any]", raw)
    prompt = _Prompt.of(reported)
    sampled = _first(reported, "completion_tokens", "output_tokens")
    if prompt is None or sampled is None or prompt.all == 0:
        return None
    total = _count(reported.get("total_tokens"))
    sampled = max(sampled, 0 if total is None else total - prompt.all)
    reasoning = _count(_details(reported, "completion_tokens_details", "output_tokens_details").get("reasoning_tokens"))
    cached = min(prompt.all, prompt.cached)
    return Usage(
        input_tokens=prompt.all,
        cached_tokens=cached,
        output_tokens=sampled,
        reasoning_tokens=min(sampled, reasoning or 0),
        cache_write_tokens=min(prompt.all - cached, prompt.written),
    )


@dataclass(frozen=True, slots=True)
class _Prompt:
    """The tokens of a prompt: all, and those that were read from or written to a cache."""

    all: int
    cached: int
    written: int

    @classmethod
    def of(cls, reported: Mapping[str, Any]) -> "_Prompt | None":
        """None where the endpoint does not say."""
        details = _details(reported, "prompt_tokens_details", "input_tokens_details")
        hits, misses = _count(reported.get("prompt_cache_hit_tokens")), _count(reported.get("prompt_cache_miss_tokens"))
        read = _count(reported.get("cache_read_input_tokens")) or 0
        cached = _count(details.get("cached_tokens")) or hits or read
        creation = _count(reported.get("cache_creation_input_tokens")) or 0
        written = _count(details.get("cache_write_tokens")) or creation
        prompt = _first(reported, "prompt_tokens", "input_tokens")
        if prompt is None and hits is not None and misses is not None:
            prompt = hits + misses
        if prompt is None:
            return None
        return cls(prompt + (read + creation if _are_apart(reported, prompt, read + creation) else 0), cached, written)


def _are_apart(reported: Mapping[str, Any], prompt: int, of_cache: int) -> bool:
    """Whether the tokens of the cache come on top of those of the prompt, as Anthropic counts."""
    if "prompt_tokens" not in reported:
        return "input_tokens_details" not in reported and "total_tokens" not in reported
    total, sampled = _count(reported.get("total_tokens")), _count(reported.get("completion_tokens")) or 0
    return of_cache > prompt or (of_cache > 0 and total == prompt + of_cache + sampled)


def reported_charge(raw: object) -> Decimal | None:
    """US dollars as OpenRouter tells them (`usage.cost`), with what it passed on to the user's own key elsewhere."""
    if not isinstance(raw, dict):
        return None
    reported = cast("dict[str, Any]", raw)
    cost = _amount(reported.get("cost"))
    if cost is None or reported.get("is_byok") is not True:
        return cost
    return cost + (_amount(_details(reported, "cost_details").get("upstream_inference_cost")) or 0)


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < _ABSURD_USD else None


def _first(reported: Mapping[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := _count(reported.get(name))) is not None), None)


def _details(reported: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        details = reported.get(name)
        if isinstance(details, dict):
            return cast("dict[str, Any]", details)
    return {}


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _ABSURD:
        return None
    return value

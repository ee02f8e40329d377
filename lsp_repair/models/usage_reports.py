"""What endpoints say they used, taken with care: missing, negative and absurd figures are no figures."""

from collections.abc import Mapping
from typing import Any, cast

from lsp_repair.domain.usage import Usage

_ABSURD = 10**10


def reported_usage(raw: object) -> Usage | None:
    """From the `usage` object of a reply; None when it says nothing that can be believed."""
    if not isinstance(raw, dict):
        return None
    reported = cast("dict[str, Any]", raw)
    prompt, sampled = _count(reported.get("prompt_tokens")), _count(reported.get("completion_tokens"))
    if prompt is None or sampled is None or prompt == 0:
        return None
    of_prompt, of_sampled = _details(reported, "prompt_tokens_details"), _details(reported, "completion_tokens_details")
    cached = min(prompt, _count(of_prompt.get("cached_tokens")) or 0)
    written = _count(of_prompt.get("cache_write_tokens")) or _count(reported.get("cache_creation_input_tokens")) or 0
    return Usage(
        input_tokens=prompt,
        cached_tokens=cached,
        output_tokens=sampled,
        reasoning_tokens=min(sampled, _count(of_sampled.get("reasoning_tokens")) or 0),
        cache_write_tokens=min(prompt - cached, written),
    )


def _details(reported: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = reported.get(name)
    return cast("dict[str, Any]", details) if isinstance(details, dict) else {}


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _ABSURD:
        return None
    return value

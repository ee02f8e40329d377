"""A request that was too long for its endpoint, made to fit: from what the refusal says, a smaller prompt or reply."""

import re
from dataclasses import dataclass, replace

from lsp_repair.models.messages import USUAL_BYTES_PER_TOKEN, ChatRequest, prompt_bytes

_SIZE = re.compile(
    r"context (?:size|length|window) ?\(?(?:is |of )?([\d,]+)|n_ctx\W+(\d+)|maximum (?:model|sequence) length of (\d+)|"
    r"must be <= ?(\d+)|tokens > (\d+)",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"request \((\d+) tokens\)|messages (?:have|resulted in) (\d+)|\((\d+) in the messages|has (\d+) input tokens|"
    r"prompt \(length (\d+)\)|(\d+) tokens >|given: (\d+) `inputs`",
    re.IGNORECASE,
)
_MOST_SAMPLED = re.compile(r"at most (\d+) (?:completion|output) tokens", re.IGNORECASE)
_DENSE_BYTES_PER_TOKEN = 3.0
"""Of code, by small models: what is expected where nobody counted."""
_OVERHEAD = 48
_MARGIN = 0.92
_MIN_REPLY = 64
_MIN_PROMPT = 128


@dataclass(frozen=True, slots=True)
class Room:
    """What an endpoint said of a request that did not fit it, in tokens; 0 where it did not say."""

    context: int = 0
    prompt: int = 0
    """Of the request that was refused."""
    most_sampled: int = 0

    @classmethod
    def told(cls, detail: str) -> "Room":
        """From the words of a refusal."""
        return cls(_figure(_SIZE, detail), _figure(_PROMPT, detail), _figure(_MOST_SAMPLED, detail))


def _figure(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    digits = next(filter(None, found.groups()), "") if found else ""
    return int(digits.replace(",", "")) if len(digits) < 10 and digits else 0


def smaller(request: ChatRequest, room: Room) -> ChatRequest | None:
    """The same question as the endpoint may take it; None where it cannot be made smaller.

    The reply's limit gives way first where it alone is too large, else both do: a third of the context is the reply's.
    """
    if room.most_sampled:
        return _limited(request, room.most_sampled)
    if room.context and room.prompt and _fits(room):
        return _limited(request, room.context - room.prompt - _OVERHEAD)
    if request.smaller is None:
        return None
    before = prompt_bytes(request)
    per_token = before / room.prompt if room.prompt else _DENSE_BYTES_PER_TOKEN
    limit = (
        min(request.max_output_tokens, max(_MIN_REPLY, room.context // 3))
        if room.context
        else request.max_output_tokens
    )
    wanted = (room.context - limit - _OVERHEAD) * per_token * _MARGIN if room.context else before / 2
    if wanted < _MIN_PROMPT * _DENSE_BYTES_PER_TOKEN:
        return None
    found = request.smaller(int(wanted / USUAL_BYTES_PER_TOKEN))
    return replace(found, max_output_tokens=limit) if prompt_bytes(found) < before else None


def _fits(room: Room) -> bool:
    """Whether the prompt leaves room for a reply of some use."""
    return room.context - room.prompt - _OVERHEAD >= max(_MIN_REPLY, room.context // 4)


def _limited(request: ChatRequest, most: int) -> ChatRequest | None:
    return replace(request, max_output_tokens=most) if most < request.max_output_tokens else None


def fitted(request: ChatRequest, context: int) -> ChatRequest:
    """The request as an endpoint with this context can take it, as far as that can be told before it is sent."""
    expected = int(prompt_bytes(request) / _DENSE_BYTES_PER_TOKEN)
    if not context or expected + request.max_output_tokens + _OVERHEAD <= context:
        return request
    return smaller(request, Room(context, expected)) or request

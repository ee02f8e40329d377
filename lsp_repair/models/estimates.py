"""How many tokens a request has, before anybody counted them."""

from lsp_repair.domain.money import Usage
from lsp_repair.models.messages import ChatRequest

_MESSAGE_OVERHEAD = 16
_REQUEST_OVERHEAD = 32
_USUAL_BYTES = 3.6
_IMPLAUSIBLE_BYTES = 9.0
"""No tokenizer packs this many bytes of code and English into a token on average."""
_MIN_TOLD = 200


def input_bound(request: ChatRequest) -> int:
    """No tokenizer makes more tokens than there are bytes, but for the marks around messages."""
    content = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    return content + _MESSAGE_OVERHEAD * len(request.messages) + _REQUEST_OVERHEAD


def usual_usage(request: ChatRequest, text: str) -> Usage:
    """What a call probably used, when the endpoint does not say: rounded up."""
    content = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    sampled = len(text.encode("utf-8", "replace"))
    return Usage(
        input_tokens=int(content / _USUAL_BYTES) + _MESSAGE_OVERHEAD * len(request.messages),
        output_tokens=int(sampled / _USUAL_BYTES) + 1,
    )


def was_cut(request: ChatRequest, reported: Usage) -> bool:
    """Whether the endpoint counted far fewer prompt tokens than were sent."""
    content = sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)
    expected = content / _IMPLAUSIBLE_BYTES
    return expected >= _MIN_TOLD / 2 and 0 < reported.input_tokens < expected

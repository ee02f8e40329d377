"""The wire format of chat completions: what is sent, and what its documents report."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.exchange.reported_usage import reported_charge, reported_usage
from lsp_repair.models.exchange.streams import BadReplyError, ErrorInReplyError, StreamFacts, StreamPiece, kind_of
from lsp_repair.models.messages import ChatRequest

LIMITS = ("max_tokens", "max_completion_tokens")


def body_of(endpoint: Endpoint, request: ChatRequest, dropped: set[str]) -> dict[str, Any]:
    """The parameters of a request, without those that the endpoint refused before."""
    limit = endpoint.limit_parameter
    other = next(each for each in LIMITS if each != limit)
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        other if limit in dropped else limit: request.max_output_tokens,
        "temperature": request.temperature,
        "seed": sampling.seed,
        "top_p": sampling.top_p,
        "stop": list(sampling.stop) or None,
        "reasoning_effort": sampling.reasoning_effort,
    }
    if "stream" in dropped:
        del body["stream_options"]  # says how to stream
    return {key: value for key, value in body.items() if value is not None and key not in dropped}


def pieces_of(document: object, part: str) -> Iterator[StreamPiece]:
    """What one document of the endpoint reports; `part` is `delta` in a stream, else `message`.

    Raises BadReplyError or ErrorInReplyError.
    """
    if not isinstance(document, dict):
        raise BadReplyError(f"the endpoint answered with {kind_of(document)} instead of a reply")
    reported = cast("dict[str, Any]", document)
    if reported.get("error"):
        raise ErrorInReplyError(reported["error"])
    usage = reported.get("usage")
    yield StreamFacts(
        usage=reported_usage(usage),
        served_by=_text(reported.get("model")) or "",
        charged_usd=reported_charge(usage),
    )
    choices = reported.get("choices")
    first = cast("list[object]", choices)[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict):
        yield from _pieces_of_choice(cast("dict[str, Any]", first), part)


def _pieces_of_choice(choice: Mapping[str, Any], part: str) -> Iterator[StreamPiece]:
    body = choice.get(part)
    reported = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if content := _text(reported.get("content")):
        yield content
    yield from _called(reported.get("tool_calls"))
    yield StreamFacts(finish=_text(choice.get("finish_reason")), refusal=_text(reported.get("refusal")) or "")


def _called(calls: object) -> Iterator[str]:
    """The arguments of tool calls as text, each call on lines of its own: some answer so, although no tool was offered."""
    for call in cast("list[object]", calls) if isinstance(calls, list) else ():
        function = cast("dict[str, Any]", call).get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            reported = cast("dict[str, Any]", function)
            begins = "\n" if _text(reported.get("name")) else ""
            arguments = reported.get("arguments")
            yield begins + (json.dumps(arguments) if isinstance(arguments, dict) else _text(arguments) or "")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

"""The wire format of the Responses API: what is sent, and what its events and documents report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.exchange.reported_usage import reported_charge, reported_usage
from lsp_repair.models.exchange.streams import BadReplyError, ErrorInReplyError, StreamFacts, StreamPiece, kind_of
from lsp_repair.models.messages import ChatRequest

_LAST = {"response.completed", "response.incomplete", "response.failed"}
_FINISHES = {"max_output_tokens": "length", "content_filter": "content_filter"}
LIMIT = "max_output_tokens"


def body_of(endpoint: Endpoint, request: ChatRequest, dropped: set[str]) -> dict[str, Any]:
    """The parameters of a request, without those that the endpoint refused before; it knows no `seed` and no `stop`.

    Nothing is kept at the provider: `store` is off.
    """
    effort = request.sampling.reasoning_effort
    body: dict[str, Any] = {
        "model": endpoint.model,
        "input": [{"role": each.role, "content": each.content} for each in request.messages],
        "stream": True,
        "store": False,
        LIMIT: request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.sampling.top_p,
        "reasoning": None if effort is None else {"effort": effort},
    }
    return {key: value for key, value in body.items() if value is not None and key not in dropped}


@dataclass(slots=True)
class ResponseReader:
    """Reads the events of one response, or its one document."""

    limit: int
    """Of sampled tokens."""
    _heard: bool = False
    """Whether pieces of the contents came before the whole."""

    def pieces_of(self, document: object, part: str) -> Iterator[StreamPiece]:
        """What one document reports; `part` is `delta` in a stream. Raises BadReplyError or ErrorInReplyError."""
        if not isinstance(document, dict):
            raise BadReplyError(f"the endpoint answered with {kind_of(document)} instead of a response")
        reported = cast("dict[str, Any]", document)
        kind = reported.get("type")
        if reported.get("error") or kind == "error":
            raise ErrorInReplyError(reported.get("error") or reported)
        if part != "delta":
            yield from self._pieces_of_response(reported)
        elif kind in _LAST:
            response = reported.get("response")
            if not isinstance(response, dict):
                raise BadReplyError(f"the endpoint ended with {kind_of(response)} instead of a response")
            yield from self._pieces_of_response(cast("dict[str, Any]", response))
        elif kind == "response.output_text.delta" and isinstance(text := reported.get("delta"), str):
            self._heard = True
            yield text
        elif kind == "response.refusal.delta" and isinstance(text := reported.get("delta"), str):
            self._heard = True
            yield StreamFacts(refusal=text)

    def _pieces_of_response(self, response: Mapping[str, Any]) -> Iterator[StreamPiece]:
        if response.get("error"):
            raise ErrorInReplyError(response["error"])
        for kind, text in () if self._heard else _contents(response):
            if kind == "output_text":
                yield text
            elif kind == "refusal":
                yield StreamFacts(refusal=text)
        usage = reported_usage(response.get("usage"))
        model = response.get("model")
        finish = _finish(response)
        if finish == "stop" and usage is not None and usage.output_tokens >= self.limit:
            finish = "length"  # some servers say "completed" there, too
        yield StreamFacts(
            finish=finish,
            usage=usage,
            served_by=model if isinstance(model, str) else "",
            charged_usd=reported_charge(response.get("usage")),
        )


def _finish(response: Mapping[str, Any]) -> str | None:
    """As chat completions call it; None: it ended for another reason than its own end."""
    if response.get("status") == "completed":
        return "stop"
    details = response.get("incomplete_details")
    reason = cast("dict[str, Any]", details).get("reason") if isinstance(details, dict) else None
    return _FINISHES.get(reason) if isinstance(reason, str) else None


def _contents(response: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and text of each part of the messages in a response."""
    output = response.get("output")
    for item in cast("list[object]", output) if isinstance(output, list) else []:
        content = cast("dict[str, Any]", item).get("content") if isinstance(item, dict) else None
        for part in cast("list[object]", content) if isinstance(content, list) else []:
            if isinstance(part, dict):
                told = cast("dict[str, Any]", part)
                kind = str(told.get("type"))
                text = told.get("refusal" if kind == "refusal" else "text")
                if isinstance(text, str):
                    yield kind, text

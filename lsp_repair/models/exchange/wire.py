"""One exchange with an OpenAI-compatible endpoint, in the API and with the parameters that it knows.

Whatever comes back becomes a `Reply`; nothing is raised but KeyboardInterrupt.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx2

from lsp_repair.domain.deadline import Deadline
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.exchange import chat_completions, responses_api, streams
from lsp_repair.models.exchange.classifying import unsupported_parameter, wants_responses
from lsp_repair.models.exchange.sdk_call import Asked, Pieces, SdkCall, trusted
from lsp_repair.models.exchange.streams import ReceivedReply, StreamEnd, StreamFacts, StreamPiece, next_piece
from lsp_repair.models.exchange.ways_out import listed_names, way_out
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply

Hear = Callable[[str], None]
_SILENCE_SECONDS = 180.0
"""A local model may think that long before its first token."""
_MAX_BYTES_PER_TOKEN = 64
_MIN_BYTES = 64_000
_MAX_WIRE_BYTES_PER_TOKEN = 2_000
"""Some endpoints wrap every token in an event of its own."""
_MIN_WIRE_BYTES = 1_000_000
_ADAPTATIONS = 6
_SHOWN = 300
_LIST_SECONDS = 5.0
_MAX_LIST_BYTES = 8_000_000


@dataclass(slots=True)
class Wire:
    """An endpoint as it is spoken to; remembers which parameters it does not know."""

    endpoint: Endpoint
    transport: httpx2.BaseTransport | None = None
    """Records or replays; None: the network."""
    silence_seconds: float = _SILENCE_SECONDS
    _dropped: set[str] = field(default_factory=set[str])
    _uses_responses: bool | None = None
    """What the endpoint wants, once it said it."""

    @property
    def uses_responses(self) -> bool:
        """Whether the Responses API is called instead of chat completions."""
        return self.endpoint.uses_responses if self._uses_responses is None else self._uses_responses

    def exchange(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """Send one request and read its reply as it comes; `hear` gets each piece of text."""
        reply: Reply = Failure(Failed.CANCELLED, "no time left", billed=False)
        for _ in range(1 + _ADAPTATIONS):
            if deadline.passed:
                return Failure(Failed.CANCELLED, "no time left", billed=False)
            reply = self._once(request, deadline, hear)
            if not self._adapted(reply, request):
                break
        shown = self._shown(reply, deadline)
        return replace(shown, notes=self._left_out(request)) if isinstance(shown, Complete) else shown

    def _left_out(self, request: ChatRequest) -> tuple[str, ...]:
        """What the user set and this endpoint does not take."""
        users = {name for name, value in asdict(request.sampling).items() if value not in (None, ())}
        if self.endpoint.temperature is not None:
            users.add("temperature")
        gone = set(self._dropped)
        if "reasoning" in gone:
            gone.add("reasoning_effort")
        if self.uses_responses:
            gone.update(("seed", "stop"))
        names = ", ".join(sorted(users & gone))
        return (f"{self.endpoint.name} does not take {names}, so it was asked without",) if names else ()

    def _adapted(self, reply: Reply, request: ChatRequest) -> bool:
        """Whether what the endpoint refused at its door can be sent in another way."""
        if not self.uses_responses and self.endpoint.api is None and wants_responses(reply):
            self._uses_responses = True
            return True
        unknown = unsupported_parameter(reply, self._body(request))
        unbounded = (set(chat_completions.LIMITS), {responses_api.LIMIT})
        if unknown is None or any(limits <= self._dropped | {unknown} for limits in unbounded):
            return False  # without any limit, nothing bounds the bill
        self._dropped.add(unknown)
        return True

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        """The parameters of the request, without those that the endpoint refused before."""
        if self.uses_responses:
            return responses_api.body_of(self.endpoint, request, self._dropped)
        return chat_completions.body_of(self.endpoint, request, self._dropped)

    def _reader(self, request: ChatRequest) -> Pieces:
        if self.uses_responses:
            return responses_api.ResponseReader(request.max_output_tokens).pieces_of
        return chat_completions.pieces_of

    def _once(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        received = ReceivedReply(limit=request.max_output_tokens * _MAX_BYTES_PER_TOKEN + _MIN_BYTES)
        pieces: queue.Queue[StreamPiece] = queue.Queue()
        most = request.max_output_tokens * _MAX_WIRE_BYTES_PER_TOKEN + _MIN_WIRE_BYTES
        asked = Asked(self._body(request), self.uses_responses, self._reader(request), most, self.silence_seconds)
        call = SdkCall(self.endpoint, asked, deadline, pieces, self.transport)
        worker = threading.Thread(target=call.run, name="model-call", daemon=True)
        worker.start()
        try:
            while True:
                piece = next_piece(pieces, worker)
                if deadline.passed and not isinstance(piece, StreamEnd):
                    call.stop()
                    cancelled = received.failure(Failed.CANCELLED, "cancelled while the reply was arriving")
                    return replace(cancelled, billed=call.began)
                match piece:
                    case str():
                        received.text += piece
                        hear(piece)
                        if len(received.text) > received.limit:
                            return received.failure(Failed.MALFORMED, "far more text than was requested")
                    case StreamFacts():
                        received.take(piece)
                    case StreamEnd(failure):
                        return received.reply() if failure is None else received.failed(failure)
                    case None:
                        pass
        finally:
            call.stop()

    def _shown(self, reply: Reply, deadline: Deadline) -> Reply:
        """As it may be shown and kept: no endpoint gets to put the user's key into a message of ours."""
        served_by = _one_line(self._without_key(reply.served_by), 100)
        if isinstance(reply, Complete):
            return replace(reply, served_by=served_by)
        names = self._model_names(deadline) if reply.why is Failed.NOT_FOUND else ()
        help_text = way_out(reply, self.endpoint, names)
        detail = _one_line(self._without_key(reply.detail), _SHOWN)
        if help_text:
            detail += f"; {_one_line(self._without_key(help_text), _SHOWN)}"
        return replace(reply, detail=detail, partial=self._without_key(reply.partial), served_by=served_by)

    def _model_names(self, deadline: Deadline) -> tuple[str, ...]:
        """What the endpoint lists, which is no call of a model; none where it lists nothing."""
        if deadline.passed:
            return ()
        url = f"{self.endpoint.base_url.rstrip('/')}/models"
        headers = {"authorization": f"Bearer {self.endpoint.key}", "accept": "application/json"}
        seconds = min(_LIST_SECONDS, max(0.1, deadline.remaining))
        try:
            with (
                httpx2.Client(transport=self.transport, verify=trusted(), timeout=seconds) as http,
                http.stream("GET", url, headers=headers) as response,
            ):
                if not response.is_success:
                    return ()
                data = b"".join(streams.bounded(response.iter_bytes(), _MAX_LIST_BYTES))
        except (httpx2.HTTPError, httpx2.InvalidURL, streams.BadReplyError, OSError, ValueError):
            return ()
        return listed_names(streams.document_of(data.decode("utf-8", "replace")))

    def _without_key(self, text: str) -> str:
        key = self.endpoint.key
        return text.replace(key, "[key]") if len(key) > len("no-key") else text


def _one_line(text: str, most: int) -> str:
    """On one line, without anything that moves a cursor."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:most]

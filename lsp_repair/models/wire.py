"""One exchange with an OpenAI-compatible endpoint: the only place that knows the SDK.

The SDK's own retries are off: they are billed unseen. Whatever comes back becomes a `Reply`; nothing is raised but
KeyboardInterrupt.
"""

import contextlib
import functools
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import openai

from lsp_repair.domain.deadline import Deadline
from lsp_repair.models import streams
from lsp_repair.models.classifying import failure_of_body, failure_of_status, unsupported_parameter
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply
from lsp_repair.models.streams import ReceivedReply, StreamEnd, StreamFacts, StreamPiece, next_piece, pieces_of

Hear = Callable[[str], None]
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 180.0
"""A local model may think that long before its first token."""
_MAX_BYTES_PER_TOKEN = 64
_MIN_BYTES = 64_000
_MAX_WIRE_BYTES_PER_TOKEN = 2_000
"""Some endpoints wrap every token in an event of its own."""
_MIN_WIRE_BYTES = 1_000_000
_ADAPTATIONS = 3
_SHOWN = 300
_LIMITS = ("max_tokens", "max_completion_tokens")
_SENT_HEADERS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host"}
    | {"transfer-encoding", "user-agent"}
)
"""The SDK adds more, some of it from the environment."""


@dataclass(slots=True)
class Wire:
    """An endpoint as it is spoken to; remembers which parameters it does not know."""

    endpoint: Endpoint
    transport: httpx2.BaseTransport | None = None
    """Records or replays; None: the network."""
    silence_seconds: float = _SILENCE_SECONDS
    _dropped: set[str] = field(default_factory=set[str])

    def exchange(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """Send one request and read its reply as it comes; `hear` gets each piece of text."""
        reply: Reply = Failure(Failed.CANCELLED, "no time left", billed=False)
        for _ in range(1 + _ADAPTATIONS):
            if deadline.passed:
                return Failure(Failed.CANCELLED, "no time left", billed=False)
            reply = self._once(request, deadline, hear)
            unknown = unsupported_parameter(reply, self._body(request))
            if unknown is None or self._dropped.union({unknown}).issuperset(_LIMITS):
                break  # without any limit, nothing bounds the bill
            self._dropped.add(unknown)
        return self._shown(reply)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        """The parameters of the request, without those that the endpoint refused before."""
        limit = self.endpoint.limit_parameter
        other = "max_tokens" if limit == "max_completion_tokens" else "max_completion_tokens"
        body: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            other if limit in self._dropped else limit: request.max_output_tokens,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return {key: value for key, value in body.items() if key not in self._dropped}

    def _once(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        received = ReceivedReply(limit=request.max_output_tokens * _MAX_BYTES_PER_TOKEN + _MIN_BYTES)
        pieces: queue.Queue[StreamPiece] = queue.Queue()
        most = request.max_output_tokens * _MAX_WIRE_BYTES_PER_TOKEN + _MIN_WIRE_BYTES
        call = _Call(self, self._body(request), deadline, pieces, most)
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

    def _shown(self, reply: Reply) -> Reply:
        """As it may be shown and kept: no endpoint gets to put the user's key into a message of ours."""
        served_by = _one_line(self._without_key(reply.served_by), 100)
        if isinstance(reply, Complete):
            return replace(reply, served_by=served_by)
        return replace(
            reply,
            detail=_one_line(self._without_key(reply.detail), _SHOWN),
            partial=self._without_key(reply.partial),
            served_by=served_by,
        )

    def _without_key(self, text: str) -> str:
        key = self.endpoint.key
        return text.replace(key, "[key]") if len(key) > len("no-key") else text


def _one_line(text: str, most: int) -> str:
    """On one line, without anything that moves a cursor."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:most]


class _Call:
    """The part that waits for the network, in a thread of its own, so that a cancel is heard at once."""

    def __init__(
        self, wire: Wire, body: dict[str, Any], deadline: Deadline, pieces: "queue.Queue[StreamPiece]", most: int
    ) -> None:
        self._wire = wire
        self._body = body
        self._deadline = deadline
        self._pieces = pieces
        self._most_bytes = most
        self._stopped = threading.Event()
        self._connection: Any = None
        self.began = False
        """Whether anything of the request went out."""

    def run(self) -> None:
        try:
            with contextlib.closing(self._client()) as http:
                failure = self._talk(http)
        except BaseException as error:  # noqa: BLE001 - the SDK lets errors through that are not its own
            failure = _of_exception(error)
            failure = replace(failure, billed=failure.billed and self.began)
        self._pieces.put(StreamEnd(failure))

    def stop(self) -> None:
        """End the exchange now; the endpoint sees the connection close."""
        self._stopped.set()
        self._cut()

    def _cut(self) -> None:
        connection = self._connection
        with contextlib.suppress(Exception):
            raw = connection.get_extra_info("socket") if connection is not None else None
            if raw is not None:
                raw.shutdown(socket.SHUT_RDWR)

    def _client(self) -> httpx2.Client:
        return httpx2.Client(
            transport=self._wire.transport,
            verify=_trusted(),
            follow_redirects=False,  # a prompt goes where the user said
            timeout=httpx2.Timeout(
                _CONNECT_SECONDS, read=min(self._wire.silence_seconds, max(1.0, self._deadline.remaining))
            ),
            event_hooks={"request": [self._leaving], "response": [self._answered]},
        )

    def _leaving(self, request: httpx2.Request) -> None:
        """Only what the exchange needs leaves, but for OpenAI's own host, whose business the environment is."""
        request.extensions["trace"] = self._traced
        if not f".{urlsplit(self._wire.endpoint.base_url).hostname}".endswith(".api.openai.com"):
            for name in set(request.headers) - _SENT_HEADERS:
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {self._wire.endpoint.key}"

    def _traced(self, event: str, reported: Mapping[str, Any]) -> None:
        """Keep hold of the connection from its first moment on, so that it can be closed at any."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._connection = reported.get("return_value")
        elif event.endswith(".send_request_headers.started"):
            self.began = True
        if self._stopped.is_set():
            self._cut()

    def _answered(self, response: httpx2.Response) -> None:
        """Errors are read here, because the SDK would read them to whatever end."""
        self.began = True
        if not response.is_success:
            text = streams.beginning(response.iter_bytes()).decode("utf-8", "replace")
            raise streams.StatusError(response.status_code, response.headers, text)

    def _talk(self, http: httpx2.Client) -> Failure | None:
        endpoint = self._wire.endpoint
        client = openai.OpenAI(api_key=endpoint.key, base_url=endpoint.base_url, max_retries=0, http_client=http)
        create = cast("Callable[..., Any]", client.chat.completions.create)
        response: httpx2.Response = create(**self._body).response
        with contextlib.closing(response):
            chunks = self._until_stopped(streams.bounded(response.iter_bytes(), self._most_bytes))
            if streams.is_stream(response.headers):
                self._read_events(chunks)
            else:
                self._put(streams.json_of(b"".join(chunks).decode("utf-8", "replace")), "message")
        return None

    def _until_stopped(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """What had come before a connection was cut can still be read, and may be without end."""
        for chunk in chunks:
            if self._stopped.is_set():
                return
            yield chunk

    def _read_events(self, chunks: Iterator[bytes]) -> None:
        """Server-sent events; read here because the SDK hides both a bad event and the end mark."""
        for data in streams.events_of(streams.lines_of(chunks)):
            if data == "[DONE]":
                return
            self._put(streams.json_of(data), "delta")

    def _put(self, document: object, part: str) -> None:
        for piece in pieces_of(document, part):
            self._pieces.put(piece)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Loaded once: the certificates take longer than the rest of a call's preparation."""
    return httpx2.create_ssl_context()


def _of_exception(error: BaseException) -> Failure:
    """Every way in which an exchange can break, as one of the closed set."""
    match error:
        case streams.StatusError():
            return failure_of_status(error.status, error.headers, streams.document_of(error.text), time.time())
        case streams.ErrorInReplyError():
            return failure_of_body(error.error)
        case streams.BadReplyError():
            return Failure(Failed.MALFORMED, str(error))
        case openai.APITimeoutError() | httpx2.TimeoutException():
            return Failure(Failed.NETWORK, "the endpoint did not answer in time")
        case openai.APIConnectionError():
            return Failure(Failed.NETWORK, f"no connection: {error.__cause__ or error}")
        case httpx2.TransportError() | OSError():
            return Failure(Failed.NETWORK, f"the connection was lost: {error}")
        case openai.OpenAIError() | ValueError() | TypeError() | AttributeError():
            return Failure(Failed.MALFORMED, f"the reply cannot be read: {error}")
        case _:
            return Failure(Failed.MALFORMED, f"{type(error).__name__}: {error}")

"""One HTTP exchange through the SDK, in a thread of its own: the only file that knows the SDK.

The SDK's own retries are off: they are billed unseen.
"""

import contextlib
import functools
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import openai

from lsp_repair.domain.deadline import Deadline
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.exchange import streams
from lsp_repair.models.exchange.classifying import failure_of_body, failure_of_status
from lsp_repair.models.exchange.streams import StreamEnd, StreamPiece
from lsp_repair.models.messages import Failed, Failure

Pieces = Callable[[object, str], Iterator[StreamPiece]]
"""What one document reports, and whether it is a `delta` or a `message`."""
_CONNECT_SECONDS = 10.0
_RAW = "X-Stainless-Raw-Response"
"""The SDK marks requests with it whose replies it leaves unread; it does not go out, and is put back when the reply came."""
_SENT_HEADERS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host"}
    | {"transfer-encoding", "user-agent"}
)
"""The SDK adds more, some of it from the environment."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is sent, and how its reply is read."""

    body: dict[str, Any]
    by_responses: bool
    """Whether it goes to the Responses API."""
    read: Pieces
    most_bytes: int
    """Of the whole reply."""
    silence_seconds: float


class SdkCall:
    """The part that waits for the network, in a thread of its own, so that a cancel is heard at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        asked: Asked,
        deadline: Deadline,
        pieces: "queue.Queue[StreamPiece]",
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self._endpoint = endpoint
        self._asked = asked
        self._deadline = deadline
        self._pieces = pieces
        self._transport = transport
        self._stopped = threading.Event()
        self._connection: Any = None
        self.began = False
        """Whether anything of the request went out."""

    def run(self) -> None:
        """Talk to the endpoint; the end is always the last piece."""
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
            transport=self._transport,
            verify=trusted(),
            follow_redirects=False,  # a prompt goes where the user said
            timeout=httpx2.Timeout(
                _CONNECT_SECONDS, read=min(self._asked.silence_seconds, max(1.0, self._deadline.remaining))
            ),
            event_hooks={"request": [self._leaving], "response": [self._answered]},
        )

    def _leaving(self, request: httpx2.Request) -> None:
        """Only what the exchange needs leaves, but for OpenAI's own host, whose business the environment is."""
        request.extensions["trace"] = self._traced
        if not f".{urlsplit(self._endpoint.base_url).hostname}".endswith(".api.openai.com"):
            for name in set(request.headers) - _SENT_HEADERS:
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {self._endpoint.key}"

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
        response.request.headers[_RAW] = "stream"
        if not response.is_success:
            text = streams.beginning(response.iter_bytes()).decode("utf-8", "replace")
            raise streams.StatusError(response.status_code, response.headers, text)

    def _talk(self, http: httpx2.Client) -> Failure | None:
        endpoint = self._endpoint
        client = openai.OpenAI(api_key=endpoint.key, base_url=endpoint.base_url, max_retries=0, http_client=http)
        api = client.responses if self._asked.by_responses else client.chat.completions
        create = cast("Callable[..., Any]", api.with_streaming_response.create)
        with create(**self._asked.body) as received:
            response: httpx2.Response = received.http_response
            chunks = self._until_stopped(streams.bounded(response.iter_bytes(), self._asked.most_bytes))
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
        for piece in self._asked.read(document, part):
            self._pieces.put(piece)


@functools.cache
def trusted() -> ssl.SSLContext:
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
            is_down = isinstance(_root(error), ConnectionRefusedError)
            return Failure(Failed.NETWORK, f"no connection: {error.__cause__ or error}", is_down=is_down)
        case httpx2.TransportError() | OSError():
            return Failure(Failed.NETWORK, f"the connection was lost: {error}")
        case openai.OpenAIError() | ValueError() | TypeError() | AttributeError():
            return Failure(Failed.MALFORMED, f"the reply cannot be read: {error}")
        case _:
            return Failure(Failed.MALFORMED, f"{type(error).__name__}: {error}")


def _root(error: BaseException) -> BaseException:
    """What an error came from in the end."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error

"""A model that is a script: the OpenAI chat completions wire format on 127.0.0.1, with every way of going wrong."""

import enum
import gzip
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

MODEL = "scripted"
DONE = b"data: [DONE]\n\n"
USAGE: Mapping[str, Any] = {"prompt_tokens": 40, "completion_tokens": 8, "total_tokens": 48}
_PATIENCE = 30.0

Document = dict[str, Any]


class Act(enum.Enum):
    """What a script can do beside sending bytes."""

    RESET = enum.auto()
    """The connection is reset."""
    CUT = enum.auto()
    """The connection is closed, whatever was promised."""
    STALL = enum.auto()
    """Silence until the client goes."""
    ENDLESS = enum.auto()
    """The bytes before it again and again until the client goes."""


Step = bytes | threading.Event | Act
"""Bytes are sent, an event is waited for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, step by step."""

    steps: tuple[Step, ...]
    status: int = 200
    """0: no head at all, just the steps."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    chunked: bool = False
    """Otherwise the body ends where the length says or, without one, with the connection."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when the client went while it was being answered."""

    @property
    def json(self) -> Document:
        """The body as a document."""
        document: Document = json.loads(self.body)
        return document


Script = Callable[[Received], Reply]


def event(document: object) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(document)}\n\n".encode()


def piece(text: str | None = None, finish: str | None = None, **delta: object) -> Document:
    """The document of one event."""
    content = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": content | delta, "finish_reason": finish}
    return {"id": "chatcmpl-0", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": [choice]}


def reported(usage: object) -> Document:
    """The event that tells the usage."""
    return piece() | {"choices": [], "usage": usage}


def stream(*steps: Step | Document, **headers: str) -> Reply:
    """A stream of events; documents become events."""
    return Reply(
        tuple(event(step) if isinstance(step, dict) else step for step in steps),
        headers={"Content-Type": "text/event-stream"} | _named(headers),
        chunked=True,
    )


def said(text: str, *, finish: str = "stop", usage: object = USAGE, **headers: str) -> Reply:
    """A whole reply as a stream of three pieces of text."""
    third = len(text) // 3 + 1
    texts = [piece(text[start : start + third]) for start in range(0, len(text), third)]
    ends = [] if usage is None else [reported(usage)]
    return stream(piece("", role="assistant"), *texts, piece(finish=finish), *ends, DONE, **headers)


def completion(text: str | None, *, finish: str = "stop", usage: object = USAGE, **message: object) -> Document:
    """What an endpoint that does not stream answers."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text} | message, "finish_reason": finish}
    whole = {"id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice]}
    return whole if usage is None else whole | {"usage": usage}


RESPONSE_USAGE: Mapping[str, Any] = {"input_tokens": 40, "output_tokens": 8, "total_tokens": 48}


def response(text: str | None, status: str = "completed", usage: object = RESPONSE_USAGE, **more: object) -> Document:
    """The document of the Responses API."""
    parts = [] if text is None else [{"type": "output_text", "text": text, "annotations": []}]
    message = {"type": "message", "role": "assistant", "content": parts}
    output = [{"type": "reasoning", "summary": []}, message]
    whole = {"id": "resp_0", "object": "response", "status": status, "model": MODEL, "output": output, "error": None}
    return whole | ({} if usage is None else {"usage": usage}) | more


def responded(text: str, *, end: str = "completed", usage: object = RESPONSE_USAGE, **more: object) -> Reply:
    """A stream of the Responses API: three pieces of text and the whole of it at the end."""
    third = len(text) // 3 + 1
    created = {"type": "response.created", "response": response(None, "in_progress", None)}
    texts = [
        {"type": "response.output_text.delta", "delta": text[start : start + third]}
        for start in range(0, len(text), third)
    ]
    done = {"type": "response.output_text.done", "text": text}
    last = {"type": f"response.{end}", "response": response(text, end, usage, **more)}
    return stream(created, *texts, done, last)


def document(value: object, status: int = 200, **headers: str) -> Reply:
    """One JSON document."""
    return body(json.dumps(value).encode(), status, content_type="application/json", **headers)


def error(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error as most endpoints tell it."""
    return document({"error": {"message": message, "type": "error", "param": None, "code": code}}, status, **headers)


def body(data: bytes, status: int = 200, **headers: str) -> Reply:
    """These very bytes, with their length."""
    return Reply((data,), status, {"Content-Length": str(len(data))} | _named(headers))


def raw(*steps: Step) -> Reply:
    """These very bytes instead of HTTP."""
    return Reply(steps, status=0)


def dripped(reply: Reply) -> Reply:
    """The same reply, byte by byte."""
    return replace(reply, steps=tuple(bytes([byte]) for byte in _joined(reply)))


def gzipped(reply: Reply) -> Reply:
    """The same reply, compressed."""
    return replace(
        reply, steps=(gzip.compress(_joined(reply)),), headers=_unsized(reply.headers) | {"Content-Encoding": "gzip"}
    )


def closing(reply: Reply) -> Reply:
    """The same reply, ended by the end of the connection alone."""
    return replace(reply, headers=_unsized(reply.headers), chunked=False)


def _joined(reply: Reply) -> bytes:
    return b"".join(step for step in reply.steps if isinstance(step, bytes))


def _unsized(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "Content-Length"}


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


class ModelServer:
    """Listens from its beginning; keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self._script: Script = lambda _: error(400, "there is no script")
        self._news = threading.Condition()
        self._http = _Server(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        """What a client calls base_url."""
        return f"http://{self.address}/v1"

    def answers(self, *replies: Reply) -> None:
        """From now on these, one after the other; then only errors that no client tries again."""
        left = iter(replies)
        self.answers_with(lambda _: next(left, error(400, "the script is over")))

    def answers_with(self, script: Script) -> None:
        """From now on what the function says."""
        self._script = script

    def answer(self, received: Received) -> Reply:
        """One request at a time, so that they have an order."""
        with self._news:
            self.requests.append(received)
            self._news.notify_all()
            return self._script(received)

    @property
    def calls(self) -> list[Received]:
        """The calls of models among what it was asked: a look at its list of models is none."""
        return [each for each in self.requests if each.method == "POST"]

    def arrived(self, count: int = 1) -> bool:
        """Wait for so many requests."""
        with self._news:
            return self._news.wait_for(lambda: len(self.requests) >= count, _PATIENCE)

    def close(self) -> None:
        """Listen no longer and end every connection."""
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()
        self._thread.join(60)


@contextmanager
def serving() -> Generator[ModelServer]:
    """A server until the block ends."""
    server = ModelServer()
    try:
        yield server
    finally:
        server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Keep the connection in view."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes is what many scripts are about."""

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake every handler that waits for its client."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""

    def do_POST(self) -> None:
        """Keep the request and follow the script."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, data)
        reply = cast("_Server", self.server).owner.answer(received)
        try:
            self._send(reply, received)
        except OSError:
            received.closed.set()
            self.close_connection = True

    do_GET = do_POST  # noqa: N815 - a redirect that was followed would come as one

    def _send(self, reply: Reply, received: Received) -> None:
        framed = reply.chunked or "Content-Length" in reply.headers
        self.close_connection = not framed
        if reply.status:
            self._send_head(reply)
        last = b""
        for step in reply.steps:
            match step:
                case bytes():
                    last = step
                    self._write(step, reply)
                case threading.Event():
                    step.wait(_PATIENCE)
                case Act():
                    self._act(step, last, reply, received)
                    return
        if reply.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, data: bytes, reply: Reply) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if reply.chunked else data)

    def _act(self, act: Act, last: bytes, reply: Reply, received: Received) -> None:
        self.close_connection = True
        match act:
            case Act.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())
            case Act.CUT:
                pass
            case Act.STALL:
                self.connection.recv(1)
                received.closed.set()
            case Act.ENDLESS:
                while True:
                    self._write(last, reply)

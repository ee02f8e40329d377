"""A model that is a script: the OpenAI chat completions wire format on 127.0.0.1, every POST kept with its bytes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """An answer that calls one tool, for clients that offer tools."""

    text: str
    name: str
    arguments: dict[str, str]

    def __str__(self) -> str:
        """All that was said, as plain text."""
        return "\n".join([self.text, *self.arguments.values()])


Answer = str | ToolCall
Reply = Callable[[Body], Answer]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One POST: its path, its body as it came over the wire, and what was answered."""

    path: str
    sent: bytes
    answer: Answer


@dataclass(slots=True)
class Endpoint:
    """Where it listens and what it was asked, in order."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def endpoint(reply: Reply) -> Iterator[Endpoint]:
    """Serve until the block ends. An exception of `reply` is the client's error 400, which no client tries again."""
    server = _Server(reply)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._reply = reply
        self._lock = threading.Lock()
        self.endpoint = Endpoint(f"http://127.0.0.1:{self.server_address[1]}/v1")

    def answered(self, path: str, sent: bytes) -> tuple[Body, Answer]:
        """One request at a time, so that they have an order; raises what `reply` raises, with the request kept."""
        with self._lock:
            answer: Answer = ""
            try:
                if path != "/v1/chat/completions":
                    raise LookupError(f"no such path: {path}")
                body: Body = json.loads(sent)
                answer = self._reply(body)
            finally:
                self.endpoint.exchanges.append(Exchange(path, sent, answer))
        return body, answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing: standard error belongs to the table."""

    def do_GET(self) -> None:
        """List the one model."""
        if self.path != "/v1/models":
            self._send(404, _error(f"no such path: {self.path}"))
            return
        self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "us"}]})

    def do_POST(self) -> None:
        """Answer in one piece or as a stream, as asked."""
        if "Content-Length" not in self.headers:
            self.close_connection = True
            self._send(411, _error("a body needs its length: it is what is counted"))
            return
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            body, answer = self.server.answered(self.path, sent)
        except Exception as error:  # noqa: BLE001 # whatever a script raises, its client is to hear it and end
            self._send(400, _error(f"{type(error).__name__}: {error}"))
            return
        if body.get("stream"):
            self._stream(body, len(sent), answer)
        else:
            self._send(200, _completion(body, len(sent), answer))

    def _send(self, status: int, document: Body) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, body: Body, sent: int, answer: Answer) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in _chunks(body, sent, answer):
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


def _error(message: str) -> Body:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _head(body: Body, kind: str) -> Body:
    return {"id": "chatcmpl-0", "object": kind, "created": 0, "model": body.get("model", MODEL)}


def _usage(sent: int, answer: Answer) -> Body:
    """Four bytes are a token."""
    prompt, completion = sent // 4, len(str(answer).encode()) // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _finish(answer: Answer) -> str:
    return "tool_calls" if isinstance(answer, ToolCall) else "stop"


def _called(body: Body, call: ToolCall) -> Body:
    return {
        "id": f"call_{len(body['messages'])}",
        "type": "function",
        "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
    }


def _completion(body: Body, sent: int, answer: Answer) -> Body:
    message: Body = {"role": "assistant", "content": answer.text if isinstance(answer, ToolCall) else answer}
    if isinstance(answer, ToolCall):
        message["tool_calls"] = [_called(body, answer)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    return {**_head(body, "chat.completion"), "choices": [choice], "usage": _usage(sent, answer)}


def _chunks(body: Body, sent: int, answer: Answer) -> Iterator[Body]:
    head = _head(body, "chat.completion.chunk")
    text = answer.text if isinstance(answer, ToolCall) else answer
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[start : start + 80]} for start in range(0, len(text), 80)]
    if isinstance(answer, ToolCall):
        deltas.append({"tool_calls": [{"index": 0, **_called(body, answer)}]})
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(sent, answer)}

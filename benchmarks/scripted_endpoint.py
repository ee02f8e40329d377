"""A model that is a script: OpenAI's wire formats (Chat Completions, Responses) on 127.0.0.1, every POST kept with its bytes."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"
_CHAT = "/v1/chat/completions"
_RESPONSES = "/v1/responses"

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


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that the limit on a reply's tokens ended in the middle."""

    text: str

    def __str__(self) -> str:
        """What was said of it."""
        return self.text


Answer = str | ToolCall | Cut
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
                if path not in {_CHAT, _RESPONSES}:
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
        if self.path == _RESPONSES:
            response = _response(body, len(sent), answer)
            if body.get("stream"):
                self._stream(_response_events(response, answer), end=b"")
            else:
                self._send(200, response)
        elif body.get("stream"):
            self._stream(_chunks(body, len(sent), answer), end=b"data: [DONE]\n\n")
        else:
            self._send(200, _completion(body, len(sent), answer))

    def _send(self, status: int, document: Body) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: Iterable[Body], end: bytes) -> None:
        """Events, those with a type under that name, and what follows the last one."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(end)


def said_to(body: Body) -> str:
    """All texts of a request, of either format, in order."""
    messages: Any = body.get("messages") or body.get("input") or ()
    if isinstance(messages, str):
        messages = [{"content": messages}]
    texts = [str(body.get("instructions") or "")]
    for message in messages:
        content = message.get("content") or ""
        texts += [content] if isinstance(content, str) else [str(part.get("text", "")) for part in content]
    return "\n".join(texts)


def _error(message: str) -> Body:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _head(body: Body, kind: str) -> Body:
    return {"id": "chatcmpl-0", "object": kind, "created": 0, "model": body.get("model", MODEL)}


def _usage(sent: int, answer: Answer) -> Body:
    """Four bytes are a token."""
    prompt, completion = sent // 4, len(str(answer).encode()) // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def within_limit(body: Body, text: str) -> Answer:
    """As much of a text as the request has room for, at four characters to a token."""
    named = ("max_completion_tokens", "max_output_tokens", "max_tokens")
    most = next((4 * int(body[name]) for name in named if body.get(name)), len(text))
    return text if len(text) <= most else Cut(text[:most])


def _text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else answer.text


def _finish(answer: Answer) -> str:
    match answer:
        case ToolCall():
            return "tool_calls"
        case Cut():
            return "length"
        case str():
            return "stop"


def _called(body: Body, call: ToolCall) -> Body:
    return {
        "id": f"call_{len(body['messages'])}",
        "type": "function",
        "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
    }


def _completion(body: Body, sent: int, answer: Answer) -> Body:
    message: Body = {"role": "assistant", "content": _text(answer)}
    if isinstance(answer, ToolCall):
        message["tool_calls"] = [_called(body, answer)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    return {**_head(body, "chat.completion"), "choices": [choice], "usage": _usage(sent, answer)}


def _chunks(body: Body, sent: int, answer: Answer) -> Iterator[Body]:
    head = _head(body, "chat.completion.chunk")
    text = _text(answer)
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[start : start + 80]} for start in range(0, len(text), 80)]
    if isinstance(answer, ToolCall):
        deltas.append({"tool_calls": [{"index": 0, **_called(body, answer)}]})
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(sent, answer)}


def _response(body: Body, sent: int, answer: Answer) -> Body:
    """Of the Responses format: a message, then the tool call if there is one."""
    usage = _usage(sent, answer)
    part: Body = {"type": "output_text", "text": _text(answer), "annotations": []}
    output: list[Body] = [
        {"type": "message", "id": "msg_0", "role": "assistant", "status": "completed", "content": [part]}
    ]
    if isinstance(answer, ToolCall):
        call = {"name": answer.name, "arguments": json.dumps(answer.arguments)}
        output.append({"type": "function_call", "id": "fc_0", "call_id": "call_0", "status": "completed", **call})
    return {
        "id": "resp_0",
        "object": "response",
        "created_at": 0,
        "status": "incomplete" if isinstance(answer, Cut) else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if isinstance(answer, Cut) else None,
        "model": body.get("model", MODEL),
        "output": output,
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": body.get("tools", []),
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage["total_tokens"],
        },
    }


def _response_events(response: Body, answer: Answer) -> Iterator[Body]:
    """What a client needs to follow one: its beginning, the text in pieces, its end."""
    text = _text(answer)
    place = {"item_id": "msg_0", "output_index": 0, "content_index": 0}
    events: list[Body] = [{"type": "response.created", "response": {**response, "status": "in_progress", "output": []}}]
    message = response["output"][0]
    empty = {**message, "status": "in_progress", "content": []}
    events.append({"type": "response.output_item.added", "output_index": 0, "item": empty})
    part = {"type": "output_text", "text": "", "annotations": []}
    events.append({"type": "response.content_part.added", **place, "part": part})
    pieces = [text[start : start + 80] for start in range(0, len(text), 80)]
    events += [{"type": "response.output_text.delta", **place, "delta": each, "logprobs": []} for each in pieces]
    events.append({"type": "response.output_item.done", "output_index": 0, "item": message})
    events.append({"type": f"response.{response['status']}", "response": response})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}

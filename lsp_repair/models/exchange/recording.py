"""Exchanges on disk, byte for byte: recorded as they go over the wire, replayed without network.

A recording is a file of JSON lines, one for each exchange, with the request's body and the response's status, headers and
raw body. Request headers are not kept: the key is in them. Where an endpoint says the key back, it is blotted out.
"""

import base64
import hashlib
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx2

from lsp_repair.errors import UsageError

_KEPT_HEADERS = frozenset({"content-type", "retry-after", "x-request-id"})


class RecordingTransport(httpx2.BaseTransport):
    """Passes requests on and appends each whole exchange to a file."""

    def __init__(self, file: Path, inner: httpx2.BaseTransport | None = None) -> None:
        """Raises UsageError (`bad-recording`)."""
        self._file = file
        self._inner = inner or httpx2.HTTPTransport(limits=httpx2.Limits(max_keepalive_connections=0))
        self._lock = threading.Lock()
        try:
            file.open("a").close()
        except OSError as error:
            raise UsageError("bad-recording", f"{file} cannot be written: {error}", "name another file") from error

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and record what comes while it is read."""
        body = request.read()
        response = self._inner.handle_request(request)
        secret = request.headers.get("authorization", "").rpartition(" ")[2].encode()
        recorded = _Recorded(request.url.path, body, response, secret, self._append)
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=recorded, extensions=response.extensions
        )

    def _append(self, line: dict[str, Any]) -> None:
        with self._lock, self._file.open("a", encoding="ascii") as out:
            out.write(json.dumps(line) + "\n")


@dataclass(slots=True)
class _Recorded(httpx2.SyncByteStream):
    """A response's body that is written down when it ends."""

    path: str
    body: bytes
    response: httpx2.Response
    secret: bytes
    append: Callable[[dict[str, Any]], None]
    _chunks: list[bytes] = field(default_factory=list[bytes])
    _written: bool = False

    def __iter__(self) -> Iterator[bytes]:
        """The chunks as they come."""
        for chunk in self.response.stream:  # type: ignore[union-attr]  # a transport's response is synchronous
            assert isinstance(chunk, bytes)
            self._chunks.append(chunk)
            yield chunk

    def close(self) -> None:
        """Write the exchange down, cut off or not."""
        self.response.close()
        if self._written:
            return
        self._written = True
        headers = {key: value for key, value in self.response.headers.items() if key.lower() in _KEPT_HEADERS}
        encoding = self.response.headers.get("content-encoding")
        if encoding:
            headers["content-encoding"] = encoding
        self.append(
            {
                "path": self.path,
                "request": _text(self.body),
                "status": self.response.status_code,
                "headers": headers,
                "response": _text(_blotted(b"".join(self._chunks), self.secret)),
            }
        )


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One line of a recording."""

    request: bytes
    status: int
    headers: dict[str, str]
    response: bytes


class ReplayTransport(httpx2.BaseTransport):
    """Answers from a recording; the same request asked again gets the next of its replies."""

    def __init__(self, file: Path) -> None:
        """Raises UsageError (`bad-recording`)."""
        self._replies: dict[str, deque[_Exchange]] = defaultdict(deque)
        self._lock = threading.Lock()
        try:
            for line in file.read_text("ascii").splitlines():
                exchange = _exchange(json.loads(line))
                self._replies[_digest(exchange.request)].append(exchange)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError("bad-recording", f"{file} cannot be replayed: {error}", "record it again") from error

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The recorded response."""
        with self._lock:
            replies = self._replies[_digest(request.read())]
            if not replies:
                raise httpx2.ConnectError("the recording has no reply to this request")
            exchange = replies.popleft() if len(replies) > 1 else replies[0]
        return httpx2.Response(exchange.status, headers=exchange.headers, stream=httpx2.ByteStream(exchange.response))


def _exchange(line: Any) -> _Exchange:
    """Raises what reading a wrong document raises."""
    status, headers = line["status"], line["headers"]
    if not isinstance(status, int) or not 100 <= status < 600:
        raise ValueError(f"{status!r} is no status")
    kept = {str(name): str(value) for name, value in cast("dict[str, Any]", headers).items()}
    return _Exchange(_bytes(line["request"]), status, kept, _bytes(line["response"]))


def _blotted(data: bytes, secret: bytes) -> bytes:
    return data.replace(secret, b"[key]") if len(secret) > len("no-key") else data


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _text(data: bytes) -> dict[str, str]:
    """Readable where it is text, exact always."""
    try:
        return {"utf-8": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _bytes(text: dict[str, str]) -> bytes:
    return text["utf-8"].encode("utf-8") if "utf-8" in text else base64.b64decode(text["base64"], validate=True)

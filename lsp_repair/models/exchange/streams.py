"""What an endpoint sends, read piece by piece up to what the end makes of it, and how it can be wrong."""

import contextlib
import json
import queue
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import httpx2

from lsp_repair.domain.money import Usage
from lsp_repair.models.messages import Complete, Failed, Failure, Reply

_LINE_END = re.compile(rb"\r\n|\n|\r(?=.)", re.DOTALL)
_MAX_ERROR_BYTES = 64_000
_POLL_SECONDS = 0.05


class BadReplyError(Exception):
    """Not the wire format."""


class StatusError(Exception):
    """An HTTP status that is no success."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.text = text


class ErrorInReplyError(Exception):
    """An error object where a reply should be."""

    def __init__(self, error: object) -> None:
        super().__init__(str(error))
        self.error = error


def is_stream(headers: Mapping[str, str]) -> bool:
    """Whether the reply comes as server-sent events."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"


def bounded(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """An endless reply ends here, with a BadReplyError."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise BadReplyError("the endpoint sent far more than was requested")
        yield chunk


def beginning(chunks: Iterator[bytes]) -> bytes:
    """The first part of an error's body, as far as it came: the status counts without it."""
    read = bytearray()
    with contextlib.suppress(httpx2.HTTPError):
        for chunk in chunks:
            read += chunk
            if len(read) >= _MAX_ERROR_BYTES:
                break
    return bytes(read)


def lines_of(chunks: Iterator[bytes]) -> Iterator[str]:
    r"""Lines of events end at \n, \r or \r\n and nowhere else: JSON may hold what else Python splits lines at."""
    held: list[bytes] = []
    for chunk in chunks:
        held.append(chunk)
        if b"\n" in chunk or b"\r" in chunk:
            *whole, rest = _LINE_END.split(b"".join(held))
            held = [rest]
            for line in whole:
                yield line.decode("utf-8", "replace")
    yield b"".join(held).removesuffix(b"\r").decode("utf-8", "replace")


def events_of(lines: Iterator[str]) -> Iterator[str]:
    """The data of each server-sent event; a last one that is not closed by an empty line is not whole."""
    data: list[str] = []
    for each in lines:
        line = each.removeprefix("\ufeff")
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data == ["[DONE]"]:
        yield "[DONE]"


def json_of(text: str) -> object:
    """The document that a text is; raises BadReplyError where it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadReplyError(f"the endpoint's answer is not JSON: {text.strip()}") from error


def document_of(text: str) -> object:
    """JSON where it is JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def kind_of(document: object) -> str:
    """What something is that should have been another thing, in words."""
    return "null" if document is None else f"a {type(document).__name__}"


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a piece of the stream told beside text."""

    finish: str | None = None
    refusal: str = ""
    usage: Usage | None = None
    served_by: str = ""
    charged_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Nothing follows: a complete reply, or what broke it."""

    failure: Failure | None


StreamPiece = str | StreamFacts | StreamEnd | None


def next_piece(pieces: "queue.Queue[StreamPiece]", worker: threading.Thread) -> StreamPiece:
    """What comes next; None when nothing came within the polling interval."""
    try:
        return pieces.get(timeout=_POLL_SECONDS)
    except queue.Empty:
        if not worker.is_alive() and pieces.empty():
            return StreamEnd(Failure(Failed.NETWORK, "the connection was lost"))
        return None


@dataclass(slots=True)
class ReceivedReply:
    """A reply as far as it has come."""

    limit: int
    text: str = ""
    finish: str | None = None
    refusal: str = ""
    usage: Usage | None = None
    served_by: str = ""
    charged_usd: Decimal | None = None

    def take(self, facts: StreamFacts) -> None:
        """Add what a piece of the stream reported."""
        self.finish = facts.finish or self.finish
        self.refusal += facts.refusal
        self.usage = facts.usage or self.usage
        self.served_by = facts.served_by or self.served_by
        self.charged_usd = self.charged_usd if facts.charged_usd is None else facts.charged_usd

    @property
    def reported(self) -> Usage | None:
        """What the endpoint says it used; no text is 0 tokens."""
        return self.usage if self.usage and (self.usage.output_tokens or not self.text) else None

    def failure(self, why: Failed, detail: str) -> Failure:
        """A failure with the text and usage that had arrived."""
        return Failure(why, detail, self.text, self.reported, served_by=self.served_by, charged_usd=self.charged_usd)

    def failed(self, failure: Failure) -> Failure:
        """A failure that came after some text had: tokens were sampled."""
        began = bool(self.text or self.finish)
        known = self.failure(failure.why, failure.detail)
        return replace(known, billed=failure.billed or began, retry_after=failure.retry_after, is_down=failure.is_down)

    def _complete(self) -> Complete:
        usage, is_estimate = self.reported or Usage(), self.reported is None
        return Complete(self.text, usage, is_estimate, served_by=self.served_by, charged_usd=self.charged_usd)

    def reply(self) -> Reply:
        """What the end of the stream makes of it."""
        if self.refusal:
            return self.failure(Failed.REFUSED, self.refusal)
        match self.finish:
            case "stop" | "eos" | "end_turn" if self.text.strip():
                return self._complete()
            case "tool_calls" | "function_call" if self.text.rstrip().endswith("}"):  # the arguments of a call
                return self._complete()
            case "length" | "max_tokens":
                cut = self.failure(Failed.TRUNCATED, "the reply reached the limit of sampled tokens")
                return replace(cut, at_limit=True)
            case "content_filter":
                return self.failure(Failed.FILTERED, "the endpoint's content filter stopped the reply")
            case None if self.text:
                return self.failure(Failed.TRUNCATED, "the reply ended early")
            case None:
                return self.failure(Failed.MALFORMED, "the reply contains no choice")
            case _:
                return self.failure(Failed.MALFORMED, f"the reply is empty (it ended with {self.finish})")

"""What an endpoint sends, read piece by piece: chunks, lines, events, documents; and how it can be wrong."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping

import httpx2

_LINE_END = re.compile(rb"\r\n|\n|\r(?=.)", re.DOTALL)
_MAX_ERROR_BYTES = 64_000


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

"""Records over a pipe: four bytes of length, then JSON."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from typing import Any, Union, cast

from .pipe_records import Record, as_json, from_json

Sendable = Union[Record, dict[str, Any]]
_LENGTH = struct.Struct("!I")
_encode = json.JSONEncoder(default=as_json).encode
MAX_BYTES = 32 << 20
"""Of one record: hundreds of thousands of tests fit into it."""


def encoded(record: Sendable) -> bytes:
    """The record as it goes over the pipe; lone surrogates survive as escapes."""
    payload = _encode(record).encode("ascii")
    return _LENGTH.pack(len(payload)) + payload


def send(descriptor: int, record: Sendable) -> None:
    """Write one record whole; raises OSError when the other side is gone."""
    rest = memoryview(encoded(record))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int) -> Any:
    """Read one record of the tool's, which is trusted; raises EOFError when the other side closed the pipe."""
    (length,) = _LENGTH.unpack(_exactly(descriptor, _LENGTH.size))
    return json.loads(_exactly(descriptor, length), object_hook=from_json)


def _exactly(descriptor: int, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        chunk = os.read(descriptor, count - len(parts))
        if not chunk:
            raise EOFError
        parts += chunk
    return bytes(parts)


def payloads(buffer: bytearray) -> Iterator[bytes]:
    """Take the complete payloads off the front of `buffer`; raises ValueError at a length that no record has."""
    while len(buffer) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(buffer)
        if length > MAX_BYTES:
            raise ValueError("a record is too large")
        end = _LENGTH.size + length
        if len(buffer) < end:
            break
        payload = bytes(buffer[_LENGTH.size : end])
        del buffer[:end]
        yield payload


def decoded(payload: bytes) -> dict[str, Any]:
    """The object in a payload that anybody may have written; raises ValueError for anything else, however deep it is."""
    try:
        record: object = json.loads(payload)
    except RecursionError:
        raise ValueError("a record is nested too deeply") from None
    if isinstance(record, dict):
        found = cast("dict[str, Any]", record)
        if isinstance(found.get("kind"), str):
            return found
    raise ValueError("a record is not an object with a kind")


def split(buffer: bytearray) -> list[dict[str, Any]]:
    """Take the complete objects off the front of `buffer`; one of kind `garbled` stands for what is not an object."""
    records: list[dict[str, Any]] = []
    try:
        for payload in payloads(buffer):
            try:
                records.append(decoded(payload))
            except ValueError as error:
                records.append({"kind": "garbled", "why": str(error)})
    except ValueError as error:
        buffer.clear()
        records.append({"kind": "garbled", "why": str(error)})
    return records

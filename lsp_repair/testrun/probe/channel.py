"""Records over a pipe: four bytes of length, then JSON."""

from __future__ import annotations

import json
import os
import struct
from typing import Any

_LENGTH = struct.Struct("!I")


def encoded(record: dict[str, Any]) -> bytes:
    """The record as it goes over the pipe; lone surrogates survive as escapes."""
    payload = json.dumps(record).encode("ascii")
    return _LENGTH.pack(len(payload)) + payload


def send(descriptor: int, record: dict[str, Any]) -> None:
    """Write one record whole; raises OSError when the other side is gone."""
    rest = memoryview(encoded(record))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int) -> dict[str, Any]:
    """Read one record; raises EOFError when the other side closed the pipe."""
    (length,) = _LENGTH.unpack(_exactly(descriptor, _LENGTH.size))
    record: dict[str, Any] = json.loads(_exactly(descriptor, length))
    return record


def _exactly(descriptor: int, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        chunk = os.read(descriptor, count - len(parts))
        if not chunk:
            raise EOFError
        parts += chunk
    return bytes(parts)


def split(buffer: bytearray) -> list[dict[str, Any]]:
    """Take the complete records off the front of `buffer`."""
    records: list[dict[str, Any]] = []
    while len(buffer) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(buffer)
        end = _LENGTH.size + length
        if len(buffer) < end:
            break
        records.append(json.loads(bytes(buffer[_LENGTH.size : end])))
        del buffer[:end]
    return records

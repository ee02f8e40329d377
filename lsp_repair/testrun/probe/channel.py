"""Records over a pipe: four bytes of length, then JSON."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Callable, Union, cast

if TYPE_CHECKING:
    from typing import dataclass_transform
else:

    def dataclass_transform(**_options: Any) -> Callable[[type], type]:
        """From Python 3.11 on in `typing`; needed by type checkers only."""
        return lambda kind: kind


KINDS: dict[str, type[Record]] = {}


@dataclass_transform(frozen_default=True)
class Record:
    """What the tool and the probe exchange: its fields are the annotations of the subclass; defaults are not sent.

    Plain classes, since every run of the user's tests pays for their import: as named tuples they would cost 3 ms, as data
    classes more. The type checkers treat them as frozen data classes.
    """

    kind = ""
    """What the record is called on the pipe; empty for parts of other records."""
    field_names: tuple[str, ...] = ()

    def __init_subclass__(cls, kind: str = "") -> None:
        cls.kind = kind
        cls.field_names = tuple(cls.__annotations__)
        if kind:
            KINDS[kind] = cls

    def __init__(self, *values: Any, **named: Any) -> None:
        named.update(zip(self.field_names, values))  # noqa: B905 - Python 3.9
        if self.kind:
            named["kind"] = self.kind
        self.__dict__ = named


as_json: Callable[[Record], dict[str, Any]] = attrgetter("__dict__")
"""What `json` is to write for a record: no call of Python code, since some are reported for every test."""


def from_json(found: dict[str, Any]) -> Any:
    """The record that an object stands for, in JSON that the tool wrote; objects without a known kind stay as they are."""
    kind = found.get("kind")
    return KINDS[kind](**found) if isinstance(kind, str) and kind in KINDS else found


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

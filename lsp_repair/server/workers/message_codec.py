"""Orders and reports as lines of JSON, each checked against the fields of its record."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from lsp_repair.server.workers import worker_messages as messages
from lsp_repair.server.workers.worker_messages import Order, WorkerReport


class MessageError(ValueError):
    """A line that is no message of this protocol; says what is wrong with it."""


def encoded(message: Order | WorkerReport) -> str:
    """A message as one line, with the name of its record as its kind."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)})


def decoded_order(line: str | bytes) -> Order:
    """Raises MessageError."""
    return cast("Order", _decoded(line, get_args(messages.Order)))


def decoded_report(line: str | bytes) -> WorkerReport:
    """Raises MessageError."""
    return cast("WorkerReport", _decoded(line, get_args(messages.WorkerReport)))


def _decoded(line: str | bytes, records: tuple[type, ...]) -> object:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise MessageError(f"a message is not JSON: {error}") from None
    kind = found.pop("kind", None) if isinstance(found, dict) else None
    for record in records:
        if record.__name__ == kind:
            return _record(record, found, kind)
    raise MessageError(f"a message of unknown kind: {kind!r}")


def _record(record: type, found: object, where: str) -> object:
    types = _field_types(record)
    if not isinstance(found, dict) or found.keys() != types.keys():
        raise MessageError(f"{where} must be an object with the fields {', '.join(types)}")
    values = cast("dict[str, object]", found)
    return record(**{name: _value(kind, values[name], f"{where}.{name}") for name, kind in types.items()})


@cache
def _field_types(record: Any) -> Mapping[str, Any]:
    hints = get_type_hints(record)
    return {each.name: hints[each.name] for each in fields(record)}


def _value(kind: Any, found: object, where: str) -> object:
    """JSON as a value of this type; an int is a float too, but true is no number."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or (kind is NoneType and found is None):
        return found
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, found, where)
    if origin is UnionType:  # the only unions are those with None
        return None if found is None else _value(inner[0], found, where)
    if origin is tuple and isinstance(found, list):
        return _tuple(inner, cast("list[object]", found), where)
    if isinstance(found, dict) and origin is not None and issubclass(origin, Mapping):
        entries = cast("dict[str, object]", found)
        return {key: _value(inner[1], each, f"{where}.{key}") for key, each in entries.items()}
    if type(found) is kind or (kind is float and type(found) is int):
        return found
    raise MessageError(f"{where} must be of type {getattr(kind, '__name__', kind)}")


def _tuple(kinds: tuple[Any, ...], found: list[object], where: str) -> tuple[object, ...]:
    expected = kinds[:1] * len(found) if kinds[-1] is Ellipsis else kinds
    if len(expected) != len(found):
        raise MessageError(f"{where} must have {len(expected)} items")
    return tuple(_value(kind, each, where) for kind, each in zip(expected, found, strict=True))

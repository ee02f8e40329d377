"""What the server and a worker write to each other, as lines of JSON: orders to the worker, reports back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from lsp_repair.server.state.view import Ask, FailingTest, Report


@dataclass(frozen=True, slots=True)
class Target:
    """The root that a worker works on."""

    root: str
    settings: Mapping[str, Any]
    """Those of the editor, in its camel case."""
    unsaved: Mapping[str, str]
    """Texts of open documents that differ from the disk, by path."""
    editor_models: bool
    """Whether the editor lends its models."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run all tests, then wait for changes."""

    target: Target
    generation: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Run the tests that these files can affect."""

    generation: int
    paths: tuple[str, ...]
    unsaved: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Repair:
    """Explain and repair failures, then end."""

    target: Target
    ask: Ask
    explain_only: bool
    last_green: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What a model of the editor answered."""

    number: int
    text: str | None = None
    error: str | None = None
    model_id: str | None = None


Order = Run | Changed | Repair | ChatAnswer


@dataclass(frozen=True, slots=True)
class Found:
    """The project was found; what asking models could cost."""

    models: bool
    """Whether the user named models that could be asked."""
    most_usd: str | None
    """What they may cost for one fix; None: there is no cap."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The result of one run."""

    generation: int
    files: tuple[str, ...] | None
    """The test files that ran: failing tests of other files stay as they are; None: everything ran."""
    failing: tuple[FailingTest, ...]
    seconds: float
    last_green: Mapping[str, str]
    """Texts of files with which tests passed that fail now, by path; see `LastGreen`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a repair is doing."""

    text: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repair of one failure group is over."""

    report: Report


@dataclass(frozen=True, slots=True)
class Chat:
    """A question to a model of the editor."""

    number: int
    messages: tuple[tuple[str, str], ...]
    """Role and content of each."""
    max_output_tokens: int
    model_id: str | None
    """None: whichever model the editor chooses."""


@dataclass(frozen=True, slots=True)
class ChatOver:
    """Nobody waits for this answer any longer."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker could not do what it was asked to do."""

    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class Ended:
    """The worker's process ended; the server's own end of the pipe reports it."""

    tail: str
    """The end of what it wrote to standard error."""


WorkerReport = Found | Verdicts | Progress | Repaired | Chat | ChatOver | Failed | Ended


class MessageError(ValueError):
    """A line that is no message of this protocol; says what is wrong with it."""


def encoded(message: Order | WorkerReport) -> str:
    """A message as one line, with the name of its record as its kind."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)})


def decoded_order(line: str | bytes) -> Order:
    """Raises MessageError."""
    return cast("Order", _decoded(line, get_args(Order)))


def decoded_report(line: str | bytes) -> WorkerReport:
    """Raises MessageError."""
    return cast("WorkerReport", _decoded(line, get_args(WorkerReport)))


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

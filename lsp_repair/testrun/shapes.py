"""From JSON to typed reports; the user's code shares a process with the writer, so nothing is taken without a look."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar, cast

from lsp_repair.testrun.probe import run_records
from lsp_repair.testrun.probe.pipe_records import Record
from lsp_repair.testrun.probe.replay import replay_records
from lsp_repair.testrun.probe.session.guarding import NAMES
from lsp_repair.testrun.probe.warm import warm_records

Read = Callable[[Any], Any]
"""The value that was checked; raises MalformedError."""
_E = TypeVar("_E", bound=Enum)


class MalformedError(ValueError):
    """A record, or a part of one, has another shape than its kind has."""


def _that(is_right: Callable[[Any], bool]) -> Read:
    def read(value: Any) -> Any:
        if not is_right(value):
            raise MalformedError
        return value

    return read


_text = _that(lambda value: type(value) is str)
_flag = _that(lambda value: type(value) is bool)
_count = _that(lambda value: type(value) is int and 0 <= value < 1 << 53)
_whole = _that(lambda value: type(value) is int and abs(value) < 1 << 31)
_seconds = _that(lambda value: type(value) in {int, float} and -1e6 < value < 1e9)


def _one_of(*words: str) -> Read:
    return _that(lambda value: type(value) is str and value in words)


def _member(kind: type[_E]) -> Read:
    words = {each.value: each for each in kind}

    def read(value: Any) -> _E:
        if type(value) is not str or value not in words:
            raise MalformedError
        return words[value]

    return read


def _or_null(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _list_of(read: Read) -> Read:
    def read_all(value: Any) -> list[Any]:
        if type(value) is not list:
            raise MalformedError
        return [read(each) for each in cast("list[object]", value)]

    return read_all


def _mapping(read: Read) -> Read:
    def read_all(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise MalformedError
        return {key: read(each) for key, each in cast("dict[str, object]", value).items()}

    return read_all


def _tuple_of(*reads: Read) -> Read:
    def read_all(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or len(cast("list[object]", value)) != len(reads):
            raise MalformedError
        return tuple(read(each) for read, each in zip(reads, cast("list[object]", value), strict=True))

    return read_all


def _record_of(made: type[Record], required: Mapping[str, Read], optional: Mapping[str, Read] | None = None) -> Read:
    """An object with the fields of a record; what it holds besides is left out."""
    known = {**required, **(optional or {})}

    def read(value: Any) -> Record:
        if type(value) is not dict or not required.keys() <= value.keys():
            raise MalformedError
        return made(**{name: read_field(value[name]) for name, read_field in known.items() if name in value})

    return read


_FRAME = _record_of(
    run_records.ReportedFrame,
    {"path": _text, "line": _whole, "function": _text, "inside": _flag, "locals": _list_of(_tuple_of(_text, _text))},
)
_FAILURE = _record_of(
    run_records.ReportedFailure,
    {"type": _text, "message": _text, "frames": _list_of(_FRAME)},
    {
        "comparison": _or_null(_record_of(run_records.Sides, {"operator": _text, "actual": _text, "expected": _text})),
        "name": _or_null(_text),
        "owner": _or_null(_text),
    },
)
_TEST = _record_of(run_records.CollectedItem, {"id": _text, "path": _text, "line": _whole, "doctest": _flag})
_INNER = _one_of("returned", "raised", "skipped", "never", "unseen")
_OUTCOME = _one_of("passed", "failed", "skipped")
_PHASE = _record_of(
    run_records.Phase,
    {
        "id": _text,
        "when": _one_of("setup", "call", "teardown"),
        "outcome": _OUTCOME,
        "seconds": _seconds,
        "xfail": _flag,
    },
    {"failure": _FAILURE, "sub": _flag, "printed": _count, "inner": _INNER, "error": _flag, "code": _text},
)


def _whole_phase(value: Any) -> run_records.Phase:
    """A failure belongs to what failed; the facts about the call come together."""
    phase: run_records.Phase = _PHASE(value)
    if (phase.failure is not None) is not (phase.outcome == "failed"):
        raise MalformedError
    if len({"inner", "error", "code"} & value.keys()) not in {0, 3}:
        raise MalformedError
    return phase


_OF_A_RUN: Mapping[str, Read] = {
    "hello": _record_of(run_records.Hello, {"pytest": _text, "python": _list_of(_count), "pid": _count}),
    "collected": _record_of(
        run_records.Collected, {"tests": _list_of(_TEST), "oracle": _list_of(_text)}, {"digests": _mapping(_text)}
    ),
    "collect-error": _record_of(run_records.CollectError, {"id": _text, "failure": _or_null(_FAILURE)}),
    "conftest-error": _record_of(run_records.ConftestError, {"failure": _FAILURE}),
    "start": _record_of(run_records.Start, {"id": _text}),
    "phase": _whole_phase,
    "executed": _record_of(run_records.Executed, {"id": _text, "lines": _mapping(_list_of(_count))}),
    "modules": _record_of(run_records.Modules, {"files": _mapping(_text)}),
    "trial": _record_of(
        run_records.TrialEnded,
        {
            "what": _one_of("canary", "again", "negated", "negated-within", "other-error", "rebound", "none"),
            "id": _text,
        },
        {
            "outcome": _OUTCOME,
            "inner": _INNER,
            "line": _whole,
            "reached": _flag,
            "detail": _text,
            "equals_all": _list_of(_text),
        },
    ),
    "reached-for": _record_of(run_records.ReachedFor, {"path": _text, "name": _one_of(*NAMES)}),
    "garbled": _record_of(run_records.Garbled, {"why": _text}),
    "end": _record_of(run_records.End, {"exit": _whole, "cpu": _seconds}),
}
_OF_THE_WARM_SERVER: Mapping[str, Read] = {
    "ready": _record_of(warm_records.Ready, {}),
    "done": _record_of(warm_records.Done, {"why": _or_null(_text), "cpu": _seconds}),
    "no-swap": _record_of(warm_records.CannotSwap, {}),
    "spawning": _record_of(warm_records.Spawning, {"tests": _list_of(_text)}),
    "reached": _record_of(warm_records.Reached, {"tests": _mapping(_list_of(_tuple_of(_text, _whole)))}),
    "screened": _record_of(
        warm_records.ScreenedCandidate,
        {"key": _whole, "verdict": _member(warm_records.ScreeningVerdict), "passed": _count},
    ),
    "canary": _record_of(warm_records.Canary, {"outcomes": _list_of(_or_null(_text))}),
    "outcome": _record_of(warm_records.ReimportedOutcome, {"id": _text, "error": _or_null(_text)}),
    "inputs": _record_of(warm_records.Inputs, {"inputs": _list_of(_text)}),
    "answers": _record_of(warm_records.Answers, {"key": _whole, "answers": _or_null(_list_of(_text))}),
}


OF_A_REPLAY: Mapping[str, Read] = {
    "call": _record_of(replay_records.CallMade, {"callee": _tuple_of(_text, _text, _text), "data": _text}),
    "surroundings": _record_of(replay_records.Surroundings, {"modules": _list_of(_text), "path": _list_of(_text)}),
    "missing": _record_of(replay_records.MissingCalls, {"calls": _list_of(_count)}),
    "answer": _record_of(
        replay_records.CallAnswer,
        {"call": _count, "key": _text, "shown": _text, "tested": _flag, "gives": _or_null(_text)},
        {"prints": _text, "error": _or_null(_text), "given": _list_of(_text), "held": _list_of(_text)},
    ),
    "end": _OF_A_RUN["end"],
}
"""The reports of a replay, by kind."""


def read_report(found: Mapping[str, Any], readers: Mapping[str, Read] = _OF_A_RUN) -> Record:
    """A report of a cold run, or one of other kinds; raises MalformedError for every other object."""
    kind: str = found["kind"]
    try:
        return cast("Record", readers[kind](found))
    except (KeyError, MalformedError):
        raise MalformedError(f"a record of kind {kind[:40]!r} is malformed") from None


def read_warm_report(found: Mapping[str, Any]) -> Record | None:
    """A report of the warm server, `Garbled` where it is malformed; None for a kind that is not read."""
    readers = _OF_THE_WARM_SERVER if found["kind"] in _OF_THE_WARM_SERVER else _OF_A_RUN
    if found["kind"] not in readers:
        return None
    try:
        return read_report(found, readers)
    except MalformedError as error:
        return run_records.Garbled(str(error))

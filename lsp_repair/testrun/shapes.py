"""From JSON to typed reports; the user's code shares a process with the writer, so every value is checked.

Each field has to be of exactly the type that it is declared with, numbers within bounds.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from lsp_repair.testrun.probe import run_records
from lsp_repair.testrun.probe.channel import Record
from lsp_repair.testrun.probe.replay import replay_records
from lsp_repair.testrun.probe.session.guarding import NAMES
from lsp_repair.testrun.probe.warm import warm_records

Read = Callable[[Any], Any]
"""The value that was checked; raises ValueError or KeyError."""


class MalformedError(ValueError):
    """A record, or a part of one, does not have the shape of its kind."""


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
_OF_TYPE: Mapping[Any, Read] = {str: _text, bool: _flag, int: _whole, float: _seconds, run_records.Count: _count}


def _made(kind: type, make: Read) -> Read:
    """What `make` makes of a value of exactly this type."""

    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise MalformedError
        return make(value)

    return read


def _record_of(made: type[Record]) -> Read:
    """An object with the fields of a record; other keys are ignored."""
    hints = get_type_hints(made, include_extras=True)
    known = {name: _reader(hints[name]) for name in made.field_names}
    required = {name for name in known if not hasattr(made, name)}

    def read(value: Any) -> Record:
        if type(value) is not dict or not required <= value.keys():
            raise MalformedError
        return made(**{name: read_field(value[name]) for name, read_field in known.items() if name in value})

    return read


def _reader(hint: Any) -> Read:
    """What reads values of the type that a field is declared with."""
    if hint in _OF_TYPE:
        return _OF_TYPE[hint]
    if not isinstance(hint, type):
        return _compound(get_origin(hint), get_args(hint))
    if issubclass(hint, Enum):
        return _made(str, {each.value: each for each in hint}.__getitem__)
    return _record_of(cast("type[Record]", hint))


def _compound(kind: Any, arguments: tuple[Any, ...]) -> Read:
    if kind is Literal:
        return _made(str, {each: each for each in arguments}.__getitem__)
    reads = [_reader(each) for each in arguments if each is not NoneType]
    if kind is Union:  # the only unions are those with None
        return lambda value: None if value is None else reads[0](value)
    if kind is tuple:
        return _made(list, lambda items: tuple(read(each) for read, each in zip(reads, items, strict=True)))
    if kind is Mapping:
        return _made(dict, lambda items: {key: reads[1](each) for key, each in items.items()})
    return _made(list, lambda items: list(map(reads[0], items)))


def _checked(made: type[Record], is_whole: Callable[[Any, Mapping[str, Any]], bool]) -> dict[str, Read]:
    """A reader that also checks the record as a whole, together with the object it was made from."""
    read_fields = _record_of(made)

    def read(value: Any) -> Record:
        record: Record = read_fields(value)
        if not is_whole(record, value):
            raise MalformedError
        return record

    return {made.kind: read}


def _is_whole_phase(phase: run_records.Phase, given: Mapping[str, Any]) -> bool:
    """Only a failed phase has a failure; the facts about the call come together or not at all."""
    facts = {"inner", "error", "code"} & given.keys()
    has_failure = phase.failure is not None
    if ("failure" in given) is not has_failure or has_failure is not (phase.outcome == "failed"):
        return False
    return len(facts) in {0, 3} and (phase.inner is not None) is bool(facts)


def _readers(*kinds: type[Record]) -> dict[str, Read]:
    return {each.kind: _record_of(each) for each in kinds}


_OF_A_RUN: Mapping[str, Read] = {
    **_readers(run_records.Hello, run_records.Collected, run_records.CollectError, run_records.StartError),
    **_readers(run_records.Start, run_records.Executed, run_records.Modules),
    **_readers(run_records.Garbled, run_records.End),
    **_checked(run_records.Phase, _is_whole_phase),
    **_checked(run_records.ReachedFor, lambda reached, _: reached.name in NAMES),
    **_checked(run_records.TrialEnded, lambda trial, given: bool(trial.outcome) or "outcome" not in given),
}
_OF_THE_WARM_SERVER: Mapping[str, Read] = {
    **_readers(warm_records.Ready, warm_records.Done, warm_records.CannotSwap),
    **_readers(warm_records.Reached, warm_records.ScreenedCandidate, warm_records.Canary, warm_records.Entry),
    **_readers(
        warm_records.ReimportedOutcome,
        warm_records.NotComparable,
        warm_records.VersionAnswer,
        warm_records.Disguised,
        warm_records.Sets,
        warm_records.Expected,
    ),
}
OF_A_REPLAY: Mapping[str, Read] = {
    **_readers(replay_records.CallMade, replay_records.Surroundings, replay_records.MissingCalls),
    **_readers(replay_records.CallAnswer, run_records.End),
}
"""The reports of a replay, by kind."""


def read_report(found: Mapping[str, Any], readers: Mapping[str, Read] = _OF_A_RUN) -> Record:
    """A report of a cold run, or one of other kinds; raises MalformedError for every other object."""
    kind: str = found["kind"]
    try:
        return cast("Record", readers[kind](found))
    except (KeyError, ValueError):
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

"""What each record of the probe has to look like; the user's code shares a process with who writes them."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from lsp_repair.testrun.probe.session.guarding import NAMES

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return type(value) is str


def _flag(value: Any) -> bool:
    return type(value) is bool


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _whole(value: Any) -> bool:
    return type(value) is int and abs(value) < 1 << 31


def _seconds(value: Any) -> bool:
    return type(value) in {int, float} and -1e6 < value < 1e9


def _one_of(*words: str) -> Check:
    return lambda value: type(value) is str and value in words


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list(check: Check) -> Check:
    return lambda value: type(value) is list and all(check(each) for each in cast("list[object]", value))


def _mapping(check: Check) -> Check:
    return lambda value: type(value) is dict and all(check(each) for each in cast("dict[str, object]", value).values())


def _pair(value: Any) -> bool:
    return _list(_text)(value) and len(value) == 2


def _fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def check(value: Any) -> bool:
        if type(value) is not dict or not required.keys() <= value.keys():
            return False
        return all(test(value[name]) for name, test in known.items() if name in value)

    return check


_FRAME = _fields(
    {"path": _text, "line": _whole, "function": _text, "inside": _flag, "locals": _list(_pair)},
)
_SIDES = _fields({"operator": _text, "actual": _text, "expected": _text})
_FAILURE = _fields(
    {"type": _text, "message": _text, "frames": _list(_FRAME)},
    {"comparison": _or_null(_SIDES), "name": _or_null(_text), "owner": _or_null(_text)},
)
_TEST = _fields({"id": _text, "path": _text, "line": _whole, "doctest": _flag})
_INNER = _one_of("returned", "raised", "skipped", "never", "unseen")

_PHASE = _fields(
    {
        "id": _text,
        "when": _one_of("setup", "call", "teardown"),
        "outcome": _one_of("passed", "failed", "skipped"),
        "seconds": _seconds,
        "xfail": _flag,
    },
    {"failure": _FAILURE, "sub": _flag, "printed": _count, "inner": _INNER, "error": _flag, "code": _text},
)


def _whole_phase(record: Any) -> bool:
    """A failure belongs to what failed; the facts about the call come together."""
    if not _PHASE(record) or ("failure" in record) is not (record["outcome"] == "failed"):
        return False
    return len({"inner", "error", "code"} & record.keys()) in {0, 3}


_SHAPES: Mapping[str, Check] = {
    "hello": _fields({"pytest": _text, "python": _list(_count), "pid": _count}),
    "collected": _fields({"tests": _list(_TEST), "oracle": _list(_text)}, {"digests": _mapping(_text)}),
    "collect-error": _fields({"id": _text, "failure": _or_null(_FAILURE)}),
    "conftest-error": _fields({"failure": _FAILURE}),
    "start": _fields({"id": _text}),
    "phase": _whole_phase,
    "executed": _fields({"id": _text, "lines": _mapping(_list(_count))}),
    "modules": _fields({"files": _mapping(_text)}),
    "trial": _fields(
        {
            "what": _one_of("canary", "again", "negated", "negated-within", "other-error", "rebound", "none"),
            "id": _text,
        },
        {
            "outcome": _one_of("passed", "failed", "skipped"),
            "inner": _INNER,
            "line": _whole,
            "reached": _flag,
            "detail": _text,
            "equals_all": _list(_text),
        },
    ),
    "reached-for": _fields({"path": _text, "name": _one_of(*NAMES)}),
    "garbled": _fields({"why": _text}),
    "end": _fields({"exit": _whole, "cpu": _seconds}),
}


def is_reported_cold(record: Mapping[str, Any]) -> bool:
    """Whether a cold run has records of this kind at all."""
    return record["kind"] in _SHAPES


def is_well_formed(record: Mapping[str, Any]) -> bool:
    """Whether a record has the fields of its kind; kinds that are not read here have none."""
    check = _SHAPES.get(record["kind"])
    return check is None or check(record)

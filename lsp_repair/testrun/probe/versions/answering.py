"""What a call gives, for a forked child: its result or error, what it changes in its arguments, what it prints."""

from __future__ import annotations

import copy
import hashlib
import io
import re
import sys
import time
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple, Optional, cast

from .. import facts, limits
from ..replay.lazy_results import driven
from ..replay.neighbours import Variations
from ..replay.normal_form import NormalForm, type_name
from ..replay.outside import Outside, TouchedOutsideError
from .entries import Arguments, called, parameter_names

_CALL_SECONDS = 0.5
_NEAR_SECONDS = 0.05
_ALL_NEAR_SECONDS = 0.3
_SHARED = 6
"""Neighbours of a call whose other arguments cannot be copied: they all get the same ones."""
_ATTRIBUTES = 12
_PRINTED = 2000
_SHOWN = 300
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_NOT_ENDING = "does not end"


class Answer(NamedTuple):
    """What one call gave."""

    given: str
    """Digest of the arguments."""
    near: bool
    """Whether the arguments are neighbours of those that a test led to."""
    call: str
    """As a person reads it."""
    gives: Optional[str]
    """Digest of everything that can be seen of it; None where it cannot be told."""
    result: str
    """Digest of the result alone, without what the call changed in its arguments."""
    shown: str
    kind: str
    """The name of the result's type, or of the exception's."""
    error: Optional[str]
    """The name of the exception."""


class Answering:
    """Calls one version of a function; everything outside of the process is refused from the first call on."""

    def __init__(self, function: FunctionType, code: CodeType, places: dict[str, str]) -> None:
        self._function = function
        self._code = code
        self._outside = Outside()
        self._normal = NormalForm(places, is_strict=False)

    def recorded(self, arguments: Arguments, given: str) -> Answer:
        """The call that a test led to, with the arguments themselves."""
        return self._answer(arguments, given, _CALL_SECONDS, near=False)

    def near(self, arguments: Arguments, variations: Variations, most: int) -> list[tuple[str, Arguments]]:
        """Inputs that differ a little in one place, with their digests; to be made before the arguments are used."""
        own = {
            name: made for name, value in arguments.items() if (made := _copied(value)) is not value or _is_plain(value)
        }
        is_whole = len(own) == len(arguments)
        found: dict[str, Arguments] = {}
        around = variations.around(own) if own else iter(())
        until = time.process_time() + _ALL_NEAR_SECONDS
        for changed in _unrefused(around, self._outside):
            if len(found) >= (most if is_whole else _SHARED) or time.process_time() > until:
                break
            every = {name: changed.get(name, value) for name, value in arguments.items()}
            given = digest_of(self._normal, every)
            if given is not None:
                found.setdefault(given, every)
        return list(found.items())

    def near_answers(self, inputs: list[tuple[str, Arguments]]) -> Iterator[Answer]:
        """Each gets copies of its own, where they can be copied."""
        until = time.process_time() + _ALL_NEAR_SECONDS
        for given, every in inputs:
            if time.process_time() > until:
                return
            yield self._answer({name: _copied(value) for name, value in every.items()}, given, _NEAR_SECONDS, near=True)

    def _answer(self, arguments: Arguments, given: str, seconds: float, *, near: bool) -> Answer:
        printed = io.StringIO()
        sys.stdout = sys.stderr = printed
        sys.stdin = io.StringIO()
        result: Any = None
        raised: Optional[BaseException] = None
        call, before = self._call(arguments), self._forms(arguments)
        try:
            with self._outside.refused(), limits.cpu_limit(seconds):
                result = driven(called(self._function, arguments))
        except limits.TestTimeout:
            ending = _digest(_NOT_ENDING)
            return Answer(given, near, call, ending, ending, _NOT_ENDING, _NOT_ENDING, _NOT_ENDING)
        except BaseException as error:  # noqa: BLE001 - the error is the answer
            raised = error
        asked = Answer(given, near, call, None, "", "", "", None)
        if self._outside.touched or isinstance(raised, (MemoryError, TouchedOutsideError)):
            return asked
        return self._seen(arguments, before, (result, raised, printed.getvalue()), asked)

    def _call(self, arguments: Arguments) -> str:
        try:
            with self._outside.refused(), limits.cpu_limit(_CALL_SECONDS):
                return described(self._function, self._code, arguments)
        except BaseException:  # noqa: BLE001 - arguments whose own words fail
            return f"{self._function.__name__}(…)"

    def _forms(self, arguments: Arguments) -> dict[str, str]:
        """What each argument holds, that of `self` by attributes; empty where that cannot be seen."""
        parts = dict(arguments)
        attributes: Any = getattr(parts.get("self"), "__dict__", None)
        if type(attributes) is dict and len(cast("dict[str, Any]", attributes)) <= _ATTRIBUTES:
            del parts["self"]
            parts.update((f"self.{name}", value) for name, value in cast("dict[str, Any]", attributes).items())
        try:
            return {name: self._normal.of(value) for name, value in parts.items()}
        except Exception:  # noqa: BLE001 - an object that breaks when it is looked at
            return {}

    def _seen(
        self,
        arguments: Arguments,
        before: dict[str, str],
        gave: tuple[Any, Optional[BaseException], str],
        asked: Answer,
    ) -> Answer:
        result, raised, printed = gave
        try:
            with limits.cpu_limit(_CALL_SECONDS):
                form = self._normal.of(raised if raised is not None else result)
                after = self._forms(arguments)
                text = error_text(raised) if raised is not None else facts.shown(result)
                text += "".join(_left(arguments, name) for name in after if after[name] != before.get(name))
        except BaseException:  # noqa: BLE001 - what cannot be seen is no answer
            return asked
        verb = "raises" if raised is not None else "gives"
        alone = f"{verb} {form} {printed[:_PRINTED]}"
        kind = type_name(type(raised if raised is not None else result))
        error = kind if raised is not None else None
        if raised is None and result is None and printed:
            text = f"prints {printed[:_SHOWN]!r}"
        return asked._replace(
            gives=_digest(f"{alone} leaving {after}"),
            result=_digest(alone),
            shown=one_line(text),
            kind=kind,
            error=error,
        )


def _left(arguments: Arguments, name: str) -> str:
    """What a call left in an argument, or in an attribute of `self`."""
    owner, dot, attribute = name.partition(".")
    return f", leaving {name}={facts.shown(vars(arguments[owner])[attribute] if dot else arguments[owner])}"


def _unrefused(around: Iterator[Arguments], outside: Outside) -> Iterator[Arguments]:
    """Neighbours are made by copying objects, which runs code of theirs."""
    while True:
        try:
            with outside.refused(), limits.cpu_limit(_NEAR_SECONDS):
                found = next(around)
        except (StopIteration, TouchedOutsideError, limits.TestTimeout, Exception):  # noqa: BLE001 - no more of them then
            return
        yield found


def _copied(value: object) -> Any:
    """The value itself where it cannot be copied."""
    try:
        with limits.cpu_limit(_NEAR_SECONDS):
            return copy.deepcopy(value)
    except (Exception, limits.TestTimeout):  # noqa: BLE001 - whatever the value's own code raises
        return value


def _is_plain(value: object) -> bool:
    return isinstance(value, (int, float, complex, str, bytes, bool, type(None), tuple, frozenset))


def digest_of(normal: NormalForm, arguments: Arguments) -> Optional[str]:
    """What identifies an input; None where nothing does."""
    try:
        return _digest(normal.of(list(arguments.values())))
    except Exception:  # noqa: BLE001 - an object that breaks when it is looked at
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def error_text(error: BaseException) -> str:
    """An error in one line."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ of the user's
        message = ""
    return f"raises {type(error).__name__}" + (f": {message}" if message else "")


def one_line(text: str) -> str:
    """Short, and printable as it is: the words come from code under test."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in _ADDRESS.sub("", " ".join(text.split())))
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def described(function: FunctionType, code: CodeType, arguments: Arguments) -> str:
    """The call as a person would write it: `clamp(5, low=0)`, `Basket(items=[]).total()`."""
    names = parameter_names(code)
    owner = function.__qualname__.rpartition(".")[0].rpartition("<locals>.")[2]
    if owner and names[:1] == ["self"]:
        owner = _as_object(arguments[names.pop(0)], owner.rpartition(".")[2])
    elif owner and names[:1] == ["cls"]:
        del names[0]
    words = ", ".join(word for name in names for word in _words(name, arguments[name], code))
    return one_line(f"{owner}{'.' if owner else ''}{function.__name__}({words})")


def _words(name: str, value: Any, code: CodeType) -> Iterator[str]:
    at = code.co_varnames.index(name)
    is_rest = at >= code.co_argcount + code.co_kwonlyargcount
    if is_rest and isinstance(value, tuple):
        yield from (facts.shown(each) for each in value)
    elif is_rest and isinstance(value, dict):
        yield from (f"{key}={facts.shown(each)}" for key, each in cast("dict[str, Any]", value).items())
    else:
        yield facts.shown(value) if at < code.co_argcount else f"{name}={facts.shown(value)}"


def _as_object(value: object, name: str) -> str:
    """In its own words, or as its class with attributes where these only say where it lies in memory."""
    text = facts.shown(value)
    if " at 0x" not in text and not text.startswith("<"):
        return text[:80]
    attributes: Any = getattr(value, "__dict__", {})
    shown = ", ".join(f"{key}={facts.shown(each)}" for key, each in list(attributes.items())[:3])
    return f"{name}({shown[:80]})"

"""What a call gives, for a forked child: its result or error, what it changes in its arguments, what it prints."""

from __future__ import annotations

import copy
import dis
import hashlib
import io
import sys
import time
from collections.abc import Collection, Iterator
from types import CodeType, FunctionType
from typing import Any, Callable, NamedTuple, Optional, cast

from .. import facts, limits
from ..replay.lazy_results import driven
from ..replay.neighbours import Variations
from ..replay.normal_form import NormalForm, type_name
from ..replay.outside import Outside, TouchedOutsideError
from .entries import Arguments, called
from .wording import described, error_text, one_line

_CALL_SECONDS = 0.5
_NEAR_SECONDS = 0.05
_ALL_NEAR_SECONDS = 0.15
_SHARED = 6
"""Neighbours of a call whose other arguments cannot be copied: they all get the same ones."""
_ATTRIBUTES = 12
_OTHER_TYPES = "of other types "
_MOST_OTHERS = 6
_PRINTED = 2000
_SHOWN = 300
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
    refused: bool = False
    """Whether a `raise` or `assert` of the project's own ends the call."""


class Onlooker:
    """Looks at calls in one child, which has one audit hook for all of them."""

    def __init__(self, root: str, is_product: Callable[[str], bool]) -> None:
        self._root = root
        self.is_product = is_product
        """Whether a file is of the project and holds no tests."""
        self.normal = NormalForm({root: "<here>"}, is_strict=False)
        self.outside = Outside()

    def worded(self, words: Collection[str]) -> Onlooker:
        """The same, with words that all count as one."""
        other = copy.copy(self)
        other.normal = NormalForm({self._root: "<here>"}, is_strict=False, words=words)
        return other

    def near(self, arguments: Arguments, variations: Variations, most: int) -> list[tuple[str, Arguments]]:
        """Inputs that differ a little in one place, with their digests; to be made before the arguments are used."""
        own = {
            name: made for name, value in arguments.items() if (made := _copied(value)) is not value or _is_plain(value)
        }
        is_whole = len(own) == len(arguments)
        found: dict[str, Arguments] = {}
        around = variations.around(own) if own else iter(())
        until = time.process_time() + _ALL_NEAR_SECONDS
        for changed in _unrefused(around, self.outside):
            if len(found) >= (most if is_whole else _SHARED) or time.process_time() > until:
                break
            every = {name: changed.get(name, value) for name, value in arguments.items()}
            given = digest_of(self.normal, every)
            if given is not None:
                found.setdefault(given, every)
        return list(found.items())

    def of_other_types(self, arguments: Arguments) -> list[tuple[str, Arguments]]:
        """Inputs that a check of types has to refuse: one plain argument, or one of `*args`, is of another type."""
        found: list[tuple[str, Arguments]] = []
        for name, value in arguments.items():
            for other in _of_other_types(value):
                every = {**arguments, name: other}
                given = digest_of(self.normal, every)
                if given is not None:
                    found.append((_OTHER_TYPES + given, every))
        return found[:_MOST_OTHERS]

    def copied(self, arguments: Arguments) -> Optional[Arguments]:
        """Whole copies that hold the same; None where that cannot be had."""
        try:
            with self.outside.refused(), limits.cpu_limit(_NEAR_SECONDS):
                return copy.deepcopy(arguments)
        except (Exception, TouchedOutsideError, limits.TestTimeout):  # noqa: BLE001 - whatever the values' own code raises
            return None


class Answering:
    """Calls one version of a function; everything outside of the process is refused meanwhile."""

    def __init__(self, function: FunctionType, code: CodeType, onlooker: Onlooker) -> None:
        self._function = function
        self._code = code
        self._outside = onlooker.outside
        self._normal = onlooker.normal
        self._is_product = onlooker.is_product

    def recorded(self, arguments: Arguments, given: str) -> Answer:
        """The call that a test led to, with the arguments themselves."""
        return self._answer(arguments, given, _CALL_SECONDS, near=False)

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
        kind: Optional[type] = None
        call, before = self._call(arguments), self._forms(arguments)
        try:
            with self._outside.refused(), limits.cpu_limit(seconds):
                result = called(self._function, arguments)
                kind = type(result)
                result = driven(result)
        except limits.TestTimeout:
            ending = _digest(_NOT_ENDING)
            return Answer(given, near, call, ending, ending, _NOT_ENDING, _NOT_ENDING, _NOT_ENDING)
        except BaseException as error:  # noqa: BLE001 - the error is the answer
            raised = error
        asked = Answer(given, near, call, None, "", "", "", None)
        if self._outside.touched or isinstance(raised, (MemoryError, TouchedOutsideError)):
            return asked
        return self._seen(arguments, before, (result, kind, raised, printed.getvalue()), asked)

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
        gave: tuple[Any, Optional[type], Optional[BaseException], str],
        asked: Answer,
    ) -> Answer:
        result, kind, raised, printed = gave
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
        error = type_name(type(raised)) if raised is not None else None
        if raised is None and result is None and printed:
            text = f"prints {printed[:_SHOWN]!r}"
        return asked._replace(
            gives=_digest(f"{alone} leaving {after}"),
            result=_digest(alone),
            shown=one_line(text),
            kind=error or type_name(kind or type(None)),
            error=error,
            refused=raised is not None and _is_refusal(raised, self._is_product),
        )


def _left(arguments: Arguments, name: str) -> str:
    """What a call left in an argument, or in an attribute of `self`."""
    owner, dot, attribute = name.partition(".")
    return f", leaving {name}={facts.shown(vars(arguments[owner])[attribute] if dot else arguments[owner])}"


def _of_other_types(value: object) -> Iterator[object]:
    kind = type(value)
    if kind is int or kind is float:
        yield from (str(value), None)
    elif kind is str:
        yield from (7, None)
    elif kind is tuple:
        items = cast("tuple[object, ...]", value)
        for index, item in enumerate(items):
            yield from ((*items[:index], other, *items[index + 1 :]) for other in _of_other_types(item))


def is_of_other_types(given: str) -> bool:
    """Whether this is the digest of such an input."""
    return given.startswith(_OTHER_TYPES)


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
    plain = isinstance(value, (int, float, complex, str, bytes, bool, type(None), tuple, frozenset))
    return plain or type(value).__module__ in {"decimal", "fractions", "datetime", "uuid", "pathlib"}


def digest_of(normal: NormalForm, arguments: Arguments) -> Optional[str]:
    """What identifies an input; None where nothing does."""
    try:
        return _digest(normal.of(list(arguments.values())))
    except Exception:  # noqa: BLE001 - an object that breaks when it is looked at
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _is_refusal(error: BaseException, is_product: Callable[[str], bool]) -> bool:
    """Whether the code that is tested raises it by its own will, and not for another error."""
    traceback = error.__traceback__
    if traceback is None or error.__cause__ is not None or error.__context__ is not None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code
    return dis.opname[code.co_code[traceback.tb_lasti]] == "RAISE_VARARGS" and is_product(code.co_filename)

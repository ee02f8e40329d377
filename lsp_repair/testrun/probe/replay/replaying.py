"""Answers of functions to recorded inputs and their neighbours, for a process in which no test runs."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import pickle
import sys
import time
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple, Optional

from .. import limits
from ..channel import Record
from .callables import Callee, is_there, target_of
from .lazy_results import driven
from .neighbours import Variations
from .normal_form import NormalForm, Opaque, atoms, capped, type_name
from .outside import Outside, TouchedOutsideError
from .replay_records import CallAnswer, CallMade, MissingCalls, ReplayCalls

_MAX_INPUTS = 200
_CALL_SECONDS = 0.05
_ALL_SECONDS = 0.25
_IMPORT_SECONDS = 5.0
_PRINTED = 2000
_SHOWN = 200


Caller = Callable[[Any, list[Any], dict[str, Any]], Any]


class Input(NamedTuple):
    """One call to make."""

    call: int
    callee: Callee
    names: tuple[str, ...]
    data: bytes
    """Names, positional arguments and keywords, pickled: every call gets its own."""
    key: str
    shown: str
    tested: bool


class Answer(NamedTuple):
    """What a call gave."""

    gives: str
    prints: str
    error: Optional[str]
    """The name of the exception that came out."""
    held: list[str]
    """The plain values in what was returned."""


class _Refusing(pickle.Unpickler):
    """Loads nothing of the tests' modules: they would bring pytest with them."""

    def __init__(self, data: bytes, refused: set[str]) -> None:
        super().__init__(io.BytesIO(data))
        self._refused = refused

    def find_class(self, module: str, name: str) -> Any:
        if module in self._refused or module.partition(".")[0] in {"pytest", "_pytest"}:
            raise pickle.UnpicklingError
        return super().find_class(module, name)


class Replay:
    """All calls of one task; `caller` makes them: its frame is seen above theirs."""

    def __init__(self, task: ReplayCalls, places: dict[str, str], caller: Caller) -> None:
        self._task = task
        self._caller = caller
        self._normal = NormalForm(places)
        self._outside = Outside()
        self._refused = set(task.test_modules)
        self._missing: list[int] = []
        self._variations = Variations(task.numbers, task.texts)

    def reports(self) -> Iterator[Record]:
        """First the calls whose function is missing; then an answer for each input."""
        inputs = self._inputs()
        yield MissingCalls(self._missing)
        stop = time.process_time() + _ALL_SECONDS
        first = [self._answer(each) for each in inputs if time.process_time() < stop]
        second = {at: self._answer(inputs[at]) for at in reversed(range(len(first)))}
        for at, answer in enumerate(first):
            yield self._reported(inputs[at], answer if answer == second[at] else None)

    def _reported(self, asked: Input, answer: Optional[Answer]) -> CallAnswer:
        if answer is None:
            return CallAnswer(asked.call, asked.key, asked.shown, asked.tested, gives=None)
        given = atoms(self._loaded(asked.data)[1:])
        return CallAnswer(asked.call, asked.key, asked.shown, asked.tested, given=given, **answer._asdict())

    def _inputs(self) -> list[Input]:
        """The tested ones first, then neighbours: each call has its turn until there are enough."""
        tested: dict[tuple[Callee, str], Input] = {}
        for number, call in enumerate(self._task.calls):
            made = self._tested(number, call)
            if made is not None:
                tested.setdefault((made.callee, made.key), made)
        with self._outside.refused(), limits.cpu_limit(_ALL_SECONDS):
            return [*tested.values(), *(self._near(tested) if self._task.near else ())]

    def _near(self, tested: dict[tuple[Callee, str], Input]) -> list[Input]:
        found: dict[tuple[Callee, str], Input] = {}
        for turn in itertools.zip_longest(*(self._around(each) for each in tested.values())):
            for made in turn:
                if made is not None and (made.callee, made.key) not in tested:
                    found[made.callee, made.key] = made
            if len(found) + len(tested) >= _MAX_INPUTS:
                break
        return list(found.values())

    def _tested(self, number: int, call: CallMade) -> Optional[Input]:
        callee = Callee(*call.callee)
        with limits.cpu_limit(_IMPORT_SECONDS):
            if not is_there(callee):
                self._missing.append(number)
                return None
        try:
            with self._outside.refused(), limits.cpu_limit(_CALL_SECONDS * 4):
                data = base64.b64decode(call.data)
                names, positional, keywords = self._loaded(data)
        except (Exception, TouchedOutsideError, limits.TestTimeout):  # noqa: BLE001 - such arguments are no inputs
            return None
        return self._input(number, callee, (names, positional, keywords), data)

    def _input(
        self, number: int, callee: Callee, arguments: tuple[Any, Any, Any], data: Optional[bytes]
    ) -> Optional[Input]:
        names, positional, keywords = arguments
        try:
            kept = data if data is not None else pickle.dumps((list(names), positional, keywords), protocol=4)
            form = self._normal.of((positional, keywords))
            values = zip([*names, *keywords], [*positional, *keywords.values()])  # noqa: B905 - Python 3.9 has no strict
            shown = ", ".join(f"{name}={capped(self._normal.of(value))}" for name, value in values if name != "self")
        except Exception:  # noqa: BLE001 - what cannot be described or sent is no input
            return None
        return Input(number, callee, tuple(names), kept, _digest(form), shown[:_SHOWN], data is not None)

    def _around(self, tested: Input) -> Iterator[Input]:
        names, positional, keywords = self._loaded(tested.data)
        named: dict[str, Any] = {**dict(zip(names, positional)), **keywords}  # noqa: B905 - the same
        for changed in self._variations.around(named):
            rest = {name: changed[name] for name in keywords}
            made = self._input(tested.call, tested.callee, (names, [changed[each] for each in names], rest), None)
            if made is not None:
                yield made

    def _loaded(self, data: bytes) -> Any:
        return _Refusing(data, self._refused).load()

    def _answer(self, asked: Input) -> Optional[Answer]:
        """None when it cannot be seen what the call did."""
        _, positional, keywords = self._loaded(asked.data)
        printed = io.StringIO()
        streams = sys.stdout, sys.stderr, sys.stdin
        sys.stdout = sys.stderr = printed
        sys.stdin = io.StringIO()
        try:
            with self._outside.refused(), limits.cpu_limit(_CALL_SECONDS):
                answer = self._called(asked.callee, positional, keywords)
        except limits.TestTimeout:
            answer = Answer("does not end", "", "does not end", [])
        except (Opaque, MemoryError, RecursionError):
            return None  # the result is too large to be described
        finally:
            sys.stdout, sys.stderr, sys.stdin = streams
        if self._outside.touched:
            return None
        return self._with_effects(answer, asked, (positional, keywords), printed.getvalue())

    def _called(self, callee: Callee, positional: list[Any], keywords: dict[str, Any]) -> Answer:
        try:
            target, positional = target_of(callee, positional)
            result = driven(self._caller(target, positional, keywords))
        except (limits.TestTimeout, MemoryError):
            raise
        except RecursionError:
            return Answer("raises RecursionError", "", "RecursionError", [])
        except BaseException as error:  # noqa: BLE001 - the error is the answer
            return Answer(f"raises {self._normal.of(error)}", "", type_name(type(error)), [])
        return Answer(f"gives {self._normal.of(result)}", "", None, atoms(result))

    def _with_effects(self, answer: Answer, asked: Input, arguments: Any, printed: str) -> Optional[Answer]:
        try:
            after = self._normal.of(arguments)
        except Opaque:
            return None
        gives = answer.gives
        if _digest(after) != asked.key:
            gives += f", leaving {after}"
        return answer._replace(gives=gives, prints=capped(printed[:_PRINTED]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]

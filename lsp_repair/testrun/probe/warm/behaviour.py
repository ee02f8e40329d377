"""What a function returns on the inputs that the tests give it and on their neighbours, for each candidate.

Two candidates with the same answers are one behaviour to the user; where the answers differ, the input tells them apart.
"""

from __future__ import annotations

import copy
import itertools
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, GeneratorType
from typing import Any, Optional, cast

from .. import limits
from ..facts import shown
from ..replay.neighbours import neighbours
from . import swap

_MAX_CALLS = 12
_MAX_INPUTS = 60
_CALL_SECONDS = 0.05
_GENERATED = 20

Arguments = dict[str, Any]


class CallRecorder:
    """Keeps copies of the arguments of the first different calls of one code object."""

    def __init__(self, code: CodeType) -> None:
        self._code = code
        self.calls: dict[str, Arguments] = {}

    def __enter__(self) -> CallRecorder:
        sys.setprofile(self._event)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.setprofile(None)

    def _event(self, frame: Any, event: str, argument: object) -> None:
        if event != "call" or frame.f_code is not self._code or len(self.calls) >= _MAX_CALLS:
            return
        sys.setprofile(None)
        try:
            arguments = copy.deepcopy({name: frame.f_locals[name] for name in parameter_names(self._code)})
            self.calls.setdefault(rendered(arguments), arguments)
        except Exception:  # noqa: BLE001, S110 - arguments that cannot be copied are no inputs
            pass
        finally:
            sys.setprofile(self._event)


def parameter_names(code: CodeType) -> list[str]:
    """The names of all parameters, in the order of the code object: positional, keyword-only, `*args`, `**kwargs`."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return list(code.co_varnames[:count])


def rendered(arguments: Arguments) -> str:
    """The arguments as a person reads them."""
    return ", ".join(f"{name}={shown(value)}" for name, value in arguments.items())


def inputs_around(calls: list[Arguments]) -> list[Arguments]:
    """The recorded inputs, then neighbours in which one argument differs a little."""
    found = {rendered(call): call for call in calls}
    for call in calls:
        for name, value in call.items():
            for neighbour in neighbours(value):
                changed = {**call, name: neighbour}
                found.setdefault(rendered(changed), changed)
                if len(found) >= _MAX_INPUTS:
                    return list(found.values())
    return list(found.values())


def answer(function: FunctionType, arguments: Arguments) -> str:
    """What a call gives: its result, or the error it raises, and how it changed its arguments."""
    given = copy.deepcopy(arguments)
    before = rendered(given)
    try:
        with limits.cpu_limit(_CALL_SECONDS):
            text = shown(_finished(_called(function, given)))
    except limits.TestTimeout:
        return "does not end"
    except BaseException as error:  # noqa: BLE001 - the error is the answer
        text = f"raises {type(error).__name__}"
    after = rendered(given)
    return text if after == before else f"{text}, leaving {after}"


def _called(function: FunctionType, arguments: Arguments) -> Any:
    code = function.__code__
    rest = dict(arguments)
    positional = [rest.pop(name) for name in code.co_varnames[: code.co_argcount]]
    names = parameter_names(code)[code.co_argcount + code.co_kwonlyargcount :]
    if code.co_flags & 0x04:
        positional += rest.pop(names.pop(0))
    keywords: dict[str, Any] = rest.pop(names.pop(0)) if code.co_flags & 0x08 else {}
    return function(*positional, **rest, **keywords)


def _finished(result: Any) -> Any:
    if isinstance(result, GeneratorType):
        return list(itertools.islice(cast("Iterator[Any]", result), _GENERATED))
    if hasattr(result, "close") and hasattr(result, "cr_code"):
        result.close()
    return result


def live_function(functions: swap.LiveFunctions, path: str, first: int, name: str) -> Optional[FunctionType]:
    """The one live function at this place; None when there is none or it keeps state in a closure."""
    found = functions.at(path, name, first)
    return found[0] if len(found) == 1 and not found[0].__code__.co_freevars else None

"""Calls of functions for grades.py: recorded while tests run, then varied; runs in the project's interpreter (3.9+)."""

import gc
import pickle
import random
import types
from pathlib import Path
from typing import Any

import grades_values as values

_RECORDED = 150
"""Different calls that are kept of each function."""
_SEEN = 4_000
_BYTES = 20_000


class Functions:
    """The functions of the request as they are in this process."""

    def __init__(self, root: Path, wanted: "list[list[Any]]") -> None:
        self.found: dict[int, types.FunctionType] = {}
        alive = [each for each in gc.get_objects() if isinstance(each, types.FunctionType)]
        for number, (path, name, index) in enumerate(wanted):
            file, short = str(root / path), name.rpartition(".")[2]
            same = {
                each.__code__.co_firstlineno: each
                for each in alive
                if each.__qualname__ == name and each.__code__.co_name == short and each.__code__.co_filename == file
            }
            if index < len(same):
                self.found[number] = same[sorted(same)[index]]


class Recorder:
    """Keeps copies of the arguments of the outermost calls of the functions."""

    def __init__(self, functions: Functions, versions: "frozenset[str]") -> None:
        self.numbers = {id(each.__code__): number for number, each in functions.found.items()}
        self.first: dict[int, int] = {}
        self.calls: dict[int, dict[bytes, None]] = {number: {} for number in functions.found}
        self.unfit = self.seen = 0
        self.versions = versions

    def __call__(self, frame: types.FrameType, event: str, _argument: object) -> None:
        """Profile function."""
        if event != "call" or id(frame.f_code) not in self.numbers or self.seen > _SEEN:
            return
        number = self.numbers[id(frame.f_code)]
        if self.first.setdefault(number, frame.f_lasti) != frame.f_lasti or self._within_another(frame):
            return  # a generator goes on; or another function of the request is under way
        self.seen += 1
        calls = self.calls[number]
        if len(calls) >= _RECORDED:
            return
        try:
            copy = values.packed(_arguments(frame), self.versions)
        except values.Unfit:
            self.unfit += 1
            return
        if len(copy) <= _BYTES:
            calls[copy] = None

    def _within_another(self, frame: types.FrameType) -> bool:
        outer = frame.f_back if len(self.numbers) > 1 else None
        while outer is not None:
            if id(outer.f_code) in self.numbers and outer.f_code is not frame.f_code:
                return True
            outer = outer.f_back
        return False


def _arguments(frame: types.FrameType) -> "tuple[list[Any], dict[str, Any]]":
    code, found = frame.f_code, frame.f_locals
    names = code.co_varnames
    plain, by_name = code.co_argcount, code.co_kwonlyargcount
    given = [found[name] for name in names[:plain]]
    named = {name: found[name] for name in names[plain : plain + by_name]}
    at = plain + by_name
    if code.co_flags & 0x04:
        given.extend(found[names[at]])
        at += 1
    if code.co_flags & 0x08:
        named.update(found[names[at]])
    return given, named


def variations(
    calls: "dict[int, dict[bytes, None]]", count: int, versions: "frozenset[str]", dice: random.Random
) -> "list[tuple[int, bytes]]":
    """The recorded calls themselves, then others near them."""
    own = [(number, copy) for number, copies in calls.items() for copy in list(copies)[:60]]
    made = dict.fromkeys(own)
    for _ in range(3 * count if own else 0):
        if len(made) >= count + len(own):
            break
        number, copy = dice.choice(own)
        try:
            given, named = pickle.loads(copy)
            _vary(
                given,
                named,
                [pickle.loads(each) for each in dice.sample(list(calls[number]), min(6, len(calls[number])))],
                dice,
            )
            other = values.packed((given, named), versions)
        except Exception:  # noqa: BLE001 - a class of the project may raise anything
            continue
        if len(other) <= 2 * _BYTES:
            made[number, other] = None
    return list(made)


def _vary(given: "list[Any]", named: "dict[str, Any]", calls: "list[Any]", dice: random.Random) -> None:
    places: list[Any] = [*range(len(given)), *named]
    for place in dice.sample(places, min(len(places), dice.choice((1, 1, 1, 2, 2, 3)))):
        if isinstance(place, int):
            others = [each[0][place] for each in calls if place < len(each[0])]
            given[place] = values.varied(given[place], others, dice)
        else:
            others = [each[1][place] for each in calls if place in each[1]]
            named[place] = values.varied(named[place], others, dice)

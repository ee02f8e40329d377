"""The smallest set of changes that makes a test fail.

Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 28(2), 2002): the minimising
algorithm `ddmin` with its three outcomes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Trial(StrEnum):
    """How a test ends with some of the changes applied."""

    PASSES = "passes"
    FAILS = "fails"
    UNRESOLVED = "unresolved"
    """Neither: what half of an edit leaves may not even be imported."""

    @property
    def said(self) -> str:
        """What people read of the tests."""
        return {"passes": "passed", "fails": "failed", "unresolved": "cannot be run"}[self.value]


@dataclass(frozen=True, slots=True)
class Minimal:
    """Indexes of changes that make the test fail together."""

    changes: tuple[int, ...]
    is_minimal: bool
    """Whether it was seen that without any one of them it does not fail; False where the trials ran out before."""


class _OutOfTrialsError(Exception):
    pass


def minimised(count: int, test: Callable[[Sequence[int]], Trial], most: int) -> Minimal:
    """A minimal failing subset of `count` changes, all of which together fail; at most so many trials."""
    known: dict[tuple[int, ...], Trial] = {}

    def fails(changes: Sequence[int]) -> bool:
        key = tuple(changes)
        if key not in known:
            if len(known) >= most:
                raise _OutOfTrialsError
            known[key] = test(key)
        return known[key] is Trial.FAILS

    current, parts = list(range(count)), 2
    try:
        while len(current) > 1:
            smaller = _smaller(current, parts, fails)
            if smaller is not None:
                current, was_one_part = smaller
                parts = 2 if was_one_part else max(parts - 1, 2)
            elif parts >= len(current):
                break
            else:
                parts = min(2 * parts, len(current))
    except _OutOfTrialsError:
        return Minimal(tuple(current), is_minimal=False)
    return Minimal(tuple(current), is_minimal=True)


def _smaller(current: list[int], parts: int, fails: Callable[[Sequence[int]], bool]) -> tuple[list[int], bool] | None:
    """One of the parts that fails alone, else what is left without one of them; and whether it was a part."""
    size = len(current) / parts
    chunks = [current[round(index * size) : round((index + 1) * size)] for index in range(parts)]
    for chunk in chunks:
        if fails(chunk):
            return chunk, True
    for chunk in chunks if parts > 2 else ():
        rest = [each for each in current if each not in chunk]
        if fails(rest):
            return rest, False
    return None

"""What failing assertions say of two texts that should have been equal, and where a literal holds the difference."""

import ast
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from lsp_repair.domain.runs import Failure

_LITERAL = r"""('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
_COMPARED = re.compile(rf"{_LITERAL} (?:==|!=) {_LITERAL}")
_NOT_MATCHED = re.compile(rf"[Rr]egex: r?{_LITERAL}\s+(?:Input|Actual message): {_LITERAL}")
_DIFF_LINE = re.compile(r"(?:  )?([-+]) (.*)")
_MAX_CHARACTERS = 1500
_MAX_MISMATCHES = 8
_MAX_DIFFERENCES = 6
_ENOUGH = 3
"""Equal characters beside a difference that tell where it is."""

Mismatch = tuple[str, str]


class Difference(NamedTuple):
    """Characters of one text in place of which the other one has others."""

    left: str
    old: str
    right: str
    new: str


class Place(NamedTuple):
    """Where a literal holds a difference."""

    start: int
    end: int
    new: str
    is_whole: bool
    """The text around the difference is all that the literal says."""


def mismatches(failures: Sequence[Failure]) -> tuple[Mismatch, ...]:
    """Pairs of texts that failing assertions compared; which of the two was expected is not known."""
    found: dict[Mismatch, None] = {}
    for failure in failures:
        found |= dict.fromkeys(each for each in _in_message(failure.message) if each[0] != each[1])
    return tuple(each for each in found if max(map(len, each)) <= _MAX_CHARACTERS)[:_MAX_MISMATCHES]


@lru_cache(maxsize=200)
def _in_message(message: str) -> tuple[Mismatch, ...]:
    return (*_compared(message), *_lines(message))


def _compared(message: str) -> Iterator[Mismatch]:
    for found in _COMPARED.finditer(message):
        if "..." not in found[0]:
            yield _text(found[1]), _text(found[2])
    for found in _NOT_MATCHED.finditer(message):
        yield re.sub(r"\\(.)", r"\1", _text(found[1])), _text(found[2])


def _text(literal: str) -> str:
    try:
        value: object = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return ""
    return value if isinstance(value, str) else ""


def _lines(message: str) -> Iterator[Mismatch]:
    """Lines of a diff, each with the one it is replaced by."""
    signs = [(found[1], found[2]) for line in message.splitlines() if (found := _DIFF_LINE.fullmatch(line))]
    for (sign, text), (next_sign, next_text) in pairwise(signs):
        if (sign, next_sign) == ("-", "+"):
            yield text, next_text


@lru_cache(maxsize=200)
def _differences(one: str, other: str) -> tuple[Difference, ...]:
    codes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    changed = [code for code in codes if code[0] != "equal"][:_MAX_DIFFERENCES]
    return tuple(Difference(one[:i1], one[i1:i2], one[i2:], other[j1:j2]) for _, i1, i2, j1, j2 in changed)


def places_in(value: str, pairs: Sequence[Mismatch]) -> Iterator[tuple[Place, ...]]:
    """What to change in a literal so that the one text of a pair becomes the other: one place each, then all together."""
    for one, other in pairs:
        for given, requested in ((one, other), (other, one)):
            found = [place for each in _differences(given, requested) if (place := _place(value, each)) is not None]
            yield from ((each,) for each in found)
            apart = all(one.end <= two.start for one, two in pairwise(found))
            if len(found) > 1 and apart:
                yield tuple(found)


def _place(value: str, difference: Difference) -> Place | None:
    """The place of the literal with the most equal characters around it, if they are enough."""
    left, old, right, new = difference
    best, most = None, 0
    for start in range(len(value) - len(old) + 1):
        if not value.startswith(old, start):
            continue
        before, after = _alike(value[:start][::-1], left[::-1]), _alike(value[start + len(old) :], right)
        is_whole = before == start and start + len(old) + after == len(value)
        if before + after > most and (before + after >= _ENOUGH or (is_whole and old)):
            best, most = Place(start, start + len(old), new, is_whole), before + after
    return best


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count

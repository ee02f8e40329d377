"""A model that reads perfectly: it knows a fix, and gives it when every line that the fix has to touch was shown to it.

What it measures is what a model is shown and what becomes of a right answer, without any model.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scripted_endpoint import Answer, Body, said_to

_CONTEXT = 3
"""Unchanged lines on either side of a change that are given with it where they were shown."""
_NUMBERED = re.compile(r"\s*>?\s*\d+\s*[|:\t\u2502] ?(.*)")
_BLOCK = "<<<<<<< SEARCH"
_EXPLANATION = "The suspicious code treats this input wrongly, so that the result is not what the test expects."
_NOT_SHOWN = "I cannot see the code that has to change."

Lines = Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of the old file that become others; none at all for an insertion before `first`."""

    first: int
    """0-based."""
    last: int
    """Not included."""
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a repair: which changes it showed the place of."""

    shown: int
    of: int

    @property
    def gave(self) -> bool:
        """Whether it was answered with the fix."""
        return self.shown == self.of


@dataclass(slots=True)
class PerfectReader:
    """The reply of a scripted endpoint for the fix of one file, from its old text to its new one."""

    path: str
    old: Lines
    new: Lines
    asked: list[Asked] = field(default_factory=list)

    @classmethod
    def of(cls, path: str, old: str, new: str) -> "PerfectReader":
        """One for two texts."""
        return cls(path, old.splitlines(), new.splitlines())

    def __call__(self, body: Body) -> Answer:
        """An explanation to who asks for no block; else the fix, or that it cannot be seen."""
        said = said_to(body)
        if _BLOCK not in said:
            return _EXPLANATION
        readings = _readings(said)
        changes = list(_changes(self.old, self.new))
        blocks = [_shown(self.old, changes, at, readings) for at in range(len(changes))]
        found = [block for block in blocks if block is not None]
        self.asked.append(Asked(len(found), len(blocks)))
        if not self.asked[-1].gave:
            return _NOT_SHOWN
        return "\n\n".join(f"{self.path}\n{block}" for block in found)


def _readings(said: str) -> tuple[Lines, Lines]:
    """The lines as they are, and without the numbers in front of them."""
    lines = said.splitlines()
    return lines, [found[1] if (found := _NUMBERED.fullmatch(line)) else line for line in lines]


def _changes(old: Lines, new: Lines) -> Iterator[Change]:
    for kind, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Change(first, last, tuple(new[start:end]))


def _shown(old: Lines, changes: Sequence[Change], at: int, readings: Sequence[Lines]) -> str | None:
    """A block for one change, with as many unchanged lines around it as were shown; None if it was not shown.

    An insertion needs a line beside it: without one nobody can tell where it belongs.
    """
    change = changes[at]
    floor = changes[at - 1].last if at else 0
    ceiling = changes[at + 1].first if at + 1 < len(changes) else len(old)
    for above, below in sorted(_contexts(), key=sum, reverse=True):
        first, last = change.first - above, change.last + below
        if first < floor or last > ceiling:
            continue
        search = old[first:last]
        if any(line.strip() for line in search) and any(_stand_in(search, lines) for lines in readings):
            replace = [*old[first : change.first], *change.new, *old[change.last : last]]
            return "\n".join([_BLOCK, *search, "=======", *replace, ">>>>>>> REPLACE"])
    return None


def _contexts() -> Iterator[tuple[int, int]]:
    return ((above, below) for above in range(_CONTEXT + 1) for below in range(_CONTEXT + 1))


def _stand_in(block: Lines, lines: Lines) -> bool:
    return any(lines[at : at + len(block)] == block for at in range(len(lines) - len(block) + 1))

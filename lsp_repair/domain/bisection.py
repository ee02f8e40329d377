"""The first bad commit of a history that branches and merges.

The algorithm is that of `git bisect`: the commit is tried whose ancestors are nearest to half of those that may be the first
bad one; a commit that cannot be tried is skipped, and the next one is taken away from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.delta_debugging import Trial

_GOLDEN = 0.618
_SPREAD = 1.5
"""The same as git's: how far from the middle the next commit is after skipped ones."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """The first bad commit, or several of which one is it."""

    commits: tuple[str, ...]
    """Parents before children."""
    is_complete: bool
    """Whether every commit among them but the last was tried."""


@dataclass(slots=True)
class _Search:
    names: Sequence[str]
    ancestors: list[int]
    """Of each commit, itself included, as bits."""
    candidates: int
    skipped: int = 0
    skips: int = 0
    """In a row."""
    bad: int = field(default=0)

    def next(self) -> int | None:
        """The number of the commit to try."""
        left = self.candidates & ~self.skipped & ~(1 << self.bad)
        total = self.candidates.bit_count()
        scores: list[tuple[int, int]] = []
        for number in _numbers(left):
            reached = (self.ancestors[number] & self.candidates).bit_count()
            scores.append((-min(reached, total - reached), number))
        if not scores:
            return None
        scores.sort()
        return scores[int(len(scores) * ((self.skips * _GOLDEN) % 1) ** _SPREAD)][1]

    def learn(self, number: int, trial: Trial) -> None:
        """What a trial says of the others."""
        if trial is Trial.UNRESOLVED:
            self.skipped |= 1 << number
            self.skips += 1
            return
        self.skips = 0
        if trial is Trial.FAILS:
            self.bad = number
            self.candidates &= self.ancestors[number]
        else:
            self.candidates &= ~self.ancestors[number]


def first_bad(
    parents: Mapping[str, Sequence[str]], test: Callable[[str], Trial], may_go_on: Callable[[], bool]
) -> Suspects:
    """The first commit that fails; the last one is known to fail, and those that only appear as parents to pass.

    `parents` has the parents of each commit, which come before it where they are among the commits.
    """
    names = list(parents)
    numbers = {name: at for at, name in enumerate(names)}
    ancestors: list[int] = []
    for at, name in enumerate(names):
        reached = 1 << at
        for parent in parents[name]:
            reached |= ancestors[numbers[parent]] if parent in numbers else 0
        ancestors.append(reached)
    search = _Search(names, ancestors, ancestors[-1], bad=len(names) - 1)
    is_complete = True
    while (number := search.next()) is not None:
        if not may_go_on():
            is_complete = False
            break
        search.learn(number, test(names[number]))
    return Suspects(tuple(names[each] for each in _numbers(search.candidates)), is_complete)


def _numbers(bits: int) -> list[int]:
    return [number for number, digit in enumerate(reversed(f"{bits:b}")) if digit == "1"]

"""The patches that answer calls side by side: those that may be offered, their rivals, and edits that show what tests see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.patches import Patch
from lsp_repair.judge.behaviour.grading import Collateral
from lsp_repair.repair.alternatives import Pinned
from lsp_repair.repair.left_out import without_lost_calls

_MAX_RIVALS = 6
_MAX_MUTANTS = 6
_MAX_LEFT_OUT = 6


@dataclass(frozen=True, slots=True)
class ComparedPatches:
    """All patches that are compared: those that may be offered, their rivals, and mutants of them."""

    patches: tuple[Patch, ...]
    offered: int
    """The first so many may be offered."""
    rivals: int
    """So many after them are rivals; the rest are mutants."""
    mutants: int
    """So many after these are mutants; the rest is old code with something left out."""
    tried: Mapping[Patch, int]
    left_out: Mapping[Patch, frozenset[Patch]]
    """By what is offered: the old code without the calls that it takes out."""
    changes: Mapping[int, Collateral] = field(default_factory=dict[int, Collateral])
    """What those change that meet the user's expectations, by their numbers."""

    @classmethod
    def of(
        cls, offered: Sequence[Patch], known: Mapping[Patch, Pinned], tried: Mapping[Patch, int]
    ) -> "ComparedPatches":
        """Alternatives that are among the offered ones already are no others."""
        seen = set(offered)
        rivals = _others((each.patch for one in known.values() for each in one.rivals), seen, _MAX_RIVALS)
        mutants = _others((each.patch for one in known.values() for each in one.mutants), seen, _MAX_MUTANTS)
        left_out = {each: frozenset(without_lost_calls(each)) for each in offered}
        rest = _others((each for one in left_out.values() for each in one), seen, _MAX_LEFT_OUT)
        every = (*offered, *rivals, *mutants, *rest)
        return cls(every, len(offered), len(rivals), len(mutants), tried, left_out)

    @property
    def competing(self) -> list[int]:
        """What could be offered in the place of another."""
        return [each for each in self.changes if each < self.offered + self.rivals]

    @property
    def mutating(self) -> list[int]:
        """Further edits of what may be offered."""
        first = self.offered + self.rivals
        return [each for each in self.changes if first <= each < first + self.mutants]

    def leaving_out(self, number: int) -> list[int]:
        """Old code without a call that this one takes out."""
        own = self.left_out[self.patches[number]]
        return [each for each, patch in enumerate(self.patches) if patch in own]


def _others(patches: Iterable[Patch], seen: set[Patch], most: int) -> list[Patch]:
    """As far as they are new."""
    found: list[Patch] = []
    for patch in patches:
        if len(found) < most and patch not in seen:
            seen.add(patch)
            found.append(patch)
    return found

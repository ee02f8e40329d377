"""Where code that was found in the user's files is after a program changed them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.differences import changed_blocks

_MAX_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class Moved:
    """The runs of lines of one file that were changed: places before (0-based) with those after."""

    blocks: tuple[tuple[range, range], ...] = ()

    @classmethod
    def between(cls, before: Sequence[str], after: Sequence[str]) -> "Moved":
        """Of two texts."""
        blocks = changed_blocks(before, after, _MAX_COMPARED)
        return cls(tuple((range(there.start, there.stop), range(here.start, here.stop)) for there, here in blocks))

    def first(self, line: int) -> int:
        """Where a line (1-based) is now; of changed ones where they begin, at the most as far from there as before."""
        at, by = line - 1, 0
        for there, here in self.blocks:
            if at < there.start or (there.start == there.stop == at + 1):
                break
            if at < there.stop:
                return here.start + min(at - there.start, max(0, here.stop - here.start - 1)) + 1
            by = here.stop - there.stop
        return at + by + 1

    def last(self, line: int) -> int:
        """The same of the last line of something: lines that were added behind it in its place belong to it."""
        for there, here in self.blocks:
            if there.start <= line <= there.stop and there.start < line:
                return max(here.stop, 1)
            if there.start == there.stop == line:
                return max(here.stop, 1)
        return self.first(line)

    def touches(self, excerpt: Excerpt) -> bool:
        """Whether lines of it were changed, or some were added at its edges."""
        return any(
            there.start < excerpt.last and max(there.stop, there.start + 1) >= excerpt.first for there, _ in self.blocks
        )

    def excerpt(self, of: Excerpt) -> Excerpt:
        """The same code where it is now."""
        if not self.blocks:
            return of
        first = self.first(of.first)
        return replace(
            of,
            first=first,
            last=max(first, self.last(of.last)),
            hottest=self.first(of.hottest),
            near=frozenset(map(self.first, of.near)),
            skipped=frozenset(),
        )

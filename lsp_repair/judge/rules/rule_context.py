"""What a rule looks at: one file of a patch in both versions, and what the tests say."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lsp_repair.domain.patches import FileChange
from lsp_repair.judge.tested_inputs.tested_literals import LiteralsOfTests
from lsp_repair.pycode.differences import common_ends
from lsp_repair.pycode.modules import Module


def _nothing() -> Iterable[bytes]:
    return ()


Sides = tuple[frozenset[str], frozenset[str]]
"""Names of what is called on the left and on the right of a comparison."""


def _no_comparisons() -> Iterable[Sides]:
    return ()


@dataclass(frozen=True, slots=True)
class SuiteFacts:
    """What rules know about the tests; sources are read when a rule asks for them."""

    literals: LiteralsOfTests = field(default_factory=LiteralsOfTests)
    """Of the targets."""
    test_sources: Callable[[], Iterable[bytes]] = _nothing
    product_sources: Callable[[], Iterable[bytes]] = _nothing
    """Modules of the project that the tests imported and that are not tests."""
    failing_lines: Mapping[str, frozenset[int]] | None = None
    """Lines on the way to the failures of the targets, by path; None where no failure is known."""
    failed_comparisons: Callable[[], Iterable[Sides]] = _no_comparisons
    """Equalities in the tests at which the targets failed."""


@dataclass(frozen=True, slots=True)
class RuleContext:
    """One changed file."""

    change: FileChange
    before: Module | None
    """None where the old file does not parse; an empty module where there was no file, or it is not code."""
    after: Module
    suite: SuiteFacts

    @property
    def path(self) -> str:
        """Of the file, relative to the root."""
        return self.change.path

    def line_after(self, line: int) -> int:
        """Where a line of the old file is now, or where it was removed."""
        before, after = (self.change.before or b"").split(b"\n"), (self.change.after or b"").split(b"\n")
        head, tail = common_ends(before, after)
        if line <= head:
            return line
        return line + len(after) - len(before) if line > len(before) - tail else min(head + 1, len(after))

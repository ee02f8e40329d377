"""Candidate patches as the search makes them by the hundred: one file, a few splices, a prior."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lsp_repair.domain.patches import Edit, FileChange, Patch, spliced
from lsp_repair.domain.runs import Failure


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of a project's file that candidates edit."""

    path: str
    """Relative to the root, with `/`."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to change one file."""

    source: SourceFile
    edits: tuple[Edit, ...]
    template: str
    """Name of the template that made it, such as `cmp-op`."""
    line: int
    """1-based line of the edited place."""
    title: str
    """What it does in the user's words: `` `<` → `<=` in `search` ``."""
    score: float
    """Rank before anything was run: suspiciousness and prior taken together; greater is better."""

    @property
    def after(self) -> bytes:
        """The whole file after the edit."""
        return spliced(self.source.data, self.edits)

    @property
    def patch(self) -> Patch:
        """The candidate as a patch."""
        return Patch((FileChange(self.source.path, self.source.data, self.after),))


@dataclass(frozen=True, slots=True)
class Screened:
    """What the warm server saw; decides who climbs and is never shown to anybody."""

    candidate: Candidate
    passed: int
    """How many of the screening tests passed before the first loss."""
    survived: bool
    inconclusive: bool = False
    """A time limit was hit, or the candidate could not be run this way."""


class Screen(Protocol):
    """Runs the failing tests on many candidates, cheaply."""

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """Screened candidates in the order they were decided; ends early when the deadline passes."""
        ...


@dataclass(frozen=True, slots=True)
class Hints:
    """Ingredients that lie outside the suspicious file."""

    failures: tuple[Failure, ...]
    """Of the group under repair."""
    test_literals: tuple[object, ...] = ()
    """From `literals.mined`."""
    project_names: tuple[str, ...] = ()
    """Functions, classes and modules of the project as `pkg.mod:name`."""

"""A change that makes tests fail, and what a repair can make of it."""

from dataclasses import dataclass

from lsp_repair.domain.blame import Bisection, BlamedFile, BlamedHunk, ChangeToBlame, NeverPassed
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate
from lsp_repair.repair.history.blame_sentences import of_bisection, of_tests_that_never_passed

TAKE_BACK = "take-back"
"""The template's name of a change undone."""
_OTHERS = 0.7
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Blamed:
    """A change with what a repair can make of it."""

    change: ChangeToBlame
    take_back: Candidate | None
    """The change undone; None where it is in several files."""

    def leading(self, localisation: Localisation) -> Localisation:
        """The changed lines before all others."""
        scores = {
            path: {at: _OTHERS * score for at, score in lines.items()} for path, lines in localisation.scores.items()
        }
        for path, first, last in self.change.lines:
            if path.endswith(".py"):
                scores.setdefault(path, {}).update(dict.fromkeys(range(first, last + 1), 1.0))
        return Localisation(scores) if self.change.lines else localisation

    @property
    def places(self) -> str:
        """Where the change is."""
        every = [*map(_place, self.change.hunks), *map(_file, self.change.files)]
        rest = len(every) - _SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        smallest = "" if self.change.is_minimal else " (perhaps a part of it)"
        return f"{', '.join(every[:_SHOWN])}{more}{smallest}"

    @property
    def sentence(self) -> str:
        """What is said of it."""
        whose = "a change after that commit" if self.change.is_committed else "a change that is not committed"
        if not self.change.revision:
            return f"It passed a while ago; it fails since a change after that: {self.places}."
        return f"With the code of commit {self.change.revision} it passed; it fails since {whose}: {self.places}."


@dataclass(frozen=True, slots=True)
class Blame:
    """What the history says of a group of failures."""

    blamed: Blamed | None = None
    never_passed: NeverPassed | None = None
    bisection: Bisection | None = None

    def sentence(self, tests: int) -> str:
        """What is said of it to the user, of so many tests; empty where nothing is known."""
        if self.bisection is not None:
            return of_bisection(self.bisection, self.blamed.places if self.blamed is not None else "", tests)
        if self.never_passed is not None:
            return of_tests_that_never_passed(self.never_passed, tests)
        return "" if self.blamed is None else self.blamed.sentence


def _place(hunk: BlamedHunk) -> str:
    if hunk.first is None:
        return f"{hunk.path} (lines that have been changed again since)"
    return f"{hunk.path}:{hunk.first}" if hunk.first == hunk.last else f"{hunk.path}:{hunk.first}-{hunk.last}"


def _file(file: BlamedFile) -> str:
    return f"{file.path} ({file.change}{f' from {file.was}' if file.was else ''})"

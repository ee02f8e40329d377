"""A change that makes tests fail, and what a repair can make of it."""

from dataclasses import dataclass

from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate
from lsp_repair.domain.runs import ChangeToBlame

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
            scores.setdefault(path, {}).update(dict.fromkeys(range(first, last + 1), 1.0))
        return Localisation(scores)

    @property
    def sentence(self) -> str:
        """What is said of it."""
        places = ", ".join(_place(*each) for each in self.change.lines[:_SHOWN])
        rest = len(self.change.lines) - _SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        whose = "a change after that commit" if self.change.is_committed else "a change that is not committed"
        smallest = "" if self.change.is_minimal else " (perhaps a part of it)"
        if not self.change.revision:
            return f"It passed a while ago; it fails since a change after that: {places}{more}{smallest}."
        return f"With the code of commit {self.change.revision} it passed; it fails since {whose}: {places}{more}{smallest}."


def _place(path: str, first: int, last: int) -> str:
    return f"{path}:{first}" if first == last else f"{path}:{first}-{last}"

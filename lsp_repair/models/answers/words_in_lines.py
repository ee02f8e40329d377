"""Text inside of a line, or lines told by their numbers, replaced where it is certain what is meant."""

import difflib
import re

from lsp_repair.models.answers.changes import Lines, Mismatch, Swap, Unclear, Words, indent_of, without_edges
from lsp_repair.models.answers.indenting import Indentation
from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.splices import Splice
from lsp_repair.models.answers.swapping import swapped

_LIKE = 0.4
_SHIFTS = (-4, -3, -2, -1, 1, 2, 3, 4)


def reworded(words: Words, page: Page, *, exactly: bool) -> list[Splice] | Mismatch | None:
    """The line that holds the text once, with the other text in it; None where no line does."""
    if not words.old.strip() or words.old == words.new:
        return None
    whole = swapped(Swap(words.place, (words.old,), tuple(words.new.split("\n"))), page, exactly=exactly)
    if isinstance(whole, list) or not exactly:
        return whole
    places = [(at, found.start()) for at, line in enumerate(page.lines) for found in _found(words.old, line)]
    if isinstance(whole, Unclear) and not places:
        return whole
    for kept in (
        [each for each in places if words.place.line and each[0] == words.place.line - 1],
        [each for each in places if page.is_shown(each[0])],
    ):
        places = kept or places
    if len(places) != 1:
        return Unclear(f"{words.old[:120]!r} occurs several times in {page.path}: copy whole lines") if places else None
    at, start = places[0]
    line = page.lines[at]
    return [Splice(at, at + 1, (line[:start] + words.new + line[start + len(words.old) :],))]


def _found(text: str, line: str) -> list[re.Match[str]]:
    """Where text stands in a line as words of its own."""
    before = r"(?<![\w.])" if text[0].isalnum() or text[0] == "_" else ""
    after = r"(?!\w)" if text[-1].isalnum() or text[-1] == "_" else ""
    return list(re.finditer(before + re.escape(text) + after, line))


def renumbered(change: Lines, page: Page) -> list[Splice] | Mismatch | None:
    """Lines told by numbers, if those lines are like the new ones, and more so than any lines beside them."""
    first, end = change.first - 1, change.last
    new = without_edges(change.new)
    if not 0 <= first < end <= len(page.lines) or not new:
        return None
    scores = {by: _alike(page, first + by, end + by, new) for by in (0, *_SHIFTS)}
    if (
        scores[0] < _LIKE
        or max(scores.values()) > scores[0]
        or sum(score == scores[0] for score in scores.values()) > 1
    ):
        return Unclear(
            f"lines {change.first}-{change.last} of {page.path} are not like the new ones: copy the lines to be replaced"
        )
    old = page.lines[first:end]
    here = next(each for each in new if each.strip())
    there = next((each for each in old if each.strip()), "")
    written = Indentation(((indent_of(here), indent_of(there)),) * 2).of(new, old) if not indent_of(here) else list(new)
    matcher = difflib.SequenceMatcher(None, old, written, autojunk=False)
    return [
        Splice(first + a, first + b, tuple(written[c:d]))
        for verb, a, b, c, d in matcher.get_opcodes()
        if verb != "equal"
    ]


def _alike(page: Page, first: int, end: int, new: tuple[str, ...]) -> float:
    if first < 0 or end > len(page.lines):
        return 0.0
    old = "\n".join(each.strip() for each in page.lines[first:end])
    return difflib.SequenceMatcher(
        None, old[:4_000], "\n".join(each.strip() for each in new)[:4_000], autojunk=False
    ).ratio()

"""A piece of code that defines nothing: put between the two lines of the file that it begins and ends with."""

from collections.abc import Sequence

from lsp_repair.models.answers.changes import dedented, without_edges
from lsp_repair.models.answers.eliding import expanded
from lsp_repair.models.answers.indenting import indentation
from lsp_repair.models.answers.line_forms import is_elision
from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.splices import Splice

_MIN = 3
_MAX_LOST = 3


def anchored(lines: Sequence[str], page: Page) -> list[Splice] | None:
    """Splices for the lines between; None where the first or the last line is not found once, or much would be lost."""
    new = list(dedented(without_edges(lines)))
    while new and is_elision(new[0]):
        new.pop(0)
    while new and is_elision(new[-1]):
        new.pop()
    if len([each for each in new if each.strip()]) < _MIN:
        return None
    first, last = _only(new[0], page), _only(new[-1], page)
    if first is None or last is None or last <= first:
        return None
    old = page.lines[first : last + 1]
    if any(map(is_elision, new)):
        filled = expanded(dedented(old), new)
        if filled is None:
            return None
        new = list(filled)
    kept = {each.strip() for each in new}
    lost = [each for each in old if each.strip() and each.strip() not in kept]
    if len(lost) > _MAX_LOST:
        return None
    written = indentation([new[0], new[-1]], [old[0], old[-1]]).of(new, old)
    return [] if list(old) == written else [Splice(first, last + 1, tuple(written))]


def _only(line: str, page: Page) -> int | None:
    places = [at for at, each in enumerate(page.lines) if each.strip() == line.strip()]
    shown = [at for at in places if page.is_shown(at)]
    places = shown if len(shown) == 1 else places
    return places[0] if len(places) == 1 else None

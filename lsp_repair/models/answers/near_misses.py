"""What a model is told of lines that are nowhere: the first of them, and the shown line that was probably meant."""

import difflib
from collections.abc import Mapping

from lsp_repair.models.answers.changes import Change, Code, Lines, Swap, Words
from lsp_repair.models.answers.line_matching import Page, nearest_text

_SAID = 120
_MAX_LINES = 400


def not_found(change: Change, homes: Mapping[str, Page]) -> str:
    """One line for a change that fits nowhere."""
    where = ", ".join(homes)
    match change:
        case Swap(old=old) if not any(each.strip() for each in old):
            return f"the SEARCH part for {where} is empty: copy the lines to be replaced"
        case Swap(old=old):
            text = nearest_text(old)
        case Words(old=old):
            text = old.strip()[:_SAID]
        case Lines(first=first, last=last):
            return f"{where} has no lines {first}-{last}"
        case Code(lines=lines):
            return f"it is not clear where {nearest_text(lines)!r} belongs: write whole functions or blocks"
    return f"these lines are not in {where}, or occur several times: {text!r}{_near(text, homes)}"


def _near(text: str, homes: Mapping[str, Page]) -> str:
    lines = [
        line.strip()[:_SAID]
        for page in homes.values()
        for first, last in page.spans or [(1, len(page.lines))]
        for line in page.lines[first - 1 : last]
        if line.strip()
    ]
    near = difflib.get_close_matches(text, lines[:_MAX_LINES], 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else ""

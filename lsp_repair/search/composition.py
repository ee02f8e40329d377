"""Second order: a candidate for the result of another candidate, as one splice of the original file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lsp_repair.domain.candidates import Candidate, SourceFile
from lsp_repair.domain.patches import Edit
from lsp_repair.search.generation import first_order
from lsp_repair.search.hints import Hints

_SHARE = 0.5
"""Two edits are worth half of the lower score."""
_NEW_LINE_SCORE = 0.5
_MAX_TITLE = 80


def second_order(base: Candidate, scores: Mapping[int, float], hints: Hints, limit: int) -> Iterator[Candidate]:
    """At most `limit` candidates for the edited file, best first, composed with the edit that made it."""
    middle = SourceFile(base.source.path, base.after)
    # Traceback lines no longer match; messages still say what was expected.
    moved = replace(hints, failures=tuple(replace(failure, frames=()) for failure in hints.failures))
    for second in first_order(middle, shifted_scores(base, scores), moved)[:limit]:
        yield composed(base, second)


def shifted_scores(base: Candidate, scores: Mapping[int, float]) -> dict[int, float]:
    """The scores at the lines where the base's edit has moved them; new lines are suspicious too."""
    added = sum(edit.text.count(b"\n") for edit in base.edits)
    taken = sum(base.source.data.count(b"\n", edit.start, edit.end) for edit in base.edits)
    shift = added - taken
    moved = {line + (shift if line > base.line else 0): score for line, score in scores.items()}
    for line in range(base.line, base.line + max(shift, 0) + 1):
        moved.setdefault(line, _NEW_LINE_SCORE)
    return moved


def composed(base: Candidate, second: Candidate) -> Candidate:
    """Both edits as one candidate over the original file."""
    before, after = base.source.data, second.after
    middle = len(second.source.data)
    head = min(edit.start for edit in (*base.edits, *second.edits))
    tail = min(len(before) - max(edit.end for edit in base.edits), middle - max(edit.end for edit in second.edits))
    edit = Edit(head, len(before) - tail, after[head : len(after) - tail])
    return Candidate(
        base.source,
        (edit,),
        f"{base.template}+{second.template}",
        base.line,
        f"{base.title}; {second.title}"[:_MAX_TITLE],
        _SHARE * min(base.score, second.score),
    )

"""New lines that leave out what stays ("... rest unchanged"), filled up from the old lines."""

import difflib
from collections.abc import Sequence

from lsp_repair.models.answers.changes import indent_of
from lsp_repair.models.answers.line_forms import is_comment
from lsp_repair.models.answers.line_matching import segments

_LIKE = 0.6
_MARGIN = 0.12


def expanded(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...] | None:
    """The new lines in full; None where it is not certain which old lines were left out.

    Each part has to begin (end) with an old line where something was left out before (behind) it; the last part may also
    begin with a line that is like one old line only.
    """
    parts = segments(new)
    result: list[str] = []
    done = 0
    for number, part in enumerate(parts):
        is_first, is_last = number == 0, number == len(parts) - 1
        if not part:
            if is_last:
                result += old[done:]
            elif not is_first:
                return None
            continue
        start = done if is_first else _start(part, old, done)
        end = len(old) if is_last else _end(part, old, max(done, start or 0))
        if start is None or end is None or end < start:
            return None
        result += [*old[done:start], *part]
        done = end
    return tuple(result) if _keeps(old, new, result) else None


def _start(part: Sequence[str], old: Sequence[str], done: int) -> int | None:
    """The old line at which a part begins."""
    found = _only(part[0], old, done)
    return found if found is not None else _nearest(part[0], old, done)


def _end(part: Sequence[str], old: Sequence[str], done: int) -> int | None:
    """The old line behind which a part ends."""
    for back, line in enumerate(reversed(part)):
        if back and back > 2:
            break
        found = _only(line, old, done)
        if found is not None:
            return found + 1 if back == 0 else None
    found = _nearest(part[-1], old, done)
    return found + 1 if found is not None else None


def _only(line: str, old: Sequence[str], done: int) -> int | None:
    places = [at for at in range(done, len(old)) if old[at].strip() == line.strip()]
    if len(places) > 1:
        deep = [at for at in places if indent_of(old[at]) == indent_of(line)]
        places = deep if len(deep) == 1 else places
    return places[0] if len(places) == 1 else None


def _nearest(line: str, old: Sequence[str], done: int) -> int | None:
    """The one old line that another one was clearly made from."""
    if any(each.strip() == line.strip() for each in old[done:]):
        return None
    scores = sorted(
        (
            (difflib.SequenceMatcher(None, line.strip(), old[at].strip(), autojunk=False).ratio(), at)
            for at in range(done, len(old))
            if old[at].strip()
        ),
        reverse=True,
    )
    if not scores or scores[0][0] < _LIKE or (len(scores) > 1 and scores[0][0] - scores[1][0] < _MARGIN):
        return None
    return scores[0][1]


def _keeps(old: Sequence[str], new: Sequence[str], result: Sequence[str]) -> bool:
    """Whether not much more was lost than was written."""
    kept = {each.strip() for each in result}
    lost = [each for each in old if each.strip() and each.strip() not in kept and not is_comment(each)]
    return len(lost) <= 2 * sum(1 for each in new if each.strip())

"""Lines put in the place of others: gathered for a file, checked against each other, turned into its new bytes."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.answers.changes import Mismatch, Unclear
from lsp_repair.models.excerpts import FileView
from lsp_repair.models.sanitising import visible


@dataclass(frozen=True, slots=True)
class Splice:
    """New lines for those from `start` up to `end` (indexes, the end excluded)."""

    start: int
    end: int
    new: tuple[str, ...]


def in_order(splices: Sequence[Splice], path: str) -> list[Splice] | Unclear:
    """Each once, from the first line to the last; Unclear where two of them would change the same lines differently."""
    ordered = sorted(dict.fromkeys(splices), key=lambda each: (each.start, each.end))
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            return Unclear(f"two changes of {path} contradict each other: {_quoted(before)} and {_quoted(after)}")
    return ordered


def _quoted(splice: Splice) -> str:
    return repr(next((each.strip()[:80] for each in splice.new if each.strip()), "(nothing)"))


def lines_after(lines: Sequence[str], ordered: Sequence[Splice]) -> list[str]:
    """Lines with ordered splices in them, without regard to their bytes."""
    result: list[str] = []
    done = 0
    for each in ordered:
        result += [*lines[done : each.start], *each.new]
        done = each.end
    return [*result, *lines[done:]]


def bytes_after(view: FileView, ordered: Sequence[Splice], redactor: Redactor) -> bytes | Mismatch:
    """The file's bytes: lines that stay keep theirs, new ones end like those they replace; secrets are put back."""
    result: list[str] = []
    done, last = 0, 0
    for each in ordered:
        result += view.lines[done : each.start]
        last = len(result)
        old = view.lines[each.start : each.end]
        beside = old or view.lines[max(0, each.start - 1) : each.start] or view.lines[:1]
        for at, line in enumerate(each.new):
            carriage = "\r" if beside[min(at, len(beside) - 1)].endswith("\r") else ""
            result.append(redactor.restored(visible(line)) + carriage)
        done = each.end
    result += view.lines[done:]
    if ordered and done >= len(view.lines) and view.carriage:
        result = _ended(result, view.carriage, last - (ordered[-1].start >= len(view.lines)))
    data = _encoded(result, view)
    return data if data is not None else Mismatch(f"{view.path} cannot encode these characters")


def _ended(lines: list[str], carriage: str, first: int) -> list[str]:
    """The end of a file needs care where its last line has no line feed: others get one now, or it does no longer."""
    ended = [each if at < first or each.endswith(carriage) else each + carriage for at, each in enumerate(lines)]
    return [*ended[:-1], ended[-1].removesuffix(carriage)] if ended else ended


def _encoded(lines: Sequence[str], view: FileView) -> bytes | None:
    if view.encoding is None:
        return None
    text = "\n".join(lines)
    try:
        data = view.data[: view.encoding.mark] + text.encode(view.encoding.name)
    except UnicodeError:
        return None
    read = decoded(data)
    return data if read is not None and read[0] == text else None

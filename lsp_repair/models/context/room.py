"""How much of what is known fits a prompt: excerpts by rank until the room is used up, and the names of those left out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lsp_repair.models.excerpts import Excerpt, FileView
from lsp_repair.models.messages import USUAL_BYTES_PER_TOKEN

_HEAD = 60
"""Bytes of the line above a piece of code."""
_GAP = 3
"""Lines between two pieces that are shown rather than passed over."""
_SHARE_OF_ONE = 0.2
"""Of the room for code that one function may take before all others had their turn."""
_LEAST = 5
"""Lines of a function below which showing a part of it is of no use."""

Code = Sequence[tuple[FileView, Excerpt]]


def tokens_of(text: str) -> int:
    """About how many tokens a text is: code and English have 3.6 bytes to one in the tokenizers of common models."""
    return int(size(text) / USUAL_BYTES_PER_TOKEN) + 1


def bytes_of(tokens: int) -> int:
    """About how many bytes these tokens are."""
    return int(tokens * USUAL_BYTES_PER_TOKEN)


def size(text: str) -> int:
    """Bytes."""
    return len(text.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a file that follow each other."""

    view: FileView
    first: int
    last: int
    suspects: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """Its lines as they are shown."""
        return self.view.between(self.first, self.last)


@dataclass(slots=True)
class Chosen:
    """Lines of files that are shown, and what there was no room for."""

    room: int
    """Bytes."""
    lines: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    left_out: list[str] = field(default_factory=list[str])
    _views: dict[str, FileView] = field(default_factory=dict[str, FileView])
    _hottest: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def take(self, code: Code) -> None:
        """As many excerpts as there is room for, best first; of one that is too long the lines that matter.

        What is left when each had its turn goes to those that are not whole.
        """
        most = int(self.room * _SHARE_OF_ONE)
        partly = [each for each in code if not self._taken(*each, most)]
        gone = [each for each in partly if not self._taken(*each, self.room)]
        self.left_out += [name for view, excerpt in gone if (name := self._rest_of(view, excerpt))]

    def _taken(self, view: FileView, excerpt: Excerpt, most: int) -> bool:
        """Whether all of it is shown now."""
        self._views.setdefault(excerpt.path, view)
        asked = _asked(view, excerpt)
        fitting = self._fitting(view, excerpt, asked, most)
        if fitting:
            self._add(view, excerpt, fitting)
        return len(fitting) == len(asked)

    def _rest_of(self, view: FileView, excerpt: Excerpt) -> str:
        asked = _asked(view, excerpt)
        shown = sum(line in self.lines.get(excerpt.path, ()) for line in asked)
        if not excerpt.name or shown == len(asked):
            return ""
        return f"{excerpt.path}: {excerpt.name}" + (f" (all but {shown} of {len(asked)} lines)" if shown else "")

    def _fitting(self, view: FileView, excerpt: Excerpt, asked: Sequence[int], most: int) -> list[int]:
        if self._cost(view, asked) <= (self.room if len(asked) <= 2 * _LEAST else min(most, self.room)):
            return list(asked)
        most = min(most, self.room)
        if not excerpt.suspiciousness:
            return []
        kept: list[int] = []
        known = self.lines.get(view.path, set())
        most -= _HEAD
        for line in sorted(asked, key=lambda line: _distance(excerpt, line)):
            most -= 0 if line in known else size(view.shown[line - 1]) + 1
            if most < 0:
                break
            kept.append(line)
        return sorted(kept) if len(kept) >= min(_LEAST, len(asked)) else []

    def _cost(self, view: FileView, lines: Iterable[int]) -> int:
        known = self.lines.get(view.path, set())
        new = [line for line in lines if line not in known]
        if not new:
            return 0
        beside = {*range(min(new) - _GAP - 1, min(new)), *range(max(new) + 1, max(new) + _GAP + 2)}
        head = _HEAD if known.isdisjoint(beside) else 0
        return sum(size(view.shown[line - 1]) + 1 for line in new) + head

    def _add(self, view: FileView, excerpt: Excerpt, lines: Sequence[int]) -> None:
        self.room -= self._cost(view, lines)
        self.lines.setdefault(view.path, set()).update(lines)
        if excerpt.suspiciousness:
            self._hottest.setdefault(view.path, []).append(excerpt.hottest)

    def pieces(self) -> Iterator[Piece]:
        """What is shown, file by file in the order of their best excerpt, each in the order of its lines."""
        for path, lines in self.lines.items():
            view, hot = self._views[path], self._hottest.get(path, ())
            for first, last in _runs(sorted(lines), view.lines):
                yield Piece(view, first, last, tuple(each for each in hot if first <= each <= last))


def _asked(view: FileView, excerpt: Excerpt) -> list[int]:
    return [line for line in excerpt.lines if 0 < line <= len(view.lines)]


def _distance(excerpt: Excerpt, line: int) -> tuple[int, int]:
    """The head, then what was executed with a line around it, then the rest: nearest to the most suspicious line first."""
    away = abs(line - excerpt.hottest)
    is_near = any(each in excerpt.near for each in (line - 1, line, line + 1))
    return (0 if line < excerpt.first + 2 or away <= _GAP else 1 if is_near else 2), away


def _runs(lines: Sequence[int], text: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Lines that follow each other with at most a small gap."""
    first = last = 0
    for line in lines:
        if first and line - last > _GAP + 1:
            yield first, _with_blank_lines(last, text)
            first = line
        first, last = first or line, line
    if first:
        yield first, _with_blank_lines(min(last, len(text)), text)


def _with_blank_lines(last: int, text: Sequence[str]) -> int:
    """The end with the blank lines after it: what is to be inserted there needs them to be found."""
    end = next((at for at in range(last, min(len(text), last + 2)) if text[at].strip()), min(len(text), last + 2))
    return end if end < len(text) else last

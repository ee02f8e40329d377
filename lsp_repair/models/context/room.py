"""How much of what is known fits a prompt: excerpts by rank until the room is used up, and the names of those left out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lsp_repair.models.excerpts import Excerpt, FileView
from lsp_repair.models.messages import USUAL_BYTES_PER_TOKEN

_HEAD = 60
"""Bytes of the line above a piece of code."""
_GAP = 3
"""Lines between two pieces that are shown rather than passed over."""
_SHARE_OF_ONE = 0.6
"""Of the room for code that the first function may take, and of what is left for each one after it."""
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
        """As many excerpts as there is room for, best first; of one that is too long the lines that matter."""
        for view, excerpt in code:
            self._views.setdefault(excerpt.path, view)
            asked = [line for line in excerpt.lines if 0 < line <= len(view.lines)]
            fitting = self._fitting(view, excerpt, asked)
            if fitting:
                self._add(view, excerpt, fitting)
            if len(fitting) < len(asked) and excerpt.name:
                part = f" (all but {len(fitting)} of {len(asked)} lines)" if fitting else ""
                self.left_out.append(f"{excerpt.path}: {excerpt.name}{part}")

    def _fitting(self, view: FileView, excerpt: Excerpt, asked: Sequence[int]) -> list[int]:
        most = int(self.room * _SHARE_OF_ONE) if len(asked) > 2 * _LEAST else self.room
        if self._cost(view, asked) <= most:
            return list(asked)
        if not excerpt.suspiciousness:
            return []
        kept: list[int] = []
        for line in sorted(asked, key=lambda line: _distance(excerpt, line)):
            if self._cost(view, [line]) > most:
                break
            most -= self._cost(view, [line]) - _HEAD
            kept.append(line)
        return sorted(kept) if len(kept) >= min(_LEAST, len(asked)) else []

    def _cost(self, view: FileView, lines: Iterable[int]) -> int:
        known = self.lines.get(view.path, set())
        new = [line for line in lines if line not in known]
        return sum(size(view.shown[line - 1]) + 1 for line in new) + _HEAD if new else 0

    def _add(self, view: FileView, excerpt: Excerpt, lines: Sequence[int]) -> None:
        self.room -= self._cost(view, lines)
        self.lines.setdefault(view.path, set()).update(lines)
        if excerpt.suspiciousness:
            self._hottest.setdefault(view.path, []).append(excerpt.hottest)

    def pieces(self) -> Iterator[Piece]:
        """What is shown, file by file in the order of their best excerpt, each in the order of its lines."""
        for path, lines in self.lines.items():
            view, hot = self._views[path], self._hottest.get(path, ())
            for first, last in _runs(sorted(lines), len(view.lines)):
                yield Piece(view, first, last, tuple(each for each in hot if first <= each <= last))


def _distance(excerpt: Excerpt, line: int) -> tuple[int, int]:
    """The head, then what was executed with a line around it, then the rest: nearest to the most suspicious line first."""
    away = abs(line - excerpt.hottest)
    is_near = any(each in excerpt.near for each in (line - 1, line, line + 1))
    return (0 if line < excerpt.first + 2 or away <= _GAP else 1 if is_near else 2), away


def _runs(lines: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    """Lines that follow each other with at most a small gap, and the blank or short end after them."""
    first = last = 0
    for line in lines:
        if first and line - last > _GAP + 1:
            yield first, last
            first = line
        first, last = first or line, line
    if first:
        yield first, min(last, end)

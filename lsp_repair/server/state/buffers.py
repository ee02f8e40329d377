"""Texts of open documents: as the bytes of their files, and the smallest edits from one text to another."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lsp_repair.pycode.differences import changed_blocks

Column = tuple[int, int]
"""A line from 0 and a column in it, as the client counts."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


@dataclass(frozen=True, slots=True)
class Buffers:
    """The open documents of a root when a run begins, by path."""

    texts: Mapping[str, str]
    unsaved: Mapping[str, str]
    """Those that differ from the disk."""


NO_BUFFERS = Buffers({}, {})


@dataclass(frozen=True, slots=True)
class Texts:
    """The files of a root as the editor sees them."""

    document: Callable[[str], tuple[str | None, int | None]]
    """Text and version of a file by its path; the version is None unless the editor has it open."""
    units: Callable[[str], int]
    """The length of a text as the client counts."""

    def lines(self, path: str) -> list[str]:
        """The lines of a file without their ends; a file that cannot be read has one empty line."""
        return plain_lines(self.document(path)[0] or "")


def as_bytes(text: str) -> bytes:
    """A buffer as its editor would save it: UTF-8 unless one of the first two lines declares another encoding."""
    for line in text.split("\n", 2)[:2]:
        found = _CODING.match(line)
        if found:
            try:
                return text.encode(found[1])
            except (LookupError, UnicodeError):
                break
    return text.encode("utf-8", "surrogatepass")


def overlays_of(unsaved: Mapping[str, str]) -> dict[str, bytes]:
    """Unsaved buffers as the bytes of their files."""
    return {path: as_bytes(text) for path, text in unsaved.items()}


def spliced(text: str, start: Column, end: Column, new: str, units: Callable[[str], int]) -> str:
    """The text with a range replaced; lines end where the protocol says, and nowhere else.

    A column past the end of its line means the end of that line; a line past the last one means the end of the text.
    """
    first = _offset(text, start, units)
    return text[:first] + new + text[max(first, _offset(text, end, units)) :]


def _offset(text: str, place: Column, units: Callable[[str], int]) -> int:
    line, column = place
    begin = 0
    for _ in range(line):
        end = _LINE_END.search(text, begin)
        if end is None:
            return len(text)
        begin = end.end()
    end = _LINE_END.search(text, begin)
    inside = text[begin : len(text) if end is None else end.start()]
    if inside.isascii():
        return begin + min(column, len(inside))
    for index, character in enumerate(inside):
        if column <= 0:
            return begin + index
        column -= units(character)
    return begin + len(inside)


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Replaces the lines `first` to `last` (from 0, the last one excluded) by `text`."""

    first: int
    last: int
    text: str


def same_text(one: str, other: str) -> bool:
    """Whether two texts are equal but for their line ends, which editors keep by themselves."""
    return one == other or _plain(one) == _plain(other)


def plain_lines(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return _plain(text).split("\n")


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def line_edits(buffer: str, before: str, after: str) -> tuple[LineEdit, ...]:
    """What turns the buffer, which holds `before`, into `after`; in the buffer's own line ends."""
    edits = _plain_edits(before, after)
    if "\r\n" not in buffer:
        return edits
    return tuple(LineEdit(edit.first, edit.last, edit.text.replace("\n", "\r\n")) for edit in edits)


@lru_cache(maxsize=128)
def _plain_edits(before: str, after: str) -> tuple[LineEdit, ...]:
    """Cached, since every look-up of a line asks for them."""
    old, new = _lines(_plain(before)), _lines(_plain(after))
    return tuple(LineEdit(there.start, there.stop, "".join(new[here])) for there, here in changed_blocks(old, new))


def _lines(text: str) -> Sequence[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines

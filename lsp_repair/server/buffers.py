"""Texts of the editor: to bytes as their file has them, and the smallest edits from one text to another."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def as_bytes(text: str) -> bytes:
    """A buffer as the file that its editor would write: UTF-8 unless one of its first two lines says otherwise."""
    for line in text.split("\n", 2)[:2]:
        found = _CODING.match(line)
        if found:
            try:
                return text.encode(found[1])
            except (LookupError, UnicodeError):
                break
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Replaces the lines `first` to `last` (from 0, the last one excluded) by `text`."""

    first: int
    last: int
    text: str


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in their line ends at most: editors keep those by themselves."""
    return one == other or _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def line_edits(buffer: str, before: str, after: str) -> tuple[LineEdit, ...]:
    """What turns the buffer, which holds `before`, into `after`; in the buffer's own line ends."""
    newline = "\r\n" if "\r\n" in buffer else "\n"
    old, new = _lines(_plain(before)), _lines(_plain(after))
    edits: list[LineEdit] = []
    for verb, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if verb != "equal":
            edits.append(LineEdit(first, last, "".join(new[start:end]).replace("\n", newline)))
    return tuple(edits)


def _lines(text: str) -> Sequence[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines

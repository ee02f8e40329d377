"""The fenced pieces of a reply, each with the words above it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_repair.models.answers.changes import Reply, indent_of

_OPEN = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?(`{3,}|~{3,})([^`]*)")
_ABOVE = 4
"""Lines of prose above a fence that can say what it is."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced piece."""

    info: str
    lines: tuple[str, ...]
    above: tuple[str, ...]
    """Written lines between the piece before and this one, the nearest last."""
    first: int
    """Index of its opening line."""
    last: int
    """Index of its closing line."""
    closed: bool = True

    @property
    def language(self) -> str:
        """The first word of the info string in lower case, if it is a language's name."""
        found = re.match(r"[A-Za-z+#-]+\d?(?![\w./])", self.info)
        return found[0].lower() if found else ""


def fences_of(reply: Reply) -> list[Fence]:
    """All fenced pieces in their order; one that nothing closes ends with the reply."""
    found: list[Fence] = []
    above: list[str] = []
    at, lines = 0, reply.lines
    while at < len(lines):
        opened = _OPEN.fullmatch(lines[at])
        if opened is None:
            above += [lines[at]] if lines[at].strip() else []
            at += 1
            continue
        end = _end(lines, at, opened[1])
        content = _shifted(lines[at + 1 : end], indent_of(lines[at]))
        found.append(Fence(opened[2].strip(), content, tuple(above[-_ABOVE:]), at, end, end < len(lines)))
        above = []
        at = end + 1
    return found


def _end(lines: Sequence[str], at: int, mark: str) -> int:
    for index in range(at + 1, len(lines)):
        bare = lines[index].strip()
        if bare.startswith(mark) and not bare.strip(mark[0]):
            return index
    return len(lines)


def _shifted(lines: Sequence[str], indent: str) -> tuple[str, ...]:
    """Without the fence's own indentation, if all share it."""
    if indent and all(each.startswith(indent) for each in lines if each.strip()):
        return tuple(each[len(indent) :] for each in lines)
    return tuple(lines)


def outside(reply: Reply, fences: Sequence[Fence]) -> list[tuple[int, str]]:
    """The lines that stand in no fence, with their indexes."""
    inside = {at for each in fences for at in range(each.first, each.last + 1)}
    return [(at, line) for at, line in enumerate(reply.lines) if at not in inside]

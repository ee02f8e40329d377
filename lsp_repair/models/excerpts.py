"""Parts of source files as models are shown them: their lines as they are, without secrets and invisible characters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.sanitising import visible
from lsp_repair.pycode.outline import Kind, outline


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one file."""

    path: str
    first: int
    """1-based, both ends included."""
    last: int
    suspiciousness: float
    hottest: int
    """The most suspicious line."""
    name: str = ""
    """Of the function or class that it shows; empty for anything else."""
    near: frozenset[int] = frozenset()
    """Lines that matter, such as executed ones: where there is no room for all, they and those beside them are shown."""
    skipped: frozenset[int] = field(default=frozenset())
    """Lines that are never shown: of a long table those that have nothing to do with the failure."""

    @property
    def size(self) -> int:
        """How many lines."""
        return self.last - self.first + 1

    @property
    def lines(self) -> list[int]:
        """Those to show."""
        return [line for line in range(self.first, self.last + 1) if line not in self.skipped]


class FileView:
    """A file as a model sees it: line for line the original, without secrets and invisible characters."""

    def __init__(self, path: str, data: bytes, redactor: Redactor) -> None:
        self.path = path
        self.data = data
        found = decoded(data)
        self.text = found[0] if found is not None else ""
        self.encoding = found[1] if found is not None else None
        self.lines = self.text.split("\n")
        self._redactor = redactor

    @cached_property
    def shown(self) -> list[str]:
        """The lines as they may be seen, as many as there are."""
        return line_for_line(self.lines, self._redactor)

    @property
    def carriage(self) -> str:
        """What new lines of this file have before their line feed."""
        return "\r" if "\r\n" in self.text else ""

    def between(self, first: int, last: int) -> str:
        """Shown lines, both ends included."""
        return "\n".join(self.shown[first - 1 : last])


def line_for_line(lines: Sequence[str], redactor: Redactor) -> list[str]:
    """Lines as a model sees them, as many as there were: secrets that span lines are found in all of them together."""
    text = visible("\n".join(lines))
    return redactor.redacted(text).split("\n")


def owner_line(data: bytes, line: int) -> int:
    """The line of the header of the class around a line; 0 outside of classes."""
    classes = (each for each in outline(data).parts if each.kind is Kind.CLASS)
    return max((each.node.lineno for each in classes if each.node.lineno < line <= each.last), default=0)


def function_at(data: bytes, line: int) -> tuple[int, int]:
    """First and last line of the outermost function that begins at or holds a line; the line itself where there is none."""
    found = outline(data).function_at(line)
    return (found.first, found.last) if found is not None else (line, line)

"""What a reply asks for, as values: a change, where it belongs, and what became of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Spans = Sequence[tuple[int, int]]
"""First and last line, 1-based, of what was shown of a file."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a reply says about where a change belongs."""

    path: str = ""
    """As written; empty where none was."""
    sure: bool = True
    """Whether the path was given for this change, not only mentioned before it."""
    line: int = 0
    """1-based; 0: not given."""
    inside: str = ""
    """Header of the function or class around it; empty where none is given."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Lines that are replaced by others."""

    place: Place
    old: tuple[str, ...]
    new: tuple[str, ...]
    spare: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """Another way to read the same lines."""
    is_whole: bool = True
    """Whether its end is marked."""


@dataclass(frozen=True, slots=True)
class Code:
    """Whole definitions (with imports and constants), merged by name into what is there."""

    place: Place
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """New text for lines that are told by their numbers, 1-based, both included."""

    place: Place
    first: int
    last: int
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Text inside of lines that is replaced by other text."""

    place: Place
    old: str
    new: str


Change = Swap | Code | Lines | Words


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part of a reply that is not used, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a reply makes of the files."""

    files: Mapping[str, bytes]
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a reply cannot be applied, in words that help the model."""

    problem: str


@dataclass(frozen=True, slots=True)
class Unclear(Mismatch):
    """The reply could mean several things: asked back, never guessed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as readers get it: without thoughts and marks of templates."""

    text: str
    known: tuple[str, ...]
    """Paths of the files that were shown."""
    cut: bool = False
    """Whether its end is missing: what is not closed is not whole."""
    lines: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.text.split("\n")))


Reader = Callable[[Reply], Sequence[Change | Dropped]]
"""Finds the changes that stand in a reply in one form; empty where the form is not used."""


def without_edges(lines: Sequence[str]) -> tuple[str, ...]:
    """Without empty lines around: models add them."""
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return tuple(lines[first:last])


def indent_of(line: str) -> str:
    """The white space in front of a line."""
    return line[: len(line) - len(line.lstrip())]


def dedented(lines: Sequence[str]) -> tuple[str, ...]:
    """Without the indentation that all lines share."""
    depth = min((len(indent_of(each)) for each in lines if each.strip()), default=0)
    return tuple(each[depth:] if each.strip() else "" for each in lines)

"""Edits as byte splices, the candidates that a search makes of them, and patches."""

import ast
import difflib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from lsp_repair.domain.runs import Failure


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replaces bytes `start` to `end` of a file by `text`."""

    start: int
    end: int
    text: bytes


def spliced(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with all edits applied; edits must not overlap."""
    for edit in sorted(edits, reverse=True):
        data = data[: edit.start] + edit.text + data[edit.end :]
    return data


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; None where it does not exist."""

    path: str
    """Relative to the root, with `/`."""
    before: bytes | None
    after: bytes | None

    def mentions_more(self, *words: bytes) -> bool:
        """Whether one of the words occurs more often than before: all that a file that does not parse tells."""
        before, after = self.before or b"", self.after or b""
        return any(after.count(word) > before.count(word) for word in words)

    @property
    def first_difference(self) -> tuple[str, int]:
        """Path and 1-based line where the file changes first."""
        before, after = (self.before or b"").split(b"\n"), (self.after or b"").split(b"\n")
        same = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), None)
        return self.path, min(len(before), len(after)) if same is None else same + 1


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes to one or more files: a candidate until it is judged."""

    changes: tuple[FileChange, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it touches."""
        return tuple(change.path for change in self.changes)

    @property
    def id(self) -> str:
        """Identity up to formatting: a digest of the normalised syntax trees after the patch."""
        digest = hashlib.sha256()
        for change in sorted(self.changes, key=lambda each: each.path):
            digest.update(change.path.encode() + b"\0" + _normalised(change.after) + b"\0")
        return digest.hexdigest()[:12]

    @property
    def diff(self) -> str:
        """Unified diff, `git apply -p1`-able at the root."""
        return "".join(unified_diff(change) for change in self.changes)


@lru_cache(maxsize=16)  # a patch is asked for its identity again and again; what is kept is ten times the file
def _normalised(data: bytes | None) -> bytes:
    if data is None:
        return b"\0absent"
    try:
        return ast.dump(ast.parse(data)).encode()
    except (SyntaxError, ValueError, RecursionError):
        return data


def unified_diff(change: FileChange) -> str:
    """The unified diff of one file; undecodable bytes are kept as surrogates."""
    before, after = _lines(change.before), _lines(change.after)
    old = f"a/{change.path}" if change.before is not None else "/dev/null"
    new = f"b/{change.path}" if change.after is not None else "/dev/null"
    lines = difflib.unified_diff(before, after, old, new)
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


def _lines(data: bytes | None) -> list[str]:
    """Split at LF only, so that other line ends stay part of their line as git sees them."""
    if not data:
        return []
    text = data.decode("utf-8", "surrogateescape")
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of a project's file that candidates edit."""

    path: str
    """Relative to the root, with `/`."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to change one file."""

    source: SourceFile
    edits: tuple[Edit, ...]
    template: str
    """Name of the template that made it, such as `cmp-op`."""
    line: int
    """1-based line of the edited place."""
    title: str
    """What it does in the user's words: `` `<` → `<=` in `search` ``."""
    score: float
    """Rank before anything was run: suspiciousness and prior taken together; greater is better."""

    @property
    def after(self) -> bytes:
        """The whole file after the edit."""
        return spliced(self.source.data, self.edits)

    @property
    def patch(self) -> Patch:
        """The candidate as a patch."""
        return Patch((FileChange(self.source.path, self.source.data, self.after),))


@dataclass(frozen=True, slots=True)
class Screened:
    """What the warm server saw; decides which candidates go on, and is never shown."""

    candidate: Candidate
    passed: int
    """How many of the screening tests passed before the first loss."""
    survived: bool
    inconclusive: bool = False
    """A time limit was hit, or the candidate could not be run this way."""


class Screen(Protocol):
    """Runs the failing tests on many candidates, cheaply."""

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """Screened candidates in the order they were decided; ends early when the deadline passes."""
        ...


@dataclass(frozen=True, slots=True)
class Hints:
    """Ingredients that lie outside the suspicious file."""

    failures: tuple[Failure, ...]
    """Of the group under repair."""
    test_literals: tuple[object, ...] = ()
    """From `literals.mined`."""
    project_names: tuple[str, ...] = ()
    """Functions, classes and modules of the project as `pkg.mod:name`."""
    expected_errors: tuple[str, ...] = ()
    """Bare names of errors that the failing tests expect at the line where they fail."""
    reverts: tuple[Candidate, ...] = ()
    """A recent change undone."""
    told: str = ""
    """What the user says of the failure, in their own words."""

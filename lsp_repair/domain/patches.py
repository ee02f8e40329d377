"""Edits as byte splices and the patches made of them."""

import ast
import difflib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


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

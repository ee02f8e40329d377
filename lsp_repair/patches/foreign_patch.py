"""Reads a patch from an outside source against the files below a root, and confines it to that root."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Reason, Rejected
from lsp_repair.patches.unified_diff import FileDiff, Hunk, not_a_patch, parse_diff

_DRIVE = re.compile(r"[A-Za-z]:")
_MAX_PATH_LENGTH, _MAX_NAME_LENGTH = 1_000, 255
"""Bytes: what every file system accepts, with room for the folder of the project."""
_CONTROL = re.compile(r"[\x01-\x1f\x7f]")
_PREFIX = re.compile(r"[a-z0-9]/")
"""git's prefixes: `a/` and `b/`, or `i/`, `w/`, `c/`, `o/`, `1/`, `2/` for what is compared."""


def read_patch(text: bytes, root: Path) -> Patch | Rejected:
    """The changes a unified diff (git's or plain, `-p1` or `-p0`) makes to the files as they are now.

    A hunk that does not match at its stated line is moved only if it matches in exactly one place. Renames, modes, links
    and binary files are refused, and so is a new file that exists under another spelling or as another kind of module.
    """
    if not text.strip():
        return Rejected((Reason.EMPTY_PATCH,), "the patch is empty")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return not_a_patch("it is UTF-16: write it as UTF-8")
    diffs = parse_diff(text)
    if isinstance(diffs, Rejected):
        return diffs
    tree = _Tree(root, all_crlf=text.count(b"\n") == text.count(b"\r\n"))
    for raw in (name for diff in diffs for name in (diff.old, diff.new) if name is not None):
        wrong = _wrong_name(raw)
        if wrong is not None:
            return wrong
    level = _strip_level(diffs, root)
    for diff in diffs:
        refusal = _apply(tree, diff, level)
        if refusal is not None:
            return refusal
    return _made(tree)


def _made(tree: "_Tree") -> Patch | Rejected:
    changes = tree.changes()
    if not changes:
        return Rejected((Reason.EMPTY_PATCH,), "the patch changes nothing")
    return path_collision(tree.root, changes) or Patch(changes)


@dataclass(slots=True)
class _Tree:
    """The files as the patch leaves them so far."""

    root: Path
    all_crlf: bool
    """Every line of the patch ends in CRLF: either the files do, or the patch was converted in transit."""
    before: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    after: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])

    def read(self, path: str) -> bytes | None:
        """The current content, or None if there is no file; raises OSError for anything but a regular file."""
        if path not in self.before:
            file = self.root / path
            exists = file.exists()
            if exists and not file.is_file():
                raise OSError("it is not a regular file")
            self.before[path] = self.after[path] = file.read_bytes() if exists else None
        return self.after[path]

    def changes(self) -> tuple[FileChange, ...]:
        """What differs in the end, one change for each file."""
        return tuple(
            FileChange(path, before, self.after[path])
            for path, before in self.before.items()
            if before != self.after[path]
        )


def _outside(name: str) -> Rejected:
    return Rejected((Reason.OUTSIDE_ROOT,), f"{name!r} is not a path below the root")


def _stale(detail: str) -> Rejected:
    return Rejected((Reason.STALE,), detail)


def _is_relative_path(name: str) -> bool:
    """Whether a path as written stays below its folder; backslashes would be separators on other systems."""
    parts = name.split("/")
    return not ("\0" in name or "\\" in name or "" in parts or ".." in parts or any(map(_DRIVE.match, parts)))


def _wrong_name(name: str) -> Rejected | None:
    if not _is_relative_path(name):
        return _outside(name)
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) > _MAX_PATH_LENGTH or any(len(part) > _MAX_NAME_LENGTH for part in encoded.split(b"/")):
        return not_a_patch(f"a file name is longer than file systems allow: {name[:60]}…")
    return None


def _confined(name: str, root: Path) -> str | Rejected:
    """The path of the real file below the root, so that a link cannot hide which file changes."""
    if not _is_relative_path(name):
        return _outside(name)
    if _CONTROL.search(name):
        return not_a_patch(f"control characters in a file name: {name!r}")
    try:
        real, top = (root / name).resolve(), root.resolve()
    except (OSError, RuntimeError):  # a circle of links, before Python 3.13
        return _outside(name)
    if real == top or not real.is_relative_to(top) or any(each.is_symlink() for each in (real, *real.parents)):
        return _outside(name)
    return real.relative_to(top).as_posix()


def _stripped(name: str, level: int) -> str:
    plain = name.removeprefix("./") if level == 0 else name
    return plain.partition("/")[2] or plain if level else plain


def _strip_level(diffs: Sequence[FileDiff], root: Path) -> int:
    """How many leading folders to drop from all names: decided by their prefixes, then by which files exist."""
    levels = (1, 0) if all(_looks_prefixed(diff) for diff in diffs) else (0, 1)
    old = [[name for name in (diff.old, diff.new) if name] for diff in diffs if not diff.creates]
    for level in levels:
        if old and all(any((root / _stripped(name, level)).is_file() for name in names) for names in old):
            return level
    return levels[0]


def _looks_prefixed(diff: FileDiff) -> bool:
    if diff.old is None or diff.new is None:
        return bool(_PREFIX.match(diff.old or diff.new or ""))
    return diff.old != diff.new and diff.old.partition("/")[2] == diff.new.partition("/")[2] != ""


def _apply(tree: _Tree, diff: FileDiff, level: int) -> Rejected | None:
    path = _target(tree.root, diff, level)
    if isinstance(path, Rejected):
        return path
    try:
        data = tree.read(path)
    except OSError as error:
        return _stale(f"{path} cannot be read: {error}")
    after = _result(path, data, diff, converted=tree.all_crlf and data is not None and b"\r\n" not in data)
    if isinstance(after, Rejected):
        return after
    tree.after[path] = after
    return None


def _result(path: str, data: bytes | None, diff: FileDiff, *, converted: bool) -> bytes | Rejected | None:
    """The file's content after its part of the patch."""
    hunks = [hunk.with_line_feeds() for hunk in diff.hunks] if converted else diff.hunks
    if diff.creates or (data is None and not diff.is_git and diff.hunks[0].old_start == 0):
        return _created(path, data, hunks)
    if data is None:
        return _stale(f"{path} does not exist")
    after = _patched(path, data, hunks)
    if not diff.deletes or isinstance(after, Rejected):
        return after
    return _stale(f"{path} has more content than the patch deletes") if after else None


def _target(root: Path, diff: FileDiff, level: int) -> str | Rejected:
    """The file to change: of two names the existing one, then, as in GNU patch, the simpler one."""
    raw = [diff.new] if diff.creates and diff.new else [diff.old] if diff.deletes and diff.old else [diff.old, diff.new]
    names = list(dict.fromkeys(_stripped(name, level) for name in raw if name))
    if len(names) > 1 and diff.is_git:
        return not_a_patch(f"it renames {names[0]} to {names[1]}: renames are not supported")
    if len(names) > 1 and all((root / name).is_file() for name in names):
        return not_a_patch(f"it names two existing files, {names[0]} and {names[1]}, so the one to change is ambiguous")
    names.sort(key=lambda name: (not (root / name).is_file(), name.count("/"), len(name.rpartition("/")[2]), len(name)))
    return _confined(names[0], root)


def _created(path: str, data: bytes | None, hunks: Sequence[Hunk]) -> bytes | Rejected:
    if data is not None:
        return _stale(f"{path} already exists")
    if any(hunk.old for hunk in hunks):
        return not_a_patch(f"{path} is a new file, but its hunk has old lines")
    return b"".join(line for hunk in hunks for line in hunk.new)


def _patched(path: str, data: bytes, hunks: Sequence[Hunk]) -> bytes | Rejected:
    """The content with every hunk applied, in order and without overlap."""
    lines = data.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    result: list[bytes] = []
    done, moved = 0, False
    for number, hunk in enumerate(hunks, 1):
        place = _placed(lines, hunk, done, moved=moved)
        if place is None:
            return _stale(f"{path}: hunk {number} ({hunk.header}) does not match the file")
        result += lines[done:place] + hunk.new
        done = place + len(hunk.old)
        moved = moved or place != _stated(hunk)
    return b"".join(result + lines[done:])


def _stated(hunk: Hunk) -> int:
    """The 0-based line that the header states."""
    return hunk.old_start - 1 if hunk.old else hunk.old_start


def _placed(lines: Sequence[bytes], hunk: Hunk, done: int, *, moved: bool) -> int | None:
    """The line a hunk applies at; once a hunk was moved, a match at the stated line may be a coincidence and must be unique."""
    old = hunk.old
    last = len(lines) - len(old)

    def matches(place: int) -> bool:
        return done <= place <= last and lines[place : place + len(old)] == old

    candidates = [place for place in _candidates(hunk, last) if matches(place)]
    if not moved and _stated(hunk) in candidates:
        return _stated(hunk)
    return candidates[0] if len(candidates) == 1 else None


def _candidates(hunk: Hunk, last: int) -> Iterable[int]:
    """Where git would look: a hunk from line 1 stays at the beginning, one without trailing context at the end.

    A hunk without any context, which git refuses, applies at its stated line if it has old lines to compare.
    """
    cut = any(not line.endswith(b"\n") for line in hunk.new[-1:])
    at_end = not hunk.ends_in_context and (hunk.has_context or cut or not hunk.old)
    if not hunk.has_context:
        return (place for place in (_stated(hunk),) if place == last or not at_end)
    if hunk.old_start <= 1:
        return (0,) if last == 0 or not at_end else ()
    return (last,) if at_end else range(last + 1)


def plain_path(path: str) -> PurePosixPath:
    """The path as the most lenient file system reads it: without case, width, composition, trailing dots and spaces."""
    parts = unicodedata.normalize("NFKC", path).casefold().split("/")
    return PurePosixPath(*(part.split(":")[0].rstrip(". ") for part in parts if part.rstrip(". ")))


def path_collision(root: Path, changes: Iterable[FileChange]) -> Rejected | None:
    """The refusal of the first new file that collides with one that the patch does not remove."""
    every = list(changes)
    removed = {change.path for change in every if change.after is None}
    for change in every:
        found = _path_collision(root, PurePosixPath(change.path), removed) if change.before is None else None
        if found is not None:
            return Rejected((Reason.PROTECTED_PATH,), f"{change.path} would replace or shadow {found}")
    return None


def _path_collision(root: Path, path: PurePosixPath, removed: set[str]) -> str | None:
    folder = PurePosixPath()
    for part in path.parts:
        for name in _names(root / folder):
            other = (folder / name).as_posix()
            if name != part and plain_path(name) == plain_path(part) and other not in removed:
                return other
        folder /= part
    kinds = _other_kinds(path)
    return next((kind for kind in kinds if kind not in removed and (root / kind).is_file()), None)


def _other_kinds(path: PurePosixPath) -> list[str]:
    """A package is imported in preference to the module of the same name."""
    if path.stem == "__init__":
        return [f"{path.parent}.py"]
    return [str(path.with_suffix("") / "__init__.py")] if path.suffix == ".py" else []


def _names(folder: Path) -> list[str]:
    try:
        return [each.name for each in folder.iterdir()]
    except OSError:
        return []

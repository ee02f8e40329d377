"""The only place that writes the user's files: whole patches, atomically, with what undoing them needs."""

import contextlib
import json
import os
import secrets
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_repair.domain.patches import FileChange
from lsp_repair.errors import UsageError


@dataclass(frozen=True, slots=True)
class AppliedFix:
    """A patch that was written, under the id that undoes it."""

    id: str
    paths: tuple[str, ...]


def apply(root: Path, changes: Sequence[FileChange], journal: Path) -> AppliedFix:
    """Write all files of a patch or none.

    The journal entry is durable before the first file changes. Raises UsageError: `stale` when a file is no longer what
    the patch was proved on, `outside-root`, `cannot-write`.
    """
    targets = [_target(root, change) for change in changes]
    for target, change in zip(targets, changes, strict=True):
        if _content(target) != change.before:
            raise UsageError("stale", f"{change.path} changed since the patch was proved", "run fix again")
    fix_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    _write_entry(journal, fix_id, root, changes)
    _write_all(targets, changes)
    return AppliedFix(fix_id, tuple(change.path for change in changes))


def undo(root: Path, journal: Path, fix_id: str | None) -> AppliedFix:
    """Put back what a fix changed; without an id the latest one of this root that is not undone.

    Raises UsageError: `nothing-to-undo`, or `changed-since` naming the file; then nothing was changed.
    """
    entry = _entry(root, journal, fix_id)
    changes = [_reversed(each) for each in entry["changes"]]
    targets = [_target(root, change) for change in changes]
    pending: list[tuple[Path, FileChange]] = []
    for target, change in zip(targets, changes, strict=True):
        content = _content(target)
        if content == change.after:
            continue
        if content != change.before:
            raise UsageError(
                "changed-since", f"{change.path} changed since the fix was written", "undo your later changes first"
            )
        pending.append((target, change))
    _write_all([target for target, _ in pending], [change for _, change in pending])
    (journal / f"{entry['id']}.json").rename(journal / f"{entry['id']}.undone")
    return AppliedFix(entry["id"], tuple(change.path for change in changes))


def _target(root: Path, change: FileChange) -> Path:
    """The file itself, through links that stay inside the root."""
    target = Path(os.path.realpath(root / change.path))
    if not target.is_relative_to(os.path.realpath(root)):
        raise UsageError("outside-root", f"{change.path} leads out of {root}", "patches stay inside the root")
    return target


def _content(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _write_all(targets: Sequence[Path], changes: Sequence[FileChange]) -> None:
    """Replace file by file; when one fails the earlier ones are put back."""
    written: list[tuple[Path, FileChange]] = []
    try:
        for target, change in zip(targets, changes, strict=True):
            _replace(target, change.after)
            written.append((target, change))
    except OSError as error:
        for target, change in reversed(written):
            with contextlib.suppress(OSError):
                _replace(target, change.before)
        raise UsageError(
            "cannot-write", f"{error.filename or 'a file'} cannot be written: {error.strerror}", "nothing was changed"
        ) from error


def _replace(target: Path, data: bytes | None) -> None:
    if data is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(Path(name), target)
        os.replace(name, target)  # noqa: PTH105 - both are names here
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _keep_mode(copy: Path, original: Path) -> None:
    try:
        status = original.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        copy.chmod(0o666 & ~mask)
        return
    copy.chmod(status.st_mode & 0o7777)
    with contextlib.suppress(PermissionError):
        os.chown(copy, status.st_uid, status.st_gid)


def _write_entry(journal: Path, fix_id: str, root: Path, changes: Sequence[FileChange]) -> None:
    entry = {
        "id": fix_id,
        "root": str(root.resolve()),
        "at": time.time(),
        "changes": [
            {"path": each.path, "before": _encoded(each.before), "after": _encoded(each.after)} for each in changes
        ],
    }
    journal.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = journal / f"{fix_id}.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(entry, file)
        file.flush()
        os.fsync(file.fileno())


def _encoded(data: bytes | None) -> str | None:
    return b64encode(data).decode("ascii") if data is not None else None


def _reversed(record: dict[str, Any]) -> FileChange:
    before, after = (b64decode(record[key]) if record[key] is not None else None for key in ("before", "after"))
    return FileChange(record["path"], after, before)


def _entry(root: Path, journal: Path, fix_id: str | None) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for path in journal.glob("*.json") if journal.is_dir() else ():
        with contextlib.suppress(OSError, ValueError):
            entry = json.loads(path.read_text(encoding="ascii"))
            if Path(entry["root"]) == root.resolve() and fix_id in {None, entry["id"]}:
                found.append(entry)
    if not found:
        named = f"no fix {fix_id}" if fix_id else "no fix"
        raise UsageError("nothing-to-undo", f"{named} of {root} is left to undo", "fixes are written by fix --write")
    return max(found, key=lambda entry: float(entry["at"]))

"""The only way to write the user's files: whole patches, with what undoing them needs on the disk beforehand."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_repair.cli.atomic_writes import (
    Step,
    Writing,
    carry_out,
    content,
    missing_folders,
    remove_empty,
    step_of,
    sweep,
    sync_folder,
    unwritable,
)
from lsp_repair.domain.patches import FileChange
from lsp_repair.errors import UsageError


@dataclass(frozen=True, slots=True)
class AppliedFix:
    """A patch that was written or taken back, under the id that undoes it."""

    id: str
    paths: tuple[str, ...]


def apply(root: Path, changes: Sequence[FileChange], journal: Path) -> AppliedFix:
    """Write all files of a patch or none.

    The journal entry is durable before the first file changes. Raises UsageError: `stale` when a file is no longer what
    the patch was proved on, `outside-root`, `not-a-file`, `nothing-to-apply`, `cannot-read`, `cannot-write`.
    """
    steps = tuple(step_of(root, change) for change in changes if change.before != change.after)
    if not steps:
        raise UsageError("nothing-to-apply", "the patch changes nothing", "run fix again")
    with _locked(journal):
        for step in steps:
            if content(step.target) != step.before:
                raise UsageError("stale", f"{step.path} changed since the patch was proved", "run fix again")
        fix_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
        file, writing = journal / f"{fix_id}.json", Writing(fix_id, steps, missing_folders(steps))
        _write_entry(file, writing, root)
        try:
            carry_out(writing)
        except BaseException:
            if all(content(step.target) == step.before for step in steps):
                file.unlink()  # otherwise it stays, and undo can try again to put things back
            raise
    return AppliedFix(fix_id, tuple(step.path for step in steps))


def undo(root: Path, journal: Path, fix_id: str | None) -> AppliedFix:
    """Put back what a fix changed; without an id the latest one of this root that is not undone.

    Files that are as they were before the fix are fine: a crash may have come before they were written. Raises
    UsageError: `nothing-to-undo`, `journal-damaged`, or `changed-since` naming the file; then nothing was changed.
    """
    with _locked(journal):
        file, writing = _entry(root, journal, fix_id)
        sweep(writing)
        pending: list[Step] = []
        for step in writing.steps:
            present = content(step.target)
            if present == step.after:
                pending.append(step.reversed)
            elif present != step.before:
                raise UsageError(
                    "changed-since", f"{step.path} changed since the fix was written", "undo your later changes first"
                )
        carry_out(Writing(writing.id, tuple(pending), missing_folders(pending)))
        remove_empty(writing.folders)
        file.rename(file.with_suffix(".undone"))
        sync_folder(journal)
    return AppliedFix(writing.id, tuple(step.path for step in writing.steps))


def recorded(root: Path, journal: Path) -> tuple[AppliedFix, ...]:
    """What can be undone in a root, the latest first."""
    found = sorted(_entries(root, journal, None), key=lambda each: each[0], reverse=True)
    return tuple(AppliedFix(file.stem, tuple(each["path"] for each in entry["changes"])) for _, file, entry in found)


@contextlib.contextmanager
def _locked(journal: Path) -> Generator[None, None, None]:
    """One writer at a time, in whatever process."""
    try:
        journal.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(journal / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(error) from error
    try:
        with contextlib.suppress(OSError):  # some network file systems know no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_entry(entry: Path, writing: Writing, root: Path) -> None:
    document = {
        "id": writing.id,
        "root": str(root.resolve()),
        "at": time.time(),
        "changes": [
            {"path": each.path, "before": _encoded(each.before), "after": _encoded(each.after), "mode": each.mode}
            for each in writing.steps
        ],
        "folders": [str(folder) for folder in writing.folders],
    }
    draft = entry.with_suffix(".tmp")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(entry)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise unwritable(error) from error
    sync_folder(entry.parent)


def _encoded(data: bytes | None) -> str | None:
    return b64encode(data).decode("ascii") if data is not None else None


def _decoded(text: str | None) -> bytes | None:
    return b64decode(text) if text is not None else None


def _entry(root: Path, journal: Path, fix_id: str | None) -> tuple[Path, Writing]:
    """The entry that is meant, and what it undoes."""
    found = _entries(root, journal, fix_id)
    if not found:
        named = f"no fix {fix_id}" if fix_id else "no fix"
        raise UsageError("nothing-to-undo", f"{named} of {root} can be undone", "fixes are recorded by fix --write")
    _, file, document = max(found, key=lambda each: each[0])
    steps = tuple(_restored(root, record) for record in document["changes"])
    return file, Writing(file.stem, steps, tuple(map(Path, document.get("folders", ()))))


def _entries(root: Path, journal: Path, fix_id: str | None) -> list[tuple[float, Path, dict[str, Any]]]:
    """Of a root, with their times; a damaged one is named rather than passed over, for it may be the latest."""
    found: list[tuple[float, Path, dict[str, Any]]] = []
    for file in journal.glob("*.json"):
        if fix_id not in {None, file.stem}:
            continue
        try:
            document = json.loads(file.read_text(encoding="ascii"))
            if Path(document["root"]) == root.resolve():
                found.append((float(document["at"]), file, document))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                "journal-damaged", f"{file} cannot be read: {error}", "undo by id, or delete that file"
            ) from error
    return found


def _restored(root: Path, record: dict[str, Any]) -> Step:
    """The mode of the file as it is counts; the recorded one is for a file that the fix removed."""
    step = step_of(root, FileChange(record["path"], _decoded(record["before"]), _decoded(record["after"])))
    return step if step.mode is not None else replace(step, mode=record.get("mode"))

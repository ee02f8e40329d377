"""Replaces several files of the user or none, each by one rename, durably."""

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_repair.domain.patches import FileChange
from lsp_repair.errors import UsageError


@dataclass(frozen=True, slots=True)
class Step:
    """One file on its way from one content to another; None where it does not exist."""

    path: str
    target: Path
    before: bytes | None
    after: bytes | None
    mode: int | None
    """Permissions to give the new file; None for the user's default."""

    @property
    def reversed(self) -> "Step":
        """The way back."""
        return replace(self, before=self.after, after=self.before)


@dataclass(frozen=True, slots=True)
class Writing:
    """Steps that belong together."""

    id: str
    """Marks the files laid beside the targets, so that what a crash leaves is found again."""
    steps: tuple[Step, ...]
    folders: tuple[Path, ...]
    """Folders that have to be made on the way, innermost first; without the steps they go again if they are empty."""


def step_of(root: Path, change: FileChange) -> Step:
    """The file itself, through links that stay inside the root.

    Raises UsageError (`outside-root`, `not-a-file`) for any other.
    """
    top, target = os.path.realpath(root), Path(os.path.realpath(root / change.path))
    if target == Path(top) or not target.is_relative_to(top):
        raise UsageError(
            "outside-root", f"{change.path} is outside {root}", "a patch may only change files inside the project"
        )
    try:
        mode = target.lstat().st_mode
    except OSError:
        return Step(change.path, target, change.before, change.after, None)
    if not stat.S_ISREG(mode):
        raise UsageError("not-a-file", f"{change.path} is not a regular file", "a patch may only change regular files")
    return Step(change.path, target, change.before, change.after, stat.S_IMODE(mode))


def missing_folders(steps: Iterable[Step]) -> tuple[Path, ...]:
    """What has to be made for new files, innermost first."""
    targets = (step.target for step in steps if step.after is not None)
    missing = {parent for target in targets for parent in target.parents if not parent.exists()}
    return tuple(sorted(missing, key=lambda folder: -len(folder.parts)))


def content(target: Path) -> bytes | None:
    """The bytes of a file, None without one; raises UsageError (`cannot-read`)."""
    try:
        return target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError("cannot-read", f"{target} cannot be read: {error.strerror}", "nothing was changed") from error


def unwritable(error: OSError) -> UsageError:
    """The error for a file that cannot be written."""
    where = error.filename2 or error.filename or "a file"
    return UsageError("cannot-write", f"{where} cannot be written: {error.strerror}", "nothing was changed")


def carry_out(writing: Writing) -> None:
    """Take every step or none: all new contents are laid beside the files, then each takes its file's place.

    Raises UsageError (`cannot-write`, `stale`) after putting back what was replaced.
    """
    done: list[Step] = []
    try:
        staged = [_staged(step, writing.id, number) for number, step in enumerate(writing.steps)]
        for step, copy in zip(writing.steps, staged, strict=True):
            _must_be_unchanged(step)
            done.append(step)
            _put(step.target, copy)
    except BaseException as error:
        _put_back(done, writing.id)
        sweep(writing)
        remove_empty(writing.folders)
        if isinstance(error, OSError):
            raise unwritable(error) from error
        raise


def _must_be_unchanged(step: Step) -> None:
    if content(step.target) != step.before:
        raise UsageError("stale", f"{step.path} was changed by another program", "nothing was changed; try again")


def _put_back(done: Iterable[Step], mark: str) -> None:
    for number, step in enumerate(done):
        with contextlib.suppress(OSError, UsageError):
            if content(step.target) != step.before:
                _put(step.target, _staged(step.reversed, mark, number))


def _staged(step: Step, mark: str, number: int) -> Path | None:
    """The new content, durable, in a file beside the target with its mode and owner; None for a removal."""
    if step.after is None:
        return None
    step.target.parent.mkdir(parents=True, exist_ok=True)
    copy = step.target.parent / f".lsp-repair-{mark}-{number}"
    copy.unlink(missing_ok=True)
    with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        file.write(step.after)
        file.flush()
        with contextlib.suppress(OSError):
            status = step.target.stat()
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        if step.mode is not None:
            os.fchmod(file.fileno(), step.mode)
        os.fsync(file.fileno())
    return copy


def _put(target: Path, copy: Path | None) -> None:
    if copy is None:
        target.unlink(missing_ok=True)
    else:
        copy.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in it durable; not every file system lets a folder be synchronised."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(writing: Writing) -> None:
    """Remove what a crash left beside the files."""
    for folder in {step.target.parent for step in writing.steps}:
        for copy in folder.glob(f".lsp-repair-{writing.id}-*"):
            with contextlib.suppress(OSError):
                copy.unlink()


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders that hold nothing, in order."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()

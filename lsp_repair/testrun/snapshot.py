"""Private copies of the user's project, on which every test run works: the original is only ever read."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from lsp_repair.domain.patches import FileChange
from lsp_repair.errors import CannotRunTestsError, UsageError
from lsp_repair.testrun.exclusions import KEPT_WITHIN, Exclusion, excluded_folder
from lsp_repair.testrun.snapshot_rules import Skipped, SnapshotRules
from lsp_repair.testrun.withheld import largest

_MAX_LINKED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a pytest root."""

    origin: Path
    root: Path
    skipped: tuple[Skipped, ...] = ()
    size_bytes: int = 0


@dataclass(slots=True)
class _Copying:
    """One copy under way."""

    root: Path
    destination: Path
    rules: SnapshotRules
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    copied_bytes: int = 0
    linked_bytes: int = 0


def take_snapshot(root: Path, destination: Path, overlays: Mapping[str, bytes], rules: SnapshotRules) -> Snapshot:
    """Copy `root` to `destination` (which must not exist), unsaved buffers laid over the files of the disk.

    Raises CannotRunTestsError (`disk-full`, `project-too-large`) after removing what was copied so far.
    """
    copying = _Copying(root.resolve(), destination, rules)
    try:
        _copy_folder(copying, copying.root, PurePosixPath(), frozenset())
        for path, data in overlays.items():
            target = destination / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    except OSError as error:
        shutil.rmtree(destination, ignore_errors=True)
        raise _cannot_copy(error, destination) from error
    size = copying.copied_bytes + sum(map(len, overlays.values()))
    return Snapshot(root, destination.resolve(), tuple(copying.skipped), size)


def _cannot_copy(error: OSError, destination: Path) -> CannotRunTestsError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CannotRunTestsError(
            "disk-full",
            f"there is no space left for a copy of the project in {destination.parent}",
            "free some space, or set TMPDIR to a folder on a larger disk",
        )
    return CannotRunTestsError(
        "cannot-copy",
        f"the project cannot be copied to {destination.parent}: {error}",
        "set TMPDIR to a writable folder",
    )


def _copy_folder(copying: _Copying, source: Path, relative: PurePosixPath, above: frozenset[tuple[int, int]]) -> None:
    """`above` holds the identities of the folders around this one: a link back to one of them would loop."""
    try:
        entries = sorted(os.scandir(source), key=lambda entry: entry.name)
        identity = _identity(source)
    except OSError as error:
        copying.skipped.append(Skipped(str(relative), f"unreadable: {error.strerror}"))
        return
    if identity in above:
        copying.skipped.append(Skipped(str(relative), "link to a folder that contains it"))
        return
    why = excluded_folder(relative.name, {entry.name for entry in entries}) if relative.name else None
    if why is not None and relative.name in KEPT_WITHIN:
        entries = [entry for entry in entries if entry.name == KEPT_WITHIN[relative.name]]
    elif why is not None:
        copying.skipped.append(Skipped(str(relative), why))
        return
    (copying.destination / relative).mkdir(parents=True, exist_ok=True)
    for entry in entries:
        _copy_entry(copying, entry, relative / entry.name, above | {identity})


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _copy_entry(
    copying: _Copying, entry: os.DirEntry[str], relative: PurePosixPath, above: frozenset[tuple[int, int]]
) -> None:
    if copying.rules.leave_out(relative):
        copying.skipped.append(Skipped(str(relative), "left out by the setting snapshot_exclude"))
    elif entry.is_symlink():
        _copy_link(copying, Path(entry.path), relative, above)
    elif entry.is_dir(follow_symlinks=False):
        if not Path(entry.path).is_relative_to(copying.destination):
            _copy_folder(copying, Path(entry.path), relative, above)
    else:
        _copy_file(copying, Path(entry.path), relative)


def _copy_link(copying: _Copying, link: Path, relative: PurePosixPath, above: frozenset[tuple[int, int]]) -> None:
    """A link within the project stays a link within the copy; what it points to outside is copied, within bounds."""
    target = Path(os.path.realpath(link))
    if target.is_relative_to(copying.root) or not target.exists():
        inside = target.is_relative_to(copying.root)
        text = os.path.relpath(target, os.path.realpath(link.parent)) if inside else str(link.readlink())
        (copying.destination / relative).symlink_to(text)
    elif target.is_dir():
        if copying.linked_bytes > _MAX_LINKED_BYTES:
            copying.skipped.append(Skipped(str(relative), "link to a folder outside the project that is too large"))
        else:
            before = copying.copied_bytes
            _copy_folder(copying, target, relative, above)
            copying.linked_bytes += copying.copied_bytes - before
    else:
        _copy_file(copying, target, relative)


def _copy_file(copying: _Copying, source: Path, relative: PurePosixPath) -> None:
    target = copying.destination / relative
    try:
        status = source.stat()
        why = copying.rules.why_not(source, relative)
        if why is not None:
            if why is not Exclusion.CACHE:
                copying.skipped.append(Skipped(str(relative), why))
            return
        readable = source.open("rb")
    except OSError as error:
        copying.skipped.append(Skipped(str(relative), f"unreadable: {error.strerror}"))
        return
    copying.copied_bytes += status.st_size
    if copying.copied_bytes > copying.rules.max_bytes:
        readable.close()
        _too_large(copying)
    with readable, target.open("wb") as copy:
        shutil.copyfileobj(readable, copy, 1 << 20)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    target.chmod(stat.S_IMODE(status.st_mode) & 0o777 | stat.S_IWUSR | stat.S_IRUSR)


def _too_large(copying: _Copying) -> None:
    shutil.rmtree(copying.destination, ignore_errors=True)
    heavy = largest(copying.root, copying.rules)
    named = ", ".join(f"{path} ({size >> 20:,} MiB)" for path, size in heavy)
    excluded = ", ".join(f'"{path}"' for path, _ in heavy[:1])
    raise CannotRunTestsError(
        "project-too-large",
        f"{copying.root} contains more than {copying.rules.max_bytes >> 20} MiB of files that tests may need; "
        f"the largest: {named}",
        f"leave out what tests can do without: snapshot_exclude = [{excluded}] in your configuration or in "
        "[tool.lsp-repair] of pyproject.toml; or run on a sub-folder that has its own pytest configuration",
    )


def copy_snapshot(snapshot: Snapshot, destination: Path) -> Snapshot:
    """A private copy of a snapshot, compiled bytecode included; contents are copied, never linked."""
    try:
        shutil.copytree(snapshot.root, destination, symlinks=True, ignore=_transient, ignore_dangling_symlinks=True)
    except shutil.Error as error:
        raise _cannot_copy(OSError(errno.EIO, str(error)), destination) from error
    except OSError as error:
        shutil.rmtree(destination, ignore_errors=True)
        raise _cannot_copy(error, destination) from error
    return replace(snapshot, root=destination.resolve())


def _transient(folder: str, names: list[str]) -> list[str]:
    """Sockets and pipes that tests left behind: they would stop the copy."""
    kinds = stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK
    return [name for name in names if stat.S_IFMT(Path(folder, name).lstat().st_mode) not in kinds]


def write_patch(snapshot: Snapshot, changes: Sequence[FileChange]) -> None:
    """Write the changed files into the copy; raises UsageError (`outside-root`) when a path leaves it."""
    for change in changes:
        target = snapshot.root / change.path
        if not Path(os.path.realpath(target)).is_relative_to(os.path.realpath(snapshot.root)):
            raise UsageError(
                "outside-root", f"{change.path} is outside the project", "patches must stay inside the root"
            )
        for compiled in _bytecode_of(target):
            compiled.unlink(missing_ok=True)
        if change.after is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change.after)


def _bytecode_of(source: Path) -> Iterator[Path]:
    cache = source.parent / "__pycache__"
    if cache.is_dir():
        yield from (each for each in cache.iterdir() if each.name.startswith(f"{source.stem}."))


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours; what cannot be removed even after its mode was changed is left."""

    def mend(_function: object, path: str, _error: object) -> None:
        try:
            Path(path).parent.chmod(0o700)
            Path(path).chmod(0o700)
            Path(path).unlink()
        except OSError:
            pass

    shutil.rmtree(folder, onerror=mend)

"""Where the tool keeps things outside the project: state, cache, and private work folders that vanish."""

import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from lsp_repair.errors import CannotRunTestsError
from lsp_repair.processes import place, started

STATE_VARIABLE = "LSP_REPAIR_STATE"
CACHE_VARIABLE = "LSP_REPAIR_CACHE"
CACHE_LIMIT_BYTES = 500_000_000

_MARK = ".lsp-repair"
"""Lies in every folder that is ours: without it nothing is ever removed from a folder an environment variable names."""
_OWNER = ".owner.json"
_WORK_NAME = re.compile(r"lsp-repair-(\d+)-\w+")
_FOREIGN_LEFTOVER_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Folders:
    """The usable folders; None where nothing can be kept, with a notice that says why."""

    state: Path | None
    cache: Path | None
    notices: tuple[str, ...] = ()


def open_folders(environ: Mapping[str, str] = os.environ) -> Folders:
    """Find the two folders, making them (mode 0700) where they do not exist; never raises."""
    state_path = Path(environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("lsp-repair", appauthor=False))
    cache_path = Path(environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("lsp-repair", appauthor=False))
    state, state_problem = _claimed(state_path, STATE_VARIABLE, "history and undo are not available")
    if _overlap(state_path, cache_path):
        problem = (
            f"the cache folder {cache_path} overlaps the state folder {state_path}: nothing is cached; "
            f"set {CACHE_VARIABLE} to a separate folder"
        )
        return Folders(state, None, tuple(filter(None, (state_problem, problem))))
    cache, cache_problem = _claimed(cache_path, CACHE_VARIABLE, "nothing is cached")
    return Folders(state, cache, tuple(filter(None, (state_problem, cache_problem))))


def _overlap(state: Path, cache: Path) -> bool:
    """Whether trimming the cache could remove state; real paths, so that a link between them does not hide it."""
    try:
        real_state, real_cache = os.path.realpath(state), os.path.realpath(cache)
    except OSError:  # relative to a working directory that is gone: neither can be claimed then
        return False
    return os.path.commonpath((real_state, real_cache)) in {real_state, real_cache}


def _claimed(folder: Path, variable: str, loss: str) -> tuple[Path | None, str]:
    """The absolute folder and no problem, or None and the notice."""
    try:
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would lose the name the user gave it
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / _MARK).exists() and any(folder.iterdir()):
            return (
                None,
                f"{folder} contains files that are not lsp-repair's: {loss}; set {variable} to an empty or new folder",
            )
        (folder / _MARK).touch(mode=0o600)
        with tempfile.TemporaryFile(dir=folder):
            return folder, ""
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return None, f"{folder} cannot be written to ({why}): {loss}; set {variable} to a writable folder"


@dataclass(frozen=True, slots=True)
class Removal:
    """A file or folder to be removed, or that was."""

    path: Path
    size_bytes: int


def trim(cache: Path, limit_bytes: int = CACHE_LIMIT_BYTES) -> tuple[Removal, ...]:
    """Remove the oldest files (by modification) until the cache fits; what somebody else removes meanwhile is fine."""
    files = [(status.st_mtime_ns, Removal(path, status.st_size)) for path, status in _files(cache)]
    excess = sum(removal.size_bytes for _, removal in files) - limit_bytes
    removed: list[Removal] = []
    for _, removal in sorted(files, key=lambda each: (each[0], each[1].path)):
        if excess <= 0:
            break
        with suppress(OSError):
            removal.path.unlink()
            removed.append(removal)
            excess -= removal.size_bytes
    return tuple(removed)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            with suppress(OSError):
                if name != _MARK:
                    yield path, path.lstat()


def plan_clean(folders: Folders, *, state: bool = False) -> tuple[Removal, ...]:
    """What cleaning would remove, to be said before it is done: the cache, and the state only when asked for."""
    kept = (folders.cache, folders.state if state else None)
    return tuple(
        Removal(entry, _size(entry))
        for folder in kept
        if folder is not None and (folder / _MARK).exists()
        for entry in sorted(folder.iterdir())
        if entry.name != _MARK
    )


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(status.st_size for _, status in _files(path))
    return path.lstat().st_size


def carry_out(plan: Iterable[Removal]) -> tuple[Removal, ...]:
    """Remove what was planned; what is missing in the answer could not be removed."""
    return tuple(removal for removal in plan if _remove(removal.path))


def _remove(path: Path) -> bool:
    """Whether it is gone; opens folders that somebody made unwritable, follows no link."""
    if path.is_symlink() or path.is_file():
        with suppress(OSError):
            path.unlink()
        return not path.is_symlink() and not path.exists()
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        for parent, _, _ in os.walk(path):
            with suppress(OSError):
                Path(parent).chmod(stat.S_IRWXU)
        shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


@contextmanager
def work_folder() -> Generator[Path, None, None]:
    """A private folder below the system's temporary one, removed at the end; its path has no links in it.

    Raises CannotRunTestsError when no temporary folder can be written.
    """
    pid = os.getpid()
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"lsp-repair-{pid}-")).resolve()
        (folder / _OWNER).write_text(json.dumps({"pid": pid, "started": started(pid), "place": place()}))
    except OSError as error:
        raise CannotRunTestsError(
            "no-work-folder",
            f"no private folder can be created in the temporary folder: {error}",
            "free some space, or set TMPDIR to a writable folder",
        ) from error
    try:
        yield folder
    finally:
        if os.getpid() == pid:  # a forked child that unwinds must not take its parent's folder away
            _remove(folder)


def sweep() -> tuple[Path, ...]:
    """Remove the work folders that dead processes of this user left behind."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        return tuple(Path(entry.path) for entry in entries if _is_leftover(entry) and _remove(Path(entry.path)))
    return ()


def _is_leftover(entry: os.DirEntry[str]) -> bool:
    match = _WORK_NAME.fullmatch(entry.name)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    if match is None or not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        return False
    owner = _owner(Path(entry.path))
    if owner.get("place", place()) != place():
        # Its pid means nothing here (another container or an earlier boot), so only age tells.
        return time.time() - status.st_mtime > _FOREIGN_LEFTOVER_SECONDS
    since = started(int(match[1]))
    return since is None or ("started" in owner and owner["started"] != since)


def _owner(folder: Path) -> dict[str, str]:
    try:
        fields = json.loads((folder / _OWNER).read_text())
        return {key: str(value) for key, value in fields.items()}
    except (OSError, ValueError, AttributeError):
        return {}

"""A project as its private copy would be made, without making it: what it would leave out, and what weighs most."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lsp_repair.testrun.exclusions import Exclusion, excluded_folder
from lsp_repair.testrun.snapshot_rules import Skipped, SnapshotRules

_MAX_NAMED = 3
_MAX_FILES = 50_000


def left_out(root: Path, rules: SnapshotRules) -> tuple[Skipped, ...]:
    """Files and folders that tests may miss: those with secrets, and those that the user excluded."""
    found: list[Skipped] = []
    for path, relative in _entries(root):
        if rules.leave_out(relative):
            found.append(Skipped(str(relative), "left out by the setting snapshot_exclude"))
        elif path.is_file():
            with contextlib.suppress(OSError):
                why = rules.why_not(path, relative)
                if why in {Exclusion.SECRETS, Exclusion.PRIVATE_KEY}:
                    found.append(Skipped(str(relative), str(why)))
    return tuple(each for each in found if not any(_is_below(each, other) for other in found))


def _is_below(one: Skipped, other: Skipped) -> bool:
    return one.path.startswith(f"{other.path}/")


def largest(root: Path, rules: SnapshotRules) -> list[tuple[str, int]]:
    """The files and folders, at most two levels deep, that weigh most of what would be copied, with their bytes."""
    sizes: Counter[str] = Counter()
    excluded: set[PurePosixPath] = set()
    for path, relative in _entries(root):
        if rules.leave_out(relative) or not excluded.isdisjoint(relative.parents):
            excluded.add(relative)
        elif path.is_file() and not path.is_symlink():
            with contextlib.suppress(OSError):
                sizes["/".join(relative.parts[:2])] += path.stat().st_size
    heavy = [(path, size) for path, size in sizes.most_common(_MAX_NAMED) if size >> 20]
    return heavy or sizes.most_common(1)


def _entries(root: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    """Folders before what they hold, without those of tools; each with its path relative to the root."""
    seen = 0
    for folder, folders, files in os.walk(root):
        where = PurePosixPath(Path(folder).relative_to(root).as_posix())
        folders[:] = [each for each in folders if excluded_folder(each, _names(Path(folder, each))) is None]
        for name in (*folders, *files):
            seen += 1
            if seen > _MAX_FILES:
                return
            yield Path(folder, name), where / name


def _names(folder: Path) -> list[str]:
    try:
        return [each.name for each in folder.iterdir()]
    except OSError:
        return []

"""Which pytest root a file of the workspace belongs to, and which roots a workspace folder holds."""

import os
from collections.abc import Sequence
from pathlib import Path

from pygls.uris import to_fs_path

from lsp_repair.errors import UsageError
from lsp_repair.testrun.exclusions import excluded_folder
from lsp_repair.testrun.roots import find_root, find_roots

CONFIGURATION = frozenset(
    {"pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "setup.py"}
)


def local_path(uri: str) -> Path | None:
    """The file that an address names; None when it is not on this machine or is not a possible file name."""
    try:
        name = to_fs_path(uri) if uri.startswith("file:") else None
        return Path(name) if name and b"\0" not in os.fsencode(name) else None
    except ValueError:
        return None


class Roots:
    """Caches answers until a configuration file is written, so that a request costs a look-up."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, tuple[Path, ...]], Path | None] = {}

    def of(self, file: Path, folders: Sequence[Path]) -> tuple[Path, str] | None:
        """The root of a file and its path there; None for a file of no project of the workspace."""
        folder = Path(os.path.realpath(file.parent))
        key = folder, tuple(folders)
        if key not in self._known:
            self._known[key] = root_of(folder / file.name, folders)
        root = self._known[key]
        real = Path(os.path.realpath(folder / file.name))
        return (root, real.relative_to(root).as_posix()) if root is not None and real.is_relative_to(root) else None

    def written(self, file: Path) -> None:
        """A file was written or removed: forget the answers if it is one that determines roots."""
        if file.name in CONFIGURATION:
            self._known.clear()


def root_of(file: Path, folders: Sequence[Path]) -> Path | None:
    """The root by pytest's rules; None for a file outside the workspace, in a virtual environment or in a tool's folder."""
    real = Path(os.path.realpath(file))
    around = [folder for folder in folders if real.is_relative_to(folder)]
    if folders and not around:
        return None
    top = max(around, key=lambda each: len(each.parts), default=real.parent)
    if any(_is_foreign(each) for each in real.relative_to(top).parents if each.name):
        return None
    root = _nearest_root(real.parent, top)
    return root if root is not None and real.is_relative_to(root) else None


def _nearest_root(folder: Path, top: Path) -> Path | None:
    """A folder of data files belongs to the project around it; a folder that only holds several roots has none."""
    for each in (folder, *folder.parents):
        try:
            return Path(os.path.realpath(find_root(each).folder))
        except UsageError as error:
            if error.code == "several-roots" or each == top:
                return None
        except OSError:
            return None
    return None


def roots_below(folder: Path) -> tuple[Path, ...]:
    """The roots that a workspace folder holds, within a bounded walk; empty where there is no Python."""
    try:
        return tuple(Path(os.path.realpath(each.folder)) for each in find_roots(folder))
    except (UsageError, OSError):
        return ()


def _is_foreign(folder: Path) -> bool:
    return folder.name == "site-packages" or excluded_folder(folder.name, ()) is not None

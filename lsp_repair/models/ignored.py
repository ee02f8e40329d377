"""Which files of a project no model is shown: what its ignore files and the user's settings say."""

import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pathspec

IGNORE_FILES = (".gitignore", ".aiignore", ".lsp-repairignore")
_EVERYTHING = ("*",)


@dataclass(slots=True)
class Ignored:
    """Decides by path, relative to the root; ignore files are read in every folder on the way to a file, as git does.

    Each of the three kinds decides by itself, and one that keeps a file here is enough. Within a kind the deepest file
    that says something wins, the last line within a file, and nothing comes back out of a folder that is ignored itself.
    """

    root: Path
    patterns: tuple[str, ...] = ()
    _read: dict[tuple[PurePosixPath, str], pathspec.GitIgnoreSpec] = field(
        default_factory=dict[tuple[PurePosixPath, str], pathspec.GitIgnoreSpec], repr=False, compare=False
    )

    def __call__(self, path: str) -> bool:
        """Whether this file stays on the machine."""
        if self.patterns and _spec(self.patterns).match_file(path):
            return True
        steps = list(_steps(PurePosixPath(path)))
        return any(self._says(name, folders, step) for name in IGNORE_FILES for folders, step in steps)

    def _says(self, name: str, folders: Sequence[PurePosixPath], path: str) -> bool:
        """Whether the ignore files of one kind ignore this file or folder."""
        for folder in folders:
            inside = path if folder == PurePosixPath() else path.removeprefix(f"{folder}/")
            verdict = self._spec_in(folder, name).check_file(inside).include
            if verdict is not None:
                return verdict
        return False

    def _spec_in(self, folder: PurePosixPath, name: str) -> pathspec.GitIgnoreSpec:
        known = self._read.get((folder, name))
        if known is None:
            known = self._read[folder, name] = _spec(_lines(self.root / folder / name))
        return known


def _steps(path: PurePosixPath) -> Iterator[tuple[list[PurePosixPath], str]]:
    """Every folder on the way (with a slash at its end) and the file, each with the folders above it, the deepest first."""
    for folder in [*reversed(path.parents), path]:
        if folder != PurePosixPath():
            yield list(folder.parents), str(folder) if folder == path else f"{folder}/"


def _spec(lines: Iterable[str]) -> pathspec.GitIgnoreSpec:
    """Lines that are no patterns say nothing, as in git."""
    return pathspec.GitIgnoreSpec.from_lines([each for each in lines if _is_pattern(each)])


def _is_pattern(line: str) -> bool:
    try:
        pathspec.GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _lines(file: Path) -> Sequence[str]:
    """Of an ignore file that is there and cannot be read nobody knows what it protects: everything below stays here."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return ()
        return [each.removesuffix("\r") for each in file.read_text("utf-8-sig", "replace").split("\n")]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError:
        return _EVERYTHING

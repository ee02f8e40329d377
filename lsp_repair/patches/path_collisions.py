"""New files that would replace or shadow an existing one: another spelling of its name, or another kind of module."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.verdicts import Reason, Rejected


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

"""Which pytest root a file of the workspace belongs to."""

import os
from collections.abc import Sequence
from pathlib import Path

from lsp_repair.testrun.exclusions import excluded_folder
from lsp_repair.testrun.roots import find_root


def root_of(file: Path, folders: Sequence[Path]) -> Path | None:
    """The root by pytest's rules; None for a file outside of the workspace, in a virtual environment or a tool's folder."""
    real = Path(os.path.realpath(file))
    around = [folder for folder in folders if real.is_relative_to(folder)]
    if folders and not around:
        return None
    top = max(around, key=lambda each: len(each.parts), default=real.parent)
    if any(_is_foreign(each) for each in real.relative_to(top).parents if each.name):
        return None
    root = Path(os.path.realpath(find_root(real.parent).folder))
    return root if real.is_relative_to(root) else None


def _is_foreign(folder: Path) -> bool:
    return folder.name == "site-packages" or excluded_folder(folder.name, ()) is not None

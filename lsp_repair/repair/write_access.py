"""Whether an accepted patch could be written at all: known before anything is searched, and said beside a proposal."""

import os
from collections.abc import Iterable
from pathlib import Path

_WRITABLE = 0o222


def why_unwritable(root: Path, path: str) -> str:
    """Why a file of a project (relative to its root) cannot be changed there; empty where it can."""
    file, top = root / path, Path(os.path.realpath(root))
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(top):
        return f"{path} leads out of {top.name}, to {real}: a patch stays inside the project; run on the one around that file"
    try:
        read_only = not file.stat().st_mode & _WRITABLE or not os.access(file, os.W_OK)
    except OSError:  # a new file
        return ""
    return f"{path} is read-only" if read_only else ""


def notes_on_writing(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """The reasons, one for each file."""
    return tuple(filter(None, (why_unwritable(root, path) for path in paths)))

"""Imports through `sys.path.insert(0, "..")` name their files plainly, so that a file of the project is known as one."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable


def name_imports_plainly() -> None:
    """Have folders on `sys.path` that are reached by going up and down read by their plain names from here on."""
    sys.path_hooks[:] = [_plainly(hook) for hook in sys.path_hooks]
    for path in [each for each in sys.path_importer_cache if os.pardir in each.split(os.sep)]:
        del sys.path_importer_cache[path]


def _plainly(hook: Callable[[str], Any]) -> Callable[[str], Any]:
    def finder(path: str) -> Any:
        return hook(_plain(path))

    return finder


def _plain(path: str) -> str:
    """The same folder without `..`, unless a link makes it another one."""
    if os.pardir not in path.split(os.sep):
        return path
    plain = os.path.abspath(path)
    try:
        return plain if os.path.samefile(plain, path) else path
    except OSError:
        return path

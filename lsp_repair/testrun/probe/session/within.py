"""Which files a narrowed run may collect."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any


class Within:
    """A set of files and the folders on the way to them; `__init__.py` belongs to its folder."""

    def __init__(self, root: str, files: Sequence[str]) -> None:
        self._files = {os.path.join(root, *path.split("/")) for path in files}
        self._folders = {root}
        for path in self._files:
            folder = os.path.dirname(path)
            while folder not in self._folders and folder.startswith(root):
                self._folders.add(folder)
                folder = os.path.dirname(folder)
        self._root = root

    def leaves_out(self, path: Any) -> bool:
        """Whether pytest is to ignore a file or a folder; what lies outside the root is the user's own wish."""
        text = str(path)
        if not text.startswith(self._root + os.sep) or text in self._files or text in self._folders:
            return False
        return os.path.basename(text) != "__init__.py" or os.path.dirname(text) not in self._folders

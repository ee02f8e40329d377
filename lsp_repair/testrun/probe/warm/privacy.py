"""What a child of the warm server has for itself: temporary folders, and no way to disturb its parent or siblings."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from typing import Any, Optional

from ..start_probe import load_package
from .warm_records import ChildRequest, CompareVersions, Reimport, Screen

_PACKAGE = "_lsp_repair_guard"
_RUNS_CANDIDATES = (Screen, Reimport, CompareVersions)
"""The other operations run the code as it is."""


class Privacy:
    """The same for all children of one server; servers may share a temporary folder."""

    def __init__(self, root: str, guard: Optional[str]) -> None:
        self._root = root
        self._landlock = _loaded(guard) if guard else None
        self._prefix = os.path.join(tempfile.gettempdir(), "child-%d-" % os.getpid())

    def begin(self, request: ChildRequest, session: Any) -> None:
        """In the child, before anything of a candidate runs.

        Where the kernel supports it, the child can signal its own processes only and write in its own folders only; also in
        the project for tests that are known to need it (`writes`).
        """
        own = self._folder(request)
        for variable, name in (("TMPDIR", "tmp"), ("HOME", "home")):
            folder = os.path.join(own, name)
            os.makedirs(folder)
            os.environ[variable] = folder
        tempfile.tempdir = None
        factory = getattr(session.config, "_tmp_path_factory", None)
        if factory is not None:
            factory._basetemp = None
        operation = request.operation
        if self._landlock is not None and isinstance(operation, _RUNS_CANDIDATES):
            needs_more = any(each.writes for each in operation.tests)
            writable = [own, self._root] if needs_more else [own]
            self._landlock.protect_parent(writable)

    def end(self, request: ChildRequest) -> None:
        """In the parent, when the child is gone."""
        shutil.rmtree(self._folder(request), ignore_errors=True)

    def _folder(self, request: ChildRequest) -> str:
        return self._prefix + str(request.number)


def _loaded(folder: str) -> Any:
    """The module that can confine a process, from the tool's own folder; None where it does not load."""
    try:
        load_package(_PACKAGE, folder)
        return importlib.import_module(_PACKAGE + ".landlock")
    except (ImportError, OSError):
        return None

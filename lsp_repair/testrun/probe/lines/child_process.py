"""What a Python program that a test starts does first: it records the lines it executes, and what it starts is followed too."""

from __future__ import annotations

import atexit
import os
import sys

from .recorder import Recorder, recorder
from .spawning import Spawning
from .spool import FORK, PROGRAM, Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_PACKAGE = __name__.rpartition(".")[0]
SETTINGS, SPOOL = "settings", "spool"
"""Names in the folder that is given on PYTHONPATH: the paths of the copy and of the original, and where children write."""


def follow(folder: str) -> None:
    """Raises OSError or ValueError where the process that runs the tests has ended."""
    _hide()
    with open(os.path.join(folder, SETTINGS), encoding="utf-8", errors="surrogateescape") as file:
        root, home = file.read().split("\0")
    spools = os.path.join(folder, SPOOL)
    recording = recorder(root)
    recording.start()
    if not recording.is_active:
        return
    own = _spooled(recording, spools, PROGRAM)

    def forked() -> None:
        nonlocal own
        own = _spooled(recording, spools, FORK)

    def started(pid: Optional[int], name: str) -> None:
        if own is not None:
            own.started(pid, name)

    def ended() -> None:
        if own is not None and home != root:
            _tell_originals(own, home, root)

    os.register_at_fork(after_in_child=forked)
    atexit.register(ended)
    Spawning(lambda: folder, started).install()


def _spooled(recording: Recorder, folder: str, how: str) -> Optional[Spool]:
    """Where this process writes from now on; None, and nothing is recorded, where it cannot."""
    try:
        spool = Spool(folder, how)
    except (OSError, ValueError):
        recording.end()
        return None
    recording.become_child(spool)
    return spool


def _hide() -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]


def _tell_originals(spool: Spool, home: str, root: str) -> None:
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and is_original(path, home, root):
            spool.note("o", path)


def is_original(path: str, home: str, root: str) -> bool:
    """Whether a file is the user's own one and not the copy's; environments in the user's folder hold installed packages."""
    inside = path.startswith(home + os.sep) and not path.startswith((root + os.sep, sys.prefix + os.sep))
    return inside and os.sep + "site-packages" + os.sep not in path

"""Written files on their way to a run: each write counts once, and several at once are one change."""

import asyncio
from collections.abc import Callable
from pathlib import Path

_DEBOUNCE_SECONDS = 0.15


class PendingChanges:
    """Collects changed paths of each root and passes them on once nothing changed for a moment."""

    def __init__(self, pass_on: Callable[[Path, set[str]], object]) -> None:
        self._pass_on = pass_on
        self._paths: dict[Path, set[str]] = {}
        self._timers: dict[Path, asyncio.TimerHandle] = {}

    def add(self, root: Path, path: str) -> None:
        """A file of a root changed."""
        self._paths.setdefault(root, set()).add(path)
        if root in self._timers:
            self._timers.pop(root).cancel()
        self._timers[root] = asyncio.get_running_loop().call_later(_DEBOUNCE_SECONDS, self._due, root)

    def _due(self, root: Path) -> None:
        del self._timers[root]
        self._pass_on(root, self._paths.pop(root))


class SeenWrites:
    """Remembers each write, since editors, clients and our own watcher report the same one."""

    def __init__(self) -> None:
        self._signatures: dict[Path, tuple[int, int, int] | None] = {}

    def add(self, file: Path) -> bool:
        """Whether this is a write that was not seen before; it has been from now on."""
        signature = _signature(file)
        if file in self._signatures and self._signatures[file] == signature:
            return False
        self._signatures[file] = signature
        return True


def _signature(file: Path) -> tuple[int, int, int] | None:
    """What differs after a write; None for a missing file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

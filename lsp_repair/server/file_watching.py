"""Files that change outside the editor, for clients that do not watch files themselves; and changes on their way to a run."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver


SUFFIXES = (".py", ".toml", ".ini", ".cfg", ".json", ".yaml", ".yml", ".txt", ".csv")


class Watcher:
    """Reports written files, in the server's own event loop."""

    def __init__(self, received: Callable[[Path], None]) -> None:
        self._received = received
        self._observer: BaseObserver | None = None
        self.enabled = False
        self.problem = ""
        self._watched: set[Path] = set()
        self._closed = False
        self._opening = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether its thread is listening."""
        return self._observer is not None and self._observer.is_alive()

    async def watch(self, folder: Path) -> None:
        """Watch a folder and everything below it, once; `problem` says what cannot be watched."""
        if not self.enabled or folder in self._watched:
            return
        self._watched.add(folder)
        loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._schedule, folder, loop)  # a large tree takes a while
        except OSError as error:
            self.problem = f"{folder} cannot be watched ({error.strerror}): only files saved in the editor are noticed"

    def _schedule(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        from watchdog.observers import Observer  # noqa: PLC0415 - only where the client does not watch

        with self._opening:
            if self._closed:
                return
            if self._observer is None:
                self._observer = Observer()
                self._observer.daemon = True
                self._observer.start()
            observer = self._observer
        observer.schedule(_handler(loop, self._received), str(folder), recursive=True)

    def close(self) -> None:
        """End its thread for good; closing it twice is allowed."""
        with self._opening:
            if self._closed:
                return
            self._closed = True
        if self._observer is not None:
            with contextlib.suppress(OSError):  # a folder that was still being added
                self._observer.stop()


def _handler(loop: asyncio.AbstractEventLoop, received: Callable[[Path], None]) -> Any:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler  # noqa: PLC0415 - as above

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.is_directory or event.event_type not in {"modified", "created", "deleted", "moved"}:
                return
            for name in (event.src_path, event.dest_path):
                path = Path(str(name)) if name else None
                if path is not None and path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                    with contextlib.suppress(RuntimeError):  # the loop has ended
                        loop.call_soon_threadsafe(received, path)

    return Handler()


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

"""What every benchmark needs: CPU time of a whole process tree, its memory, means, and the machine's name for the log."""

import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def machine() -> str:
    """One line that says where figures come from."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}"


def tree_cpu_seconds(root: int | None = None) -> float:
    """User and system time of a process (this one if None), its children, and the children they waited for."""
    return sum(cpu for _, cpu, _ in _tree(root or os.getpid()))


def tree_memory_bytes(root: int) -> int:
    """Resident memory of a process and its living descendants, pages shared by forks counted once for each."""
    return sum(memory for _, _, memory in _tree(root))


def _tree(root: int) -> Iterator[tuple[int, float, int]]:
    """(process, CPU seconds with its reaped children, resident bytes) of the tree below `root`, itself included."""
    children: dict[int, list[int]] = {}
    known: dict[int, tuple[float, int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        process = int(entry.name)
        children.setdefault(int(fields[1]), []).append(process)
        known[process] = sum(map(int, fields[11:15])) / _TICK, int(fields[21]) * _PAGE
    waiting = [root]
    while waiting:
        process = waiting.pop()
        if process in known:
            yield process, *known[process]
        waiting.extend(children.get(process, ()))


@dataclass(slots=True)
class Peak:
    """The greatest memory that was seen."""

    bytes: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def watch(self, root: int) -> None:
        """Look every 20 ms until `stop`."""
        while not self._over.wait(0.02):
            self.bytes = max(self.bytes, tree_memory_bytes(root))

    def stop(self) -> None:
        """End the watch."""
        self._over.set()


@contextmanager
def peak_memory(root: int) -> Iterator[Peak]:
    """Watch the memory of a process tree while the block runs."""
    peak = Peak()
    watcher = threading.Thread(target=peak.watch, args=(root,), daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        peak.stop()
        watcher.join()


def start_of_pytest() -> float:
    """CPU seconds of an interpreter that imports pytest, the unit of this machine at this moment: least of three."""
    return min(_cpu_of_import() for _ in range(3))


def _cpu_of_import() -> float:
    before = tree_cpu_seconds()
    subprocess.run([sys.executable, "-c", "import pytest"], check=True)
    return tree_cpu_seconds() - before


def two_processes() -> float:
    """How much faster two processes are through with twice a piece of work than one: what the machine itself allows."""
    piece = [sys.executable, "-c", "x = 0\nfor i in range(12_000_000): x += i"]

    def seconds(count: int) -> float:
        started = time.monotonic()
        running = [subprocess.Popen(piece) for _ in range(count)]
        for process in running:
            process.wait()
        return time.monotonic() - started

    return 2 * min(seconds(1) for _ in range(3)) / min(seconds(2) for _ in range(3))


def geometric_mean(values: Sequence[float]) -> float:
    """The mean for ratios."""
    return statistics.geometric_mean(values)


class Stopwatch:
    """CPU and wall time of this process tree since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = tree_cpu_seconds(), time.monotonic()

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        return tree_cpu_seconds() - self._cpu

    @property
    def wall(self) -> float:
        """Wall seconds so far."""
        return time.monotonic() - self._wall

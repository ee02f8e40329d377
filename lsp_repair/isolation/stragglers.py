"""Finding and ending processes that left their process group: daemons of tests, double forks."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "LSP_REPAIR_RUN"
"""Environment variable that every process started by us carries; children inherit it."""


def kill_marked(token: str, patience_seconds: float = 1.0) -> int:
    """Kill every process of ours whose environment carries the token, and wait until they are gone.

    Returns how many there were. Needs /proc (Linux); elsewhere only the process group is reached.
    """
    killed: set[int] = set()
    give_up = time.monotonic() + patience_seconds
    while (alive := set(_marked(token))) and time.monotonic() < give_up:
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= alive
        os.sched_yield()
    return len(killed)


def _marked(token: str) -> Iterator[int]:
    needle = f"{MARK}={token}".encode()
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if needle in Path(entry.path, "environ").read_bytes():
                        yield int(entry.name)

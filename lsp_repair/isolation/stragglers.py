"""Finding and ending processes that left their process group: daemons of tests, double forks."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

MARK = "LSP_REPAIR_RUN"
"""Environment variable that every process started by us carries; children inherit it."""


def kill_marked(token: str) -> int:
    """Kill every process of ours whose environment carries the token; returns how many there were.

    Needs /proc (Linux); elsewhere only the process group is reached.
    """
    killed = 0
    for pid in _marked(token):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def _marked(token: str) -> Iterator[int]:
    needle = f"{MARK}={token}".encode()
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if needle in Path(entry.path, "environ").read_bytes():
                        yield int(entry.name)

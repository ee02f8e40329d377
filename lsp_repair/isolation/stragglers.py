"""Finding and ending processes that left their process group: daemons of tests, double forks, and what a killed tool leaves."""

import contextlib
import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lsp_repair.processes import started

MARK = "LSP_REPAIR_RUN"
"""Environment variable that every process started by us carries; children inherit it."""
_MARKED = re.compile(rb"(?:^|\0)" + MARK.encode() + rb"=(\d+)-(\d*)-(\w+)(?:\0|$)")


def new_mark() -> str:
    """A value of the mark: whose it is, since when that runs, and a token of its own."""
    return f"{os.getpid()}-{started(os.getpid()) or ''}-{secrets.token_hex(8)}"


def kill_marked(mark: str, patience_seconds: float = 1.0) -> int:
    """Kill every process of ours whose environment carries this mark, and wait until they are gone.

    Returns how many there were. Needs /proc (Linux); elsewhere only the process group is reached.
    """
    return _kill(lambda pid, since, token: f"{pid}-{since}-{token}" == mark, patience_seconds)


def kill_orphaned(patience_seconds: float = 1.0) -> int:
    """Kill what tools that are dead now left running; returns how many there were."""
    return _kill(lambda pid, since, _: since not in {"", started(int(pid))}, patience_seconds)


def _kill(belongs: Callable[[str, str, str], bool], patience_seconds: float) -> int:
    killed: set[int] = set()
    give_up = time.monotonic() + patience_seconds
    while (alive := set(_marked(belongs))) and time.monotonic() < give_up:
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= alive
        os.sched_yield()
    return len(killed)


def _marked(belongs: Callable[[str, str, str], bool]) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    match = _MARKED.search(Path(entry.path, "environ").read_bytes())
                    if match and belongs(match[1].decode(), match[2].decode(), match[3].decode()):
                        yield int(entry.name)

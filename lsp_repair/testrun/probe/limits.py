"""Limits for work in this process: CPU seconds (a wall limit would depend on what else the machine does), memory, rlimits."""

from __future__ import annotations

import resource
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Optional


class TestTimeout(BaseException):
    """The test used more CPU time than it may; no ordinary `except` of the user's swallows it."""

    __test__ = False


def _expired(signum: int, frame: Optional[FrameType]) -> None:
    raise TestTimeout("used more CPU time than this test may")


def install() -> None:
    """Take SIGPROF, which the user's code hardly ever uses."""
    signal.signal(signal.SIGPROF, _expired)


@contextmanager
def cpu_limit(seconds: float) -> Generator[None, None, None]:
    """Raise TestTimeout in the main thread when the limit is used up, again and again until it gets through."""
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_memory(more_bytes: int) -> None:
    """Allow so many bytes of address space beyond what is used now."""
    lower_limit(resource.RLIMIT_AS, _used_bytes() + more_bytes)


def lower_limit(kind: int, limit: int) -> None:
    """Set an rlimit, unless a lower one holds."""
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(kind, (limit, hard))


def _used_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0

"""Limits in CPU seconds for a piece of work in the main thread: a wall limit would depend on what else the machine does."""

from __future__ import annotations

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

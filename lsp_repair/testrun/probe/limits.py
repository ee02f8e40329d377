"""Time limits of a test in CPU seconds: a wall limit would depend on what else the machine does."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Optional

import pytest


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


class LimitedTests:
    """A pytest plugin: each test may use the greater of a floor and a multiple of what the slowest one so far used.

    Where tests hang they hang in numbers: every one that did lowers the floor for the next, down to a tenth.
    """

    def __init__(self, floor_seconds: float, multiple: float = 30.0) -> None:
        self._floor = floor_seconds
        self._multiple = multiple
        self._slowest = 0.0
        self._hung = 0

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """Fixtures of wide scope are set up here: they may hang as well."""
        with cpu_limit(self._limit()):
            yield

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """The test itself."""
        with cpu_limit(self._limit()):
            yield

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Learn from tests that ended well."""
        if report.outcome == "passed":
            self._slowest = max(self._slowest, report.duration)

    def pytest_runtest_makereport(self, call: Any) -> None:
        """Count those that were stopped."""
        if call.excinfo is not None and isinstance(call.excinfo.value, TestTimeout):
            self._hung += 1

    def _limit(self) -> float:
        return max(self._floor / min(10, 1 + self._hung), self._multiple * self._slowest)

"""The pytest plugin that gives each test a time limit in CPU seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .limits import TestTimeout, cpu_limit


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

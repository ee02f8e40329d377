"""The pytest plugins that keep other plugins from breaking a measurement, and tests from running for ever.

Switched off: distribution, coverage, reruns, random order, stopping early (also after files that do not collect),
last-failed. Everything else of the user's configuration stays as it is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest

from ..limits import TestTimeout, cpu_limit

_OFF = (
    *("distload", "looponfail", "lf", "failedfirst", "newfirst", "stepwise", "stepwise_skip", "testmon", "forked"),
    *("randomly_reorganize", "random_order_flag", "usepdb", "trace", "setuponly", "setupshow", "collectonly"),
)
_NEUTRAL: dict[str, Any] = {
    **dict.fromkeys(_OFF, False),
    **dict.fromkeys(("durations", "junitxml", "xmlpath", "htmlpath")),
    "numprocesses": 0,
    "dist": "no",
    "tx": [],
    "maxfail": 0,
    "continue_on_collection_errors": True,
    "reruns": 0,
    "random_order_bucket": "none",
    "cov_source": [],
    "no_cov": True,
    "tbstyle": "no",
}
_APPENDED = {"numprocesses": "-n0", "no_cov": "--no-cov"}
_UNREGISTERED = ("rerunfailures", "flaky", "pytest-rerunfailures", "pytest_rerunfailures")


class Measurement:
    """Neutralises options once pytest knows them and before any plugin acts on them."""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: Any, args: list[str]) -> Generator[None, Any, None]:
        """Coverage starts here, before the final parse."""
        known = early_config.known_args_namespace
        args.extend(argument for option, argument in _APPENDED.items() if hasattr(known, option))
        _neutralise(known)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: Any) -> Generator[None, Any, None]:
        """Distribution, last-failed and stepwise read their options after this."""
        _neutralise(config.option)
        for name in _UNREGISTERED:
            if config.pluginmanager.hasplugin(name):
                config.pluginmanager.unregister(name=name)
        yield


def _neutralise(namespace: Any) -> None:
    for name, value in _NEUTRAL.items():
        if hasattr(namespace, name):
            setattr(namespace, name, value)


def run_pytest(root: str, home: str, arguments: Sequence[str], plugins: list[Any]) -> int:
    """Pytest in this process, at the root of a copy of what lies at `home`."""
    named = _NamedByHome(root, home)
    return int(pytest.main([f"--rootdir={root}", *arguments], plugins=[Measurement(), named, *plugins]))


class _NamedByHome:
    """A pytest plugin: an id that holds the path of a file names it where the user has it, whichever copy it runs in."""

    def __init__(self, root: str, home: str) -> None:
        self._root = root
        self._home = home

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: Any) -> None:
        """Before anything compares ids."""
        if self._root in item.nodeid:
            named = item.nodeid.replace(self._root, self._home)
            if hasattr(item, "_id"):  # since pytest 9.2
                item._id = type(item._id).parse(named)
            else:
                item._nodeid = named


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

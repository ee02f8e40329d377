"""The pytest plugin that keeps other plugins from breaking a measurement, and nothing else.

Switched off: distribution, coverage, reruns, random order, stopping early, last-failed. Everything else of the user's
configuration stays as it is.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

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


def run_pytest(root: str, arguments: Sequence[str], plugins: list[Any]) -> int:
    """Pytest in this process, at the snapshot's root."""
    return int(pytest.main([f"--rootdir={root}", *arguments], plugins=[Measurement(), *plugins]))

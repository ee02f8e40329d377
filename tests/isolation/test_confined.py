"""Confined runs as the tool starts them: what they write, what they may use, and that nothing of them is left."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from endings import none_left
from sandboxes import ORDINARY_USER, sandbox_as

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).parent / "driver.py"
Run = Callable[..., dict[str, Any]]


class Driver:
    """Starts confined runs as one user by one mechanism."""

    def __init__(self, place: Path, mechanism: str, who: str) -> None:
        found = sandbox_as(who, place)
        self.workspace = place / "workspace"
        self._user = found.user
        self._given = {
            "mechanism": mechanism,
            "workspace": str(self.workspace),
            "readable": found.readable,
            "python": found.python,
        }
        self._found = found

    def command(self, script: str, **more: Any) -> list[str]:
        return [str(self._given["python"]), str(DRIVER), json.dumps({**self._given, "script": script, **more})]

    def start(self, script: str, **more: Any) -> subprocess.Popen[str]:
        self._found.hand_over()
        user: Any = {} if self._user is None else {"user": self._user, "group": self._user, "extra_groups": []}
        return subprocess.Popen(
            self.command(script, **more),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            **user,
        )

    def run(self, script: str, **more: Any) -> dict[str, Any]:
        out, err = self.start(script, **more).communicate(timeout=60)
        assert out, err
        answer: dict[str, Any] = json.loads(out.splitlines()[-1])
        skip_where_forbidden(answer["output"])
        return answer


def skip_where_forbidden(said: str) -> None:
    if "cannot be entered" in said:
        pytest.skip(said)


@pytest.fixture(
    params=[
        pytest.param((mechanism, who), id=f"{mechanism} {who}", marks=marks)
        for mechanism, marks in (("bubblewrap", pytest.mark.needs("bwrap")), ("namespaces", ()), ("landlock", ()))
        for who in ("as the user who runs the tests", "as an ordinary user")
    ],
)
def driver(request: pytest.FixtureRequest, place: Path) -> Iterator[Driver]:
    mechanism, who = request.param
    if mechanism == "landlock":
        (place / "home").mkdir()
    return Driver(place, mechanism, who)


@pytest.fixture
def strong_driver(driver: Driver, request: pytest.FixtureRequest) -> Driver:
    if "landlock" in request.node.name:
        pytest.skip("only a sandbox of its own holds this")
    return driver


def test_the_output_comes_back(driver):
    assert driver.run("print('hello')")["output"] == "hello\n"


def test_what_is_written_in_the_workspace_vanishes(strong_driver):
    (strong_driver.workspace / "data").write_text("before")
    script = "open('data', 'w').write('after'); open('new', 'w').write('x'); print(open('data').read())"
    assert strong_driver.run(script)["output"] == "after\n"
    assert {each.name: each.read_text() for each in strong_driver.workspace.iterdir()} == {"data": "before"}


def test_the_machines_devices_can_be_used_and_keep_their_modes(strong_driver, request):
    if "bubblewrap as the user" in request.node.name and os.getuid() == 0:
        pytest.skip("bubblewrap cannot bind a device that keeps its mode: docs/security.md says so")
    script = """
import os
for name in ("null", "zero"):
    try:
        os.chmod(f"/dev/{name}", 0o666)
    except OSError as error:
        print(os.strerror(error.errno))
open("/dev/null", "w").write("x")
print(len(open("/dev/zero", "rb", buffering=0).read(3)))
"""
    *refusals, read = strong_driver.run(script)["output"].splitlines()
    assert (len(refusals), read) == (2, "3")


def test_the_users_own_code_may_keep_what_it_writes(driver):
    assert driver.run("open('new', 'w').write('kept')", kept=True)["output"] == ""
    assert (driver.workspace / "new").read_text() == "kept"


def test_a_frozen_file_cannot_be_written_replaced_or_removed_and_its_folder_can_be_written(strong_driver):
    (strong_driver.workspace / "tests").mkdir()
    (strong_driver.workspace / "tests" / "test_it.py").write_text("right")
    script = """
import os
open("tests/beside", "w").write("x")
for attempt in (
    lambda: open("tests/test_it.py", "w"),
    lambda: os.chmod("tests/test_it.py", 0o666) or open("tests/test_it.py", "w"),
    lambda: os.remove("tests/test_it.py"),
    lambda: os.replace("tests/beside", "tests/test_it.py"),
):
    try:
        attempt()
    except OSError:
        continue
    print("done")
print(open("tests/test_it.py").read())
"""
    assert strong_driver.run(script, frozen=["tests/test_it.py"])["output"] == "right\n"


def test_signals_that_were_ignored_or_blocked_outside_arrive_inside(driver):
    script = "print([line for line in open('/proc/self/status') if line.startswith(('SigIgn', 'SigBlk'))])"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as below `nohup`
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        found = driver.run(f"import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); {script}")["output"]
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    signals = {int(each.rstrip("\\n'").split("\\t")[1], 16) for each in found.strip("[]\n").split(", ")}
    assert signals <= {0, 1 << (signal.SIGXFSZ - 1)}  # the one that this Python itself ignores


MEMORY = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        kept = [b"x" * (1 << 20) for _ in range(100)]
        time.sleep(20)
        os._exit(0)
os.wait()
"""
PROCESSES = """
import os, time
for _ in range(1500):
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    except OSError:
        print("no more"); break
else:
    time.sleep(20)
"""


def test_memory_is_counted_for_the_whole_tree(driver):
    answer = driver.run(MEMORY, limits={"memory_bytes": 250 << 20})
    assert answer["why"] == "memory"
    assert answer["seconds"] < 15


def test_processes_are_bounded_for_root_too(driver):
    answer = driver.run(PROCESSES, limits={"processes": 100})
    assert answer["why"] == "processes" or "no more" in answer["output"]
    assert answer["seconds"] < 15


def test_a_flood_of_processes_is_ended_before_it_has_slept(driver):
    answer = driver.run(PROCESSES, limits={"processes": 1200})
    assert answer["why"] == "processes" or "no more" in answer["output"]
    assert answer["seconds"] < 15


def test_cpu_time_is_bounded(driver):
    answer = driver.run("while True: pass", limits={"cpu_seconds": 1})
    assert answer["seconds"] < 15


def test_wall_time_is_bounded(driver):
    answer = driver.run("import time; time.sleep(30)", limits={"wall_seconds": 0.5})
    assert (answer["why"], answer["seconds"] < 15) == ("wall", True)


def test_a_flood_of_output_is_cut(driver):
    answer = driver.run("import sys; sys.stdout.write('x' * (8 << 20)); print('end')")
    assert answer["output"].endswith("end\n")


def test_a_large_file_and_a_full_disk_are_errors_inside(strong_driver):
    script = """
kept = []
try:
    for number in range(100):
        file = open(f"big{number}", "wb"); kept.append(file)
        for _ in range(4):
            file.write(b"x" * (1 << 20)); file.flush()
except OSError as error:
    print("full", number)
"""
    answer = strong_driver.run(script, limits={"disk_bytes": 32 << 20, "file_bytes": 16 << 20})
    assert answer["output"].startswith("full ")
    assert int(answer["output"].split()[1]) < 20


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 4)
        os.execv("/bin/sh", ["MARKER", "-c", "echo ready >&4; exec 4>&-; sleep 61; :"])
    os._exit(0)
os.wait()
time.sleep(60 if STAYS else 0)
"""


def sleeping(marker: str) -> list[int]:
    """Processes that were started under this name."""
    found: list[int] = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                if (each / "cmdline").read_bytes().startswith(marker.encode() + b"\0"):
                    found.append(int(each.name))
            except OSError:
                continue
    return found


def gone(marker: str) -> bool:
    return none_left(lambda: sleeping(marker))


def test_a_daemon_does_not_outlive_the_run(driver, request):
    marker = f"daemon-{os.getpid()}-{abs(hash(request.node.name))}"
    driver.run(DAEMON.replace("MARKER", marker).replace("STAYS", "False"))
    assert gone(marker)


@pytest.mark.parametrize("victim", ["the tool", "the nursery", "the warden"])
def test_nothing_is_left_when_a_supervisor_is_killed(strong_driver, request, victim):
    marker = f"left-{os.getpid()}-{abs(hash(request.node.name))}"
    with started(strong_driver, marker) as tool:
        assert sleeping(marker)
        nursery = children(tool.pid)[0]
        pids = {"the tool": tool.pid, "the nursery": nursery, "the warden": children(nursery)[0]}
        os.kill(pids[victim], signal.SIGKILL)
        assert gone(marker)


@contextmanager
def started(driver: Driver, marker: str) -> Iterator[subprocess.Popen[str]]:
    """A tool whose confined run has left a daemon and goes on; it is killed at the end."""
    tool = driver.start(DAEMON.replace("MARKER", marker).replace("STAYS", "True"), stay=True)
    watchdog = threading.Timer(60, tool.kill)
    watchdog.start()
    try:
        assert tool.stdout is not None
        said = tool.stdout.readline()
        skip_where_forbidden(said)
        assert said == "ready\n"
        yield tool
    finally:
        watchdog.cancel()
        tool.kill()
        tool.communicate(timeout=60)


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def test_processes_left_by_a_killed_tool_are_swept_at_the_next_start(driver, request):
    """Its warden kills them; where that was killed as well, the mark in their environment tells whose they were."""
    from lsp_repair.isolation.stragglers import kill_orphaned

    marker = f"orphan-{os.getpid()}-{abs(hash(request.node.name))}"
    with started(driver, marker) as tool:
        nursery = children(tool.pid)[0]
        for pid in (children(nursery)[0], nursery, tool.pid):
            os.kill(pid, signal.SIGKILL)
    kill_orphaned()
    assert gone(marker)


def test_a_missing_interpreter_is_named(driver):
    out, _ = driver.start("pass", python="/no/such/python").communicate(timeout=60)
    if "/no/such/python" not in out:
        skip_where_forbidden(out)
    assert "/no/such/python" in out


def test_the_ordinary_user_is_not_root():
    assert ORDINARY_USER != 0
    assert sys.platform.startswith("linux")

"""How a confined program ends, and that everything in its sandbox ends with it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from endings import read_from, running

DAEMON = """
import os, sys
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp("sleep", ["sleep", "1000"])
    os._exit(0)
os.wait()
os.write(int(sys.argv[1]), b"started")
"""


@pytest.fixture
def watched(strong):
    """A pipe that ends only when no process inside is left."""
    reading, writing = os.pipe()
    strong.spec["keep_fds"] = [writing]
    yield strong, reading, writing
    os.close(reading)


def test_the_exit_code_is_the_programs_own(strong):
    assert strong.run("/bin/sh", "-c", "exit 7").returncode == 7


def test_a_signal_is_told_by_the_exit_code(strong):
    assert strong.run("/bin/sh", "-c", "kill -SEGV $$").returncode == 128 + signal.SIGSEGV


def test_what_cannot_be_built_is_reported_and_nothing_runs(strong):
    strong.spec["cwd"] = "/nowhere"
    done = strong.run("/bin/echo", "ran")
    assert (done.returncode, done.stdout) == (99, "")
    assert "FileNotFoundError" in done.stderr


def test_a_daemon_ends_with_the_program_that_started_it(watched):
    sandbox, reading, writing = watched
    done = sandbox.run(sandbox.python, "-c", DAEMON, str(writing))
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert read_from(reading, 100) == b"started"
    assert read_from(reading, 1) == b""


@pytest.mark.parametrize("victim", ["the process that entered", "the process that waits for it"])
def test_everything_ends_when_a_supervisor_is_killed(watched, victim):
    sandbox, reading, writing = watched
    sandbox.hand_over()
    waiting = DAEMON + "import signal\nsignal.pause()"
    order = sandbox.order(sandbox.python, "-c", waiting, str(writing))
    with running(order, env={}, pass_fds=(writing,)) as supervisor:
        os.close(writing)
        assert read_from(reading, 100) == b"started"
        if victim == "the process that entered":
            children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text()
            os.kill(int(children.split()[0]), signal.SIGKILL)
        else:
            supervisor.kill()
        assert read_from(reading, 1) == b""


def test_kept_descriptors_work_inside_and_no_other_is_there(watched):
    sandbox, reading, writing = watched
    code = "import os, sys; os.write(int(sys.argv[1]), ' '.join(os.listdir('/proc/self/fd')).encode())"
    sandbox.run(sandbox.python, "-c", code, str(writing))
    os.close(writing)
    seen = {int(each) for each in read_from(reading, 1000).split()}
    assert seen - {0, 1, 2, writing} == {max(seen - {writing})}  # the listing's own


def test_the_program_leads_a_session_of_its_own_without_powers(strong):
    code = """
import json, os
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
wanted = "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"
print(json.dumps([os.getsid(0) == os.getpid(), os.getpid()] + [int(status[key], 16) for key in wanted]))
"""
    assert strong.tell(code) == [True, 2, 0, 0, 0, 0, 0, 1, 2]


def test_limits_are_those_of_the_spec(strong):
    strong.spec["limits"] = {"AS": 1 << 30, "FSIZE": 1 << 20, "NOFILE": 100, "CPU": 50, "NPROC": 40}
    code = """
import json, resource
print(json.dumps({k: resource.getrlimit(getattr(resource, "RLIMIT_" + k))[1] for k in %s}))
"""
    assert strong.tell(code % list(strong.spec["limits"])) == strong.spec["limits"]


def test_a_crash_is_not_handed_to_the_machines_crash_reporter(strong):
    """With a limit of 0 the kernel still pipes the memory to it, with 1 it does not."""
    assert strong.tell("import resource; print(resource.getrlimit(resource.RLIMIT_CORE)[1])") == 1


def test_the_number_of_processes_counts_those_inside_only(strong):
    """Set outside, it would count all of the user's processes, and a test could not start one."""
    if not strong.user:
        pytest.skip("root is not bound by it: the warden counts")
    strong.spec["limits"] = {"NPROC": 20}
    code = """
import json, os, signal
children = []
try:
    while len(children) < 100:
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
except BlockingIOError:
    pass
print(len(children))
"""
    others = [subprocess.Popen(["sleep", "100"], user=strong.user, group=strong.user) for _ in range(30)]
    try:
        assert 10 <= strong.tell(code) <= 20
    finally:
        for each in others:
            each.kill()
            each.wait(60)

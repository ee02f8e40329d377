"""The partial sandbox, and what a child of the warm server does to itself."""

import json
import socket
import subprocess
import sys

import pytest
from endings import running
from entering import load_warden
from sandboxes import ENTERING

PROTECTED = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from entering import load_warden

def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return True
    return False

parent = os.getpid()
reading, writing = os.pipe()
child = os.fork()
if not child:
    held_back = load_warden("landlock").protect_parent([sys.argv[2] + "/own"])
    shared = sys.argv[2] + "/shared"
    own = os.fork()
    if not own:
        import signal
        signal.pause()
    answers = [
        held_back,
        refused(os.kill, parent, 0),
        refused(os.kill, own, 9),
        refused(open, f"/proc/{parent}/mem", "rb"),
        refused(open, shared + "/module.py", "w"),
        refused(os.truncate, shared + "/module.py", 0),
        refused(os.unlink, shared + "/module.py"),
        refused(os.mkdir, shared + "/new"),
        refused(open, shared + "/module.py"),
        refused(open, sys.argv[2] + "/own/new", "w"),
        refused(open, "/dev/null", "w"),
    ]
    os.write(writing, json.dumps(answers).encode())
    os._exit(0)
os.wait()
print(os.read(reading, 10000).decode())
"""


def test_a_child_of_the_warm_server_reaches_neither_its_parent_nor_shared_files(tmp_path):
    if load_warden("system").landlock_abi() < 6:
        pytest.skip("this kernel cannot hold signals back")
    for folder in ("own", "shared"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shared" / "module.py").write_text("x = 1")
    done = subprocess.run(
        [sys.executable, "-c", PROTECTED, str(ENTERING.parent), str(tmp_path)],
        capture_output=True,
        check=False,
        timeout=120,
    )
    reported = json.loads(done.stdout or "[]")
    refused = [True, True, False, True, True, True, True, True, False, False, False]
    assert reported == refused, done.stderr


def test_nothing_is_done_without_landlock(monkeypatch):
    landlock = load_warden("landlock")
    monkeypatch.setattr(landlock.system, "landlock_abi", lambda: 0)
    assert landlock.protect_parent([]) is False
    with pytest.raises(OSError, match="Landlock"):
        landlock.restrict({"network": False, "cwd": "/", "workspace": "/"})


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6, 7])
def test_older_interfaces_are_asked_only_for_what_they_know(partial, version):
    if load_warden("system").landlock_abi() < version:
        pytest.skip("this kernel is older")
    partial.landlock_abi = version
    code = """
import json
try:
    open("/etc/shadow")
except OSError as error:
    print(error.errno)
open("new", "w")
"""
    assert partial.tell(code) == 13


def test_the_workspace_is_written_in_place_and_nothing_else_can_be(partial):
    (partial.place / "outside").write_text("mine")
    code = f"""
import json, os
open("inside", "w").write("x")
found = []
for path in ("{partial.place}/outside", "/dev/shm/x", "/tmp/x", os.environ["HOME"] + "/x"):
    try:
        open(path, "w").close()
        found.append(path)
    except PermissionError:
        pass
print(json.dumps(found))
"""
    assert partial.tell(code) == [f"{partial.place}/home/x"]
    assert (partial.workspace / "inside").read_text() == "x"


def test_a_datagram_socket_of_a_pair_cannot_reach_a_path(partial):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(partial.workspace / "socket"))
        listening.settimeout(0)
        code = """
import json, socket
try:
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", "socket")
    print('"sent"')
except PermissionError:
    print('"refused"')
"""
        assert partial.tell(code) == "refused"
        with pytest.raises(BlockingIOError):
            listening.recv(1)


def test_processes_outside_cannot_be_signalled(partial):
    if load_warden("system").landlock_abi() < 6:
        pytest.skip("this kernel cannot hold signals back")
    with running(["sleep", "100"], user=partial.user, group=partial.user) as outside:
        assert partial.tell(f"import os\ntry: os.kill({outside.pid}, 9)\nexcept PermissionError: print(1)") == 1
        assert outside.poll() is None


def test_the_temporary_folder_of_the_system_is_not_readable_through_a_link(partial):
    """/var/tmp leads to /tmp in the strong sandbox only."""
    listed = "import json, os\ntry: print(json.dumps(os.listdir('/tmp')))\nexcept PermissionError: print(0)"
    assert partial.tell(listed) == 0


def test_root_has_no_powers_either(partial):
    status = partial.run("/bin/grep", "CapEff", "/proc/self/status").stdout
    assert int(status.split()[1], 16) == 0

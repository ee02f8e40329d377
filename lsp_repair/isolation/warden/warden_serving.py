"""The nursery: one single-threaded process that forks a warden for each run; and what a warden does.

It exists because what dies with its parent dies with the *thread* that started it, and because a fork of a process with
threads may find locks held for ever. When the tool goes, the socket ends; when the nursery goes, its wardens go.

A warden starts its run confined, watches what the whole tree uses, kills all of it, and reports: one line of JSON on the
control socket says how the run ended. When the other side closes its half, the run is ended at once.
"""

import array
import contextlib
import json
import mmap
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import bubblewrap, landlock, namespaces, system

_FDS = 5
"""What comes with a request: the request itself (a file), two pipe ends, the output, the control socket."""


def serve(descriptor: int) -> None:
    """Fork a warden for each request; returns when the tool is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, _take_in)
    requests = socket.socket(fileno=descriptor)
    namespaces.warm_up()
    nursery = os.getpid()
    while received := _received(requests):
        if os.fork() == 0:
            status = 70
            try:
                requests.close()
                status = _guard(nursery, received)
            finally:
                os._exit(status)
        for each in received:
            os.close(each)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with contextlib.suppress(ChildProcessError):
        while True:  # they end, since their control sockets have: what they used counts as this process's
            os.wait()


def _take_in(_number: int, _frame: object) -> None:
    """Reap wardens that ended; they have reported how their runs ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _received(requests: socket.socket) -> list[int]:
    """The descriptors of one request; none when the other side is closed."""
    numbers = array.array("i")
    while True:
        message, ancillary, _, _ = requests.recvmsg(16, socket.CMSG_SPACE(_FDS * numbers.itemsize))
        if not message:
            return []
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        if len(numbers) == _FDS:
            return list(numbers)


def _guard(nursery: int, received: list[int]) -> int:
    request_fd, *descriptors, control_fd = received
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != nursery:
        return 1
    control = socket.socket(fileno=control_fd)
    guard(_read(request_fd), (descriptors[0], descriptors[1], descriptors[2]), control)
    return 0


def _read(descriptor: int) -> dict[str, Any]:
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as text:
        request: dict[str, Any] = json.loads(text[:])
    os.close(descriptor)
    return request


_TICK_SECONDS = 0.05
_PAGE = resource.getpagesize()
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
READ_FD, WRITE_FD, OUTPUT_FD = 3, 4, 1
"""Where the confined process finds its descriptors."""


def guard(request: dict[str, Any], descriptors: tuple[int, int, int], control: socket.socket) -> None:
    """Start the run and stay until nothing of it is left."""
    os.setsid()
    system.adopt_orphans()
    started = time.monotonic()
    report: dict[str, Any] = {"why": None, "status": None, "cpu": 0.0, "watched": False}
    child = _start(request, descriptors, control)
    for each in descriptors:
        os.close(each)
    try:
        report["watched"] = _resident_bytes(child) > 0 and Path(f"/proc/{child}/task/{child}/children").exists()
        report["why"] = _watch(child, request["tree"], control, started)
    finally:
        report["status"], report["cpu"] = _end(child)
        with contextlib.suppress(OSError):
            control.sendall(json.dumps(report).encode("ascii") + b"\n")


def _start(request: dict[str, Any], descriptors: tuple[int, int, int], control: socket.socket) -> int:
    warden = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        control.close()
        _place(descriptors)
        system.die_with_parent(signal.SIGKILL)
        if os.getppid() == warden:
            _become(request)
    except BaseException as error:  # noqa: BLE001 - whatever happens, this process must not go on as a warden
        os.write(2, f"lsp-repair: the sandbox cannot be entered: {error}\n".encode("utf-8", "replace"))
    os._exit(125)


def _become(request: dict[str, Any]) -> None:
    """Enter the sandbox and go on as the program."""
    match request["mechanism"]:
        case "bubblewrap":
            bubblewrap.execute(request)
        case "namespaces":
            namespaces.enter(request)
        case _:
            landlock.restrict(request)
    os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606 - no shell is wanted


def _place(descriptors: tuple[int, int, int]) -> None:
    """Put the descriptors where they are expected and close all others."""
    safe = [os.dup2(each, 100 + number, inheritable=False) for number, each in enumerate(descriptors)]
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in zip((nothing, safe[2], safe[2], safe[0], safe[1]), (0, 1, 2, READ_FD, WRITE_FD), strict=True):
        os.dup2(source, target, inheritable=True)
    os.closerange(WRITE_FD + 1, 1 << 20)


def _watch(child: int, limits: dict[str, Any], control: socket.socket, started: float) -> str | None:
    """None when the run ended by itself or was ended by the tool, else the limit that it broke."""
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(control, select.POLLIN | select.POLLHUP)
    try:
        while not poll.poll(_TICK_SECONDS * 1000):
            broken = _broken_limit(child, limits, time.monotonic() - started)
            if broken is not None:
                return broken
    finally:
        os.close(ended)
    return None


def _broken_limit(child: int, limits: dict[str, Any], seconds: float) -> str | None:
    tree = list(_tree(child))
    if len(tree) > limits["processes"]:
        return "processes"
    if limits["wall_seconds"] is not None and seconds > limits["wall_seconds"]:
        return "wall"
    if sum(_cpu_seconds(pid) for pid in tree) > limits["cpu_seconds"]:
        return "cpu"
    most = limits["memory_bytes"]
    # What processes share is counted once for each at first, and rightly only where that looks like too much.
    if sum(map(_resident_bytes, tree)) > most and sum(map(_proportional_bytes, tree)) > most:
        return "memory"
    return None


def _tree(pid: int) -> Iterator[int]:
    """The process and all below it; what is orphaned stays below, since there is a reaper in the tree."""
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        yield each
        with contextlib.suppress(OSError):
            for task in os.scandir(f"/proc/{each}/task"):
                waiting += map(int, Path(task.path, "children").read_bytes().split())


def _cpu_seconds(pid: int) -> float:
    """Of the process and of what it waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_PER_SECOND


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional_bytes(pid: int) -> int:
    """Each shared page divided by how many share it."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def _end(child: int) -> tuple[int | None, float]:
    """Kill until nothing is left below this process; the child's exit status and the CPU seconds of all."""
    status: int | None = None
    cpu = 0.0
    while True:
        for pid in _tree(os.getpid()):
            if pid != os.getpid():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        options = 0
        while True:  # all that have ended before the tree is looked through again: a flood is long
            try:
                pid, code, usage = os.wait4(-1, options)
            except ChildProcessError:
                return status, cpu
            if not pid:
                break
            cpu += usage.ru_utime + usage.ru_stime
            if pid == child:
                status = os.waitstatus_to_exitcode(code)
            options = os.WNOHANG

"""The nursery: one single-threaded process that forks a warden for each run.

It exists because what dies with its parent dies with the *thread* that started it, and because a fork of a process with
threads may find locks held for ever. When the tool goes, the socket ends; when the nursery goes, its wardens go.
"""

import array
import contextlib
import json
import mmap
import os
import signal
import socket
from typing import Any

from . import namespaces, system, tree_watching

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
    tree_watching.guard(_read(request_fd), (descriptors[0], descriptors[1], descriptors[2]), control)
    return 0


def _read(descriptor: int) -> dict[str, Any]:
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as text:
        request: dict[str, Any] = json.loads(text[:])
    os.close(descriptor)
    return request

"""Work in a forked child whose reports come back over a pipe: what it changes stays with it."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from typing import Any, Callable

from .. import channel

Emit = Callable[[dict[str, Any]], None]


def forked(perform: Callable[[Emit], None], seconds: float) -> list[dict[str, Any]]:
    """What a child reported within so many seconds on the clock; it ends without any clean-up of the process's own.

    Open files are as they were afterwards: parent and child share their positions.
    """
    positions = dict(_positions())
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            _quiet()
            perform(lambda record: channel.send(writer, record))
        finally:
            os._exit(0)
    os.close(writer)
    try:
        return _received(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
        _reap(pid)
        for descriptor, position in positions.items():
            os.lseek(descriptor, position, os.SEEK_SET)


def _positions() -> Iterator[tuple[int, int]]:
    """Of everything open that has one."""
    try:
        names = os.listdir("/dev/fd")
    except OSError:
        return
    for descriptor in map(int, names):
        try:
            yield descriptor, os.lseek(descriptor, 0, os.SEEK_CUR)
        except OSError:
            continue


def _received(reader: int, until: float) -> list[dict[str, Any]]:
    buffer, found = bytearray(), list[dict[str, Any]]()
    while select.select([reader], [], [], max(0.0, until - time.monotonic()))[0]:
        chunk = os.read(reader, 1 << 16)
        if not chunk:
            break
        buffer += chunk
        found += channel.split(buffer)
    return found


def _reap(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # code under test ignores the signal by which children report


def _quiet() -> None:
    """The child shares its files' positions with its parent, pytest's captured output among them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)

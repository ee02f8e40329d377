"""Processes that end: those that a test starts, and waiting for others on their own word."""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def running(command: list[str], *, limit: float = 120.0, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process that is killed when the block ends, or after `limit` seconds, so that reading what it prints ends too."""
    with subprocess.Popen(command, **options) as process:
        watchdog = threading.Timer(limit, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def read_from(descriptor: int, size: int, limit: float = 60.0) -> bytes:
    """What a pipe gives next; nothing within the limit is an error."""
    if not select.select([descriptor], [], [], limit)[0]:
        raise TimeoutError(f"nothing was written within {limit} seconds")
    return os.read(descriptor, size)


def none_left(find: Callable[[], list[int]], patience: float = 10.0) -> bool:
    """Whether all that it finds end; it is asked again until it finds none, since one may have forked another meanwhile."""
    until = time.monotonic() + patience
    while found := find():
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                select.select([descriptor], [], [], max(until - time.monotonic(), 0))
                os.close(descriptor)
        if time.monotonic() > until:
            return False
    return True

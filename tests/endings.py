"""Waiting for processes to end, on their own word."""

import contextlib
import os
import select
import time
from collections.abc import Callable


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

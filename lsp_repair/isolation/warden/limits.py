"""Limits on single processes, set by the process itself right before it becomes the user's program."""

from __future__ import annotations

import resource
from collections.abc import Mapping


def apply(limits: Mapping[str, int]) -> None:
    """Set resource limits by name (`AS`, `FSIZE`, `NOFILE`, `NPROC`, `CPU`, `CORE`), never above what the process has.

    `AS` counts one process and `FSIZE` one file; `NPROC` does not bind root, and before Linux 5.14 counts all of the user's
    processes: totals are for the warden to watch.
    """
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(number)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (allowed, allowed))

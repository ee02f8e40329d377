"""Limits on single processes, set by the process itself right before it becomes the user's program."""

from __future__ import annotations

import resource
from collections.abc import Mapping


def apply(limits: Mapping[str, int]) -> None:
    """Set resource limits by name (`AS`, `FSIZE`, `NOFILE`, `NPROC`, `CPU`, `CORE`), never above what the process has.

    A `CORE` of 0 becomes 1: only at that value the kernel does not hand a crash to the machine's own crash reporter either.
    `AS` counts one process and `FSIZE` one file; `NPROC` does not bind root, and before Linux 5.14 counts all of the user's
    processes: totals are for the warden to watch.
    """
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(number)
        requested = max(value, 1) if name == "CORE" else value
        allowed = requested if hard == resource.RLIM_INFINITY else min(requested, hard)
        resource.setrlimit(number, (allowed, allowed))

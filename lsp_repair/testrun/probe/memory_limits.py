"""Limits on this process that code under test cannot raise again."""

from __future__ import annotations

import resource


def limit_memory(more_bytes: int) -> None:
    """Allow so many bytes of address space beyond what is used now."""
    lower_limit(resource.RLIMIT_AS, _used_bytes() + more_bytes)


def lower_limit(kind: int, limit: int) -> None:
    """Set an rlimit, unless a lower one holds."""
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(kind, (limit, hard))


def _used_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0

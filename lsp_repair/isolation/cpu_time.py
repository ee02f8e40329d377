"""What everything that was started so far has used of the processors."""

import resource

from lsp_repair.isolation.nursery import confined_cpu_seconds


def cpu_seconds() -> float:
    """User and system time of this process, of the children it waited for, and of sandboxed processes."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime + confined_cpu_seconds()

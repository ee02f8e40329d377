"""What to start, and what it may see and use: plain values that each mechanism makes true."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lsp_repair.domain.isolation import Tier


class Mechanism(StrEnum):
    """What holds a process."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    """The same by system calls."""
    LANDLOCK = "landlock"
    """Access rules and a filter of system calls, without a world of its own."""
    NONE = "none"
    """A private copy, resource limits, a scrubbed environment, a process group."""

    @property
    def tier(self) -> Tier:
        """How strongly it holds once its effects were probed."""
        match self:
            case Mechanism.BUBBLEWRAP | Mechanism.NAMESPACES:
                return Tier.STRONG
            case Mechanism.LANDLOCK:
                return Tier.PARTIAL
            case Mechanism.NONE:
                return Tier.WEAK


def _half_of_the_memory() -> int:
    """Bytes that one run may use: half of the machine's memory, within bounds."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        total = 0
    return max(1 << 30, min(8 << 30, total // 2))


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the whole tree of processes that a run starts."""

    memory_bytes: int = field(default_factory=_half_of_the_memory)
    processes: int = 400
    cpu_seconds: float = 7_200.0
    wall_seconds: float | None = None
    disk_bytes: int = 1 << 30
    """Written beyond what the workspace holds; it lies in memory."""
    file_bytes: int = 1 << 30
    files: int = 1_024
    """Descriptors of one process."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How all processes of a session are confined."""

    mechanism: Mechanism = Mechanism.NONE
    readable: tuple[Path, ...] = ()
    """Files and folders outside the workspace that are seen, read-only: the interpreter and what it imports."""
    hidden: tuple[Path, ...] = ()
    """Of what is readable: sockets and pipes, where a mechanism would let them be connected to."""
    opened: frozenset[str] = frozenset()
    """Names of effects that the user's configuration opens."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Confinement:
    """The sandbox around one process."""

    sandbox: Sandbox
    workspace: Path
    """A folder of ours: seen at the same path."""
    keeps_writes: bool = False
    """Whether what is written in the workspace stays; else it goes to a layer that vanishes with the process."""
    frozen: tuple[Path, ...] = ()
    """Files in the workspace that cannot be written, whatever the process tries."""
    scratch: tuple[Path, ...] = ()
    """Folders that exist empty and can be written: home, temporary files."""
    workspace_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """What to start; the numbers of its two pipe ends are appended to `argv` (it reads the first, writes the second)."""

    argv: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    file_size_bytes: int = 2 << 30
    confinement: Confinement | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """The descriptors that a started process gets."""

    read: int
    write: int
    output: int

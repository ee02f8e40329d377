"""What to start, and the descriptors that it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_repair.isolation.confinement import Confinement


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

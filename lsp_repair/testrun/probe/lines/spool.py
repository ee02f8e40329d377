"""What a child process executes, in files that its parent reads: written as it happens, so that no end of the child loses it.

`<pid>-<parent>-<start>-<how>.lines` is mapped into memory: pairs of 64-bit numbers, the number of a file together with a line,
and the tick of its last execution. `….names` has a line of text for each file, and what else is to be known.
"""

from __future__ import annotations

import mmap
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional

PROGRAM, FORK = "p", "f"
"""How the process came about."""
LINES, NAMES = ".lines", ".names"
_FIRST_BYTES = 1 << 15
_MOST_BYTES = 1 << 20
_MOST_FILES = 2000
_MOST_PROCESSES = 400
"""At one time; beyond all of these nothing is recorded."""
LINE_BITS = 32


class Spool:
    """The files of this process; raises OSError where they cannot be made."""

    def __init__(self, folder: str, how: str) -> None:
        if len(os.listdir(folder)) >= 2 * _MOST_PROCESSES:
            raise OSError
        name = "%d-%d-%d-%s" % (os.getpid(), os.getppid(), time.monotonic_ns(), how)
        self._base = os.path.join(folder, name)
        self._files = 0
        self._bytes = 0
        self._used = 1
        """The first pair is for what no longer fits."""
        self.note("s", "")
        self._grow(_FIRST_BYTES)

    def lines_of(self, path: str) -> _SpooledLines:
        """Where the lines of a file go."""
        self._files += 1
        if self._files <= _MOST_FILES:
            self.note("f%d" % self._files, path)
        return _SpooledLines(self, self._files)

    def imports(self, tick: Callable[[], int]) -> _SpooledImports:
        """Where the names of imported files go."""
        return _SpooledImports(self, tick)

    def started(self, pid: Optional[int], name: str) -> None:
        """Note a program that this process starts."""
        self.note("p%d" % (pid or 0), name)

    def note(self, kind: str, text: str) -> None:
        """One line of text; what does not fit on the disk is lost."""
        try:
            descriptor = os.open(self._base + NAMES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, os.fsencode("%s %s\n" % (kind, text.replace("\n", " "))))
            finally:
                os.close(descriptor)
        except (OSError, ValueError):
            pass

    def place(self, file: int, line: int) -> int:
        """Where the tick of a new line goes."""
        if self._used * 16 >= self._bytes:
            try:
                self._grow(2 * self._bytes)
            except (OSError, ValueError):
                return 1
        at, self._used = 2 * self._used, self._used + 1
        self.pairs[at] = file << LINE_BITS | line
        return at + 1

    def _grow(self, size: int) -> None:
        """Zeros are written, since a hole in a file kills who writes to it when the disk is full."""
        if size > _MOST_BYTES:
            raise ValueError
        descriptor = os.open(self._base + LINES, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(descriptor, bytes(size - self._bytes)) < size - self._bytes:
                raise ValueError
            self.pairs = memoryview(mmap.mmap(descriptor, size)).cast("Q")
            self._bytes = size
        finally:
            os.close(descriptor)


class _SpooledLines(dict[int, int]):
    """The tick of each line, in the mapped file."""

    def __init__(self, spool: Spool, file: int) -> None:
        self._spool = spool
        self._file = file

    def __setitem__(self, line: int, tick: int) -> None:
        at = self.get(line)
        if at is None:
            at = self._spool.place(self._file, line)
            dict.__setitem__(self, line, at)
        self._spool.pairs[at] = tick


class _SpooledImports(set[str]):
    """Imported files, as their line 0."""

    def __init__(self, spool: Spool, tick: Callable[[], int]) -> None:
        self._spool = spool
        self._tick = tick

    def add(self, path: str) -> None:
        if path not in self:
            set.add(self, path)
            self._spool.lines_of(path)[0] = self._tick()

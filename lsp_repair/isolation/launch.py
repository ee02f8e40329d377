"""One process (and all it starts) with two pipes of its own, its output captured and capped, ended whole."""

import contextlib
import os
import select
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsp_repair.isolation.confinement import Command, Ends, Mechanism

if TYPE_CHECKING:
    from lsp_repair.isolation.nursery import ConfinedProcess
    from lsp_repair.isolation.plain_launch import PlainProcess

_OUTPUT_CAP_BYTES = 1 << 20


@dataclass(slots=True)
class Running:
    """A started process; `close` ends it and everything it started."""

    supervised: "PlainProcess | ConfinedProcess"
    read_fd: int
    """Where its records arrive."""
    write_fd: int
    """Where it reads requests."""
    _tail: deque[bytes]
    _drain: threading.Thread
    _closed: bool = field(default=False)
    cpu_seconds: float = 0.0
    """User and system time of the process and its waited-for children; known after `close`."""

    def output_tail(self, limit: int = 4000) -> str:
        """The end of what it printed; reading it waits for nothing."""
        return b"".join(list(self._tail)).decode("utf-8", "replace")[-limit:]

    def has_ended(self) -> bool:
        """Whether it is over already."""
        return self._closed or self.supervised.has_ended()

    def close(self) -> None:
        """End it with whatever left it; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for descriptor in (self.read_fd, self.write_fd):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self.cpu_seconds = self.supervised.end()
        self._drain.join(timeout=1.0)

    def finish(self, grace_seconds: float) -> None:
        """Let a process that has nothing more to say end by itself, then clean up behind it."""
        if select.select([self.read_fd], [], [], grace_seconds)[0]:
            self.supervised.wait(grace_seconds)
        self.close()


def launch(command: Command) -> Running:
    """Start the command with an empty stdin; raises OSError when it cannot be started."""
    child_read, our_write = os.pipe()
    our_read, child_write = os.pipe()
    our_output, child_output = os.pipe()
    try:
        supervised = _start(command, Ends(child_read, child_write, child_output))
    except BaseException:
        for each in (our_read, our_write, our_output):
            os.close(each)
        raise
    finally:
        for each in (child_read, child_write, child_output):
            os.close(each)
    tail: deque[bytes] = deque(maxlen=16)
    drain = threading.Thread(target=_drain_output, args=(our_output, tail), daemon=True)
    drain.start()
    return Running(supervised, our_read, our_write, tail, drain)


def _start(command: Command, ends: Ends) -> "PlainProcess | ConfinedProcess":
    if command.confinement is None or command.confinement.sandbox.mechanism is Mechanism.NONE:
        from lsp_repair.isolation.plain_launch import start_plain  # noqa: PLC0415 - one of the two is needed

        return start_plain(command, ends)
    from lsp_repair.isolation.nursery import start_confined  # noqa: PLC0415 - the same

    return start_confined(command, command.confinement, ends)


def _drain_output(descriptor: int, tail: deque[bytes]) -> None:
    """Keep the last mebibyte at most, read on so that a flood never blocks the writer."""
    chunk_size = _OUTPUT_CAP_BYTES // (tail.maxlen or 1)
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(descriptor, chunk_size):
            if tail and len(tail[-1]) + len(chunk) <= chunk_size:
                tail[-1] += chunk
            else:
                tail.append(chunk)
    os.close(descriptor)

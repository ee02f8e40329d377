"""One process group with two pipes of its own, its output captured and capped, killed whole."""

import contextlib
import ctypes
import os
import resource
import secrets
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.isolation.stragglers import MARK, kill_marked

_OUTPUT_CAP_BYTES = 1 << 20
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What to start; the numbers of its two pipe ends are appended to `argv` (it reads the first, writes the second)."""

    argv: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    file_size_bytes: int = 2 << 30


@dataclass(slots=True)
class Running:
    """A started process; `close` ends it and everything it started."""

    process: subprocess.Popen[bytes]
    read_fd: int
    """Where its records arrive."""
    write_fd: int
    """Where it reads requests."""
    token: str
    _tail: deque[bytes]
    _drain: threading.Thread
    _closed: bool = field(default=False)
    cpu_seconds: float = 0.0
    """User and system time of the process and its waited-for children; known after `close`."""

    def output_tail(self, limit: int = 4000) -> str:
        """The end of what it printed; reading it waits for nothing."""
        return b"".join(list(self._tail)).decode("utf-8", "replace")[-limit:]

    def close(self) -> None:
        """Kill the process group and whatever left it; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for descriptor in (self.read_fd, self.write_fd):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._reap()
        kill_marked(self.token)
        self._drain.join(timeout=1.0)

    def finish(self, grace_seconds: float) -> None:
        """Let a process that has nothing more to say end by itself, then clean up behind it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if select.select([self.read_fd], [], [], grace_seconds)[0]:
                self._wait_exit(grace_seconds)
        self.close()

    def _wait_exit(self, seconds: float) -> None:
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(self.process.pid) if hasattr(os, "pidfd_open") else -1
            if pidfd >= 0:
                select.select([pidfd], [], [], seconds)
                os.close(pidfd)

    def _reap(self) -> None:
        try:
            _, status, usage = os.wait4(self.process.pid, 0)
        except ChildProcessError:
            return
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_seconds = usage.ru_utime + usage.ru_stime


def launch(command: Command) -> Running:
    """Start the command in a process group of its own, stdin empty; raises OSError when it cannot be started."""
    token = secrets.token_hex(8)
    child_read, our_write = os.pipe()
    our_read, child_write = os.pipe()
    process: subprocess.Popen[bytes] | None = None
    try:
        with _interrupt_kept():
            process = subprocess.Popen(
                [*command.argv, str(child_read), str(child_write)],
                cwd=command.cwd,
                env={**command.environ, MARK: token},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(child_read, child_write),
                start_new_session=True,
                preexec_fn=_limits(command),  # noqa: PLW1509 - the limits must hold before user code runs
            )
    except BaseException:
        if process is not None:
            process.kill()
        os.close(our_read)
        os.close(our_write)
        raise
    finally:
        os.close(child_read)
        os.close(child_write)
    tail: deque[bytes] = deque(maxlen=16)
    drain = threading.Thread(target=_drain_output, args=(process, tail), daemon=True)
    drain.start()
    return Running(process, our_read, our_write, token, tail, drain)


@contextlib.contextmanager
def _interrupt_kept() -> Generator[None]:
    """Let Ctrl-C wait until the block ends: what a fork calls back swallows exceptions, and an interrupt with them."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


def _drain_output(process: subprocess.Popen[bytes], tail: deque[bytes]) -> None:
    """Keep the last mebibyte at most, read on so that a flood never blocks the writer."""
    assert process.stdout is not None
    chunk_size = _OUTPUT_CAP_BYTES // (tail.maxlen or 1)
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(process.stdout.fileno(), chunk_size):
            if tail and len(tail[-1]) + len(chunk) <= chunk_size:
                tail[-1] += chunk
            else:
                tail.append(chunk)
    process.stdout.close()


_libc: ctypes.CDLL | None = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def _limits(command: Command) -> Callable[[], None]:
    parent = os.getpid()

    def apply() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        soft = command.file_size_bytes if hard == resource.RLIM_INFINITY else min(command.file_size_bytes, hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return apply

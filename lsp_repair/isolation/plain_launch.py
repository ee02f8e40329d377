"""A process group without confinement: what every system has."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass

from lsp_repair.isolation.confinement import Command, Ends
from lsp_repair.isolation.stragglers import MARK, kill_marked, new_mark

_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class PlainProcess:
    """A started process with everything below it, as `Running` ends it."""

    process: subprocess.Popen[bytes]
    token: str

    def has_ended(self) -> bool:
        """Whether the process itself is over; waits for nothing."""
        return self.process.poll() is not None

    def wait(self, seconds: float) -> None:
        """Until it ends by itself, no longer than this."""
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(self.process.pid) if hasattr(os, "pidfd_open") else -1
            if pidfd >= 0:
                select.select([pidfd], [], [], seconds)
                os.close(pidfd)

    def end(self) -> float:
        """Kill the group and whatever left it; the CPU seconds of all that could be waited for. Called once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        cpu_seconds = self._reaped()
        kill_marked(self.token)
        return cpu_seconds

    def _reaped(self) -> float:
        try:
            _, status, usage = os.wait4(self.process.pid, 0)
        except ChildProcessError:
            return 0.0
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime


def start_plain(command: Command, ends: Ends) -> PlainProcess:
    """Start it in a process group of its own; raises OSError when it cannot be started."""
    token = new_mark()
    process: subprocess.Popen[bytes] | None = None
    try:
        with _interrupt_kept():
            process = subprocess.Popen(
                [*command.argv, str(ends.read), str(ends.write)],
                cwd=command.cwd,
                env={**command.environ, MARK: token},
                stdin=subprocess.DEVNULL,
                stdout=ends.output,
                stderr=subprocess.STDOUT,
                pass_fds=(ends.read, ends.write),
                start_new_session=True,
                preexec_fn=_limits(command),  # noqa: PLW1509 - the limits must hold before user code runs
            )
    except BaseException:
        if process is not None:
            process.kill()
        raise
    return PlainProcess(process, token)


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

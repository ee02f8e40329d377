"""Keeps calls that no test makes from touching anything outside the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_REFUSED = {
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"),
    *("os.kill", "os.killpg", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "shutil.rmtree", "shutil.move"),
    *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "os.startfile"),
    *("sys.setprofile", "sys.settrace", "signal.pthread_kill", "os.listdrives"),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class TouchedOutsideError(BaseException):
    """No ordinary `except` of the user's swallows it."""


class Outside:
    """An audit hook, which no process gets rid of: it acts only within `refused`."""

    def __init__(self) -> None:
        self._is_on = False
        self.touched = False
        """Whether the last call tried to; its answer tells nothing then, whatever it did about the refusal."""
        sys.addaudithook(self._audited)

    @contextmanager
    def refused(self) -> Generator[None, None, None]:
        """Raise TouchedOutsideError at anything that writes, connects or starts."""
        self.touched = False
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event in _REFUSED or _writes(event, arguments):
            self.touched = True
            raise TouchedOutsideError(event)


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & _WRITING)
    return event == "sqlite3.connect" and arguments[0] != ":memory:"

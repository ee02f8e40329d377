"""The tool's end of the warden: one small process for the tool's life, which starts everything confined."""

import array
import atexit
import contextlib
import json
import math
import os
import secrets
import select
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_repair.isolation.confinement import Command, Confinement, Ends, Sandbox
from lsp_repair.isolation.stragglers import MARK, new_mark

_START = Path(__file__).parent / "warden" / "start_warden.py"
_LAST_SECONDS = 2.0
BAIT = secrets.token_hex(16)
"""Stands in the environment of the warden: a sandbox in which it can be read leaks."""
_READ_FD, _WRITE_FD = "3", "4"
"""Where a confined process finds its two pipes."""


@dataclass(slots=True)
class ConfinedProcess:
    """The same, confined; its warden is at the other end of the control socket."""

    control: socket.socket
    _reported: bytearray = field(default_factory=bytearray)
    _report: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def why(self) -> str | None:
        """The limit that it broke."""
        return self._report.get("why")

    @property
    def watched(self) -> bool:
        """Whether the warden could see what its tree uses; known after `end`."""
        return bool(self._report.get("watched"))

    def has_ended(self) -> bool:
        """Whether the warden has reported its end."""
        return bool(self._reported) or bool(select.select([self.control], [], [], 0)[0])

    def wait(self, seconds: float) -> None:
        """Until it ends by itself, no longer than this."""
        select.select([self.control], [], [], seconds)

    def end(self) -> float:
        """Tell the warden to end it, and read its report."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while chunk := self.control.recv(1 << 12):
                self._reported += chunk
        self.control.close()
        with contextlib.suppress(ValueError):
            self._report = json.loads(self._reported) if self._reported else {}
        cpu_seconds = float(self._report.get("cpu", 0.0))
        _nursery.add(cpu_seconds)
        return cpu_seconds


class _Nursery:
    """Started when it is first needed, and again when it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self.cpu_seconds = 0.0
        """Of finished runs."""

    def add(self, cpu_seconds: float) -> None:
        """Count what a finished run used."""
        with self._lock:
            self.cpu_seconds += cpu_seconds

    def send(self, descriptors: list[int]) -> None:
        """Hand over what belongs to one run; raises OSError."""
        with self._lock:
            if self._requests is None or self._process is None or self._process.poll() is not None:
                self._start()
            assert self._requests is not None
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            self._requests.sendmsg([b"run"], rights)

    def close(self) -> None:
        """Let it end, and wait: its runs' time then counts as this process's."""
        with self._lock:
            if self._requests is None or self._process is None:
                return
            self._requests.close()
            self._requests = None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LAST_SECONDS)

    def _start(self) -> None:
        if self._requests is not None:
            self._requests.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_START), str(theirs.fileno())],
                cwd="/",
                env={"BAIT": BAIT},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._requests = ours


_nursery = _Nursery()
atexit.register(_nursery.close)


def confined_cpu_seconds() -> float:
    """User and system time of all finished confined runs."""
    return _nursery.cpu_seconds


def start_confined(command: Command, confinement: Confinement, ends: Ends) -> ConfinedProcess:
    """Start it in its sandbox; raises OSError when no warden can be started."""
    ours, theirs = socket.socketpair()
    with theirs, tempfile.TemporaryFile() as request:
        request.write(json.dumps(_request(command, confinement)).encode("ascii"))
        request.flush()
        try:
            _nursery.send([request.fileno(), ends.read, ends.write, ends.output, theirs.fileno()])
        except BaseException:
            ours.close()
            raise
    return ConfinedProcess(ours)


def _seen(sandbox: Sandbox, home: str | None) -> dict[str, Any]:
    """What is readable; the home folder never, whatever lists it, unless the user opened it."""
    readable = [str(each) for each in sandbox.readable]
    if "home" not in sandbox.opened or home is None:
        return {"readable": readable, "home": home}
    return {"readable": [*readable, home], "opened_home": home}


def _request(command: Command, confinement: Confinement) -> dict[str, Any]:
    """Everything that a mechanism needs to know, as JSON."""
    sandbox, limits = confinement.sandbox, confinement.sandbox.limits
    return {
        "mechanism": str(sandbox.mechanism),
        "argv": [*command.argv, _READ_FD, _WRITE_FD],
        "env": {**command.environ, MARK: new_mark()},
        "path": os.environ.get("PATH", os.defpath),
        "cwd": str(command.cwd),
        "hidden": [str(each) for each in sandbox.hidden],
        **_seen(sandbox, os.environ.get("HOME")),
        "workspace": str(confinement.workspace),
        "kept": confinement.keeps_writes,
        "frozen": [str(each) for each in confinement.frozen],
        "scratch": [str(each) for each in confinement.scratch],
        "size_bytes": limits.disk_bytes + 2 * confinement.workspace_bytes,
        "network": "network" in sandbox.opened,
        "keep_fds": [int(_READ_FD), int(_WRITE_FD)],
        "limits": {
            "CORE": 0,
            "FSIZE": limits.file_bytes,
            "NOFILE": limits.files,
            "NPROC": limits.processes,
            "CPU": math.ceil(limits.cpu_seconds),
        },
        "tree": {
            "memory_bytes": limits.memory_bytes,
            "processes": limits.processes,
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall_seconds,
        },
    }

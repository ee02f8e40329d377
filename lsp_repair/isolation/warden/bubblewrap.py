"""The strong sandbox by bubblewrap: the spec as its command line."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import layout, seccomp, system

_SECCOMP_FD = 9
_FIRST_FILE_FD = 20
_SMALL_BYTES = 64 << 10
"""Files of /etc up to this size are handed over as their content: each mount of bubblewrap's costs more than the one before."""
_SOURCE = "/run/workspace"
"""Where the folder is seen that the private one is filled from."""
_FILL = 'cp -an "$1/." "$2" 2>/dev/null; shift 2; exec "$@"'
"""The bubblewrap of Debian 12 knows no overlay: the workspace is copied into a memory file system, from inside."""


def execute(request: Mapping[str, Any]) -> None:
    """Become bubblewrap; raises OSError when there is none, or no filter for this machine's calls."""
    program = shutil.which("bwrap", path=request["path"])
    if program is None:
        raise OSError(errno.ENOENT, "bwrap is not on PATH")
    system.take_every_signal()
    # The number of processes counts all of the user's outside of the new namespace: the warden counts them.
    system.limit_resources({name: value for name, value in request["limits"].items() if name != "NPROC"})
    os.execve(program, [program, *arguments(request, _filter_descriptor())], request["env"])  # noqa: S606 - no shell is wanted


def _filter_descriptor() -> int:
    program = seccomp.program(os.uname().machine)
    if program is None:
        raise OSError(errno.ENOSYS, f"no system call filter for {os.uname().machine}")
    reader, writer = os.pipe()
    os.write(writer, program)
    os.close(writer)
    return os.dup2(reader, _SECCOMP_FD, inheritable=True)


def arguments(request: Mapping[str, Any], seccomp_fd: int) -> Iterator[str]:
    """The command line after the program's name."""
    yield from ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
    if not request["network"]:
        yield "--unshare-net"
    yield from ("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "localhost")
    yield from ("--seccomp", str(seccomp_fd))
    yield from ("--dev", "/dev", "--proc", "/proc", "--dir", "/run", "--dir", "/var")
    yield from ("--size", str(layout.SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm")
    for step in layout.steps(request):
        yield from _carried_out(step, request)
    for name in layout.PROC_HIDDEN_FILES:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")
    yield from ("--remount-ro", "/proc", "--remount-ro", "/", "--chdir", request["cwd"], "--")
    if not request["kept"]:
        yield from ("/bin/sh", "-c", _FILL, "sh", _SOURCE, request["workspace"])
    yield from request["argv"]


def _small_file(path: str) -> int | None:
    """A descriptor that bubblewrap reads a file of /etc from; None for what has to be mounted."""
    if not path.startswith("/etc/") or not Path(path).is_file() or Path(path).stat().st_size > _SMALL_BYTES:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD, _FIRST_FILE_FD)
    finally:
        os.close(descriptor)


def _carried_out(step: layout.Step, request: Mapping[str, Any]) -> Iterator[str]:
    match step.kind:
        case "link" if not step.path.startswith("/dev/"):
            yield from ("--symlink", step.target, step.path)
        case "read" if (content := _small_file(step.path)) is not None:
            yield from ("--file", str(content), step.path)
        case "read":
            yield from ("--ro-bind", step.target, step.path)
        case "frozen":
            yield from ("--ro-bind", step.path, step.path)
        case "hidden":
            yield from ("--tmpfs", step.path) if Path(step.path).is_dir() else ("--ro-bind", "/dev/null", step.path)
        case "scratch":
            below_another = any(str(each) == "/tmp" for each in Path(step.path).parents)
            yield from (
                ("--dir", step.path) if below_another else ("--size", str(request["size_bytes"]), "--tmpfs", step.path)
            )
        case "kept":
            yield from ("--bind", step.target, step.path)
        case "workspace":
            yield from ("--ro-bind", step.target, _SOURCE)
            yield from ("--size", str(request["size_bytes"]), "--tmpfs", step.path)
        case _:
            pass  # a folder of a memory file system cannot be pinned from outside; the tests' sources are compared instead

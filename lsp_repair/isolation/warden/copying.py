"""Copying a workspace where it cannot be shown through an overlay."""

from __future__ import annotations

import os
import stat

_CHUNK_BYTES = 1 << 20


def copy_folder(source: str, target: str) -> None:
    """Copy what is in a folder into another that exists: contents, modes, times, links as links; no sockets, pipes and devices.

    Not `shutil`: importing it costs every start of the warden more than these lines, and where this runs nothing can be imported.
    """
    with os.scandir(source) as entries:
        for entry in entries:
            copied = os.path.join(target, entry.name)
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), copied)
            elif entry.is_dir():
                os.mkdir(copied)
                copy_folder(entry.path, copied)
            elif entry.is_file():
                _copy_file(entry.path, copied)
    _copy_description(source, target)


def talks(path: str) -> bool:
    """Whether this is a socket, a named pipe or a device: something with another end."""
    mode = os.lstat(path).st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _copy_file(source: str, target: str) -> None:
    with open(source, "rb", buffering=0) as read, open(target, "wb", buffering=0) as written:
        while os.sendfile(written.fileno(), read.fileno(), None, _CHUNK_BYTES):
            pass
    _copy_description(source, target)


def _copy_description(source: str, target: str) -> None:
    described = os.stat(source)
    os.chmod(target, stat.S_IMODE(described.st_mode))
    os.utime(target, ns=(described.st_atime_ns, described.st_mtime_ns))

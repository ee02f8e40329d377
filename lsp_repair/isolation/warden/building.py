"""Building the file system of a sandbox inside new user and mount namespaces, and entering it.

The steps of `layout` are carried out below a folder on one tmpfs, which then becomes the root. Folders outside the system's own are
shown through an overlay where the kernel can: a read-only bind would still let a process connect to a socket file in it, or write
into a named pipe; behind an overlay both are strangers to their twins outside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from . import layout, system

_STAGE = "/tmp"
_OLD = "/old"
_NEW = "/new"
_EMPTY_FOLDER = "/empty"
_EMPTY_FILE = "/nothing"
_READ_ONLY = system.MOUNT_ATTR_RDONLY | system.MOUNT_ATTR_NOSUID | system.MOUNT_ATTR_NODEV
_UNCHANGEABLE = system.MOUNT_ATTR_RDONLY | system.MOUNT_ATTR_NOSUID
_BYTES_FOR_EACH_INODE = 4096


def build(spec: Mapping[str, Any]) -> None:
    """Make the spec's file system and move into it; raises OSError where the machine does not let us.

    The caller is the first process of new user, mount and pid namespaces.
    """
    steps = layout.steps(spec)
    _move_to_stage(spec["size_bytes"])
    for folder in layout.EMPTY_FOLDERS:
        os.mkdir(_NEW + folder)
    for step in steps:
        _carry_out(step, _OLD + step.target)
    _make_devices()
    _make_proc()
    system.mount_setattr(_NEW, system.MOUNT_ATTR_RDONLY | system.MOUNT_ATTR_NOSUID, recursive=False)
    _move_to_new_root()


def _move_to_stage(size_bytes: int) -> None:
    system.mount(None, "/", None, system.MS_REC | system.MS_PRIVATE)
    options = f"size={size_bytes},nr_inodes={max(size_bytes // _BYTES_FOR_EACH_INODE, 4096)},mode=755"
    system.mount("tmpfs", _STAGE, "tmpfs", system.MS_NOSUID | system.MS_NODEV, options)
    os.chdir(_STAGE)
    os.mkdir(_OLD[1:])
    system.pivot_root(".", _OLD[1:])
    os.chdir("/")
    for folder in (_NEW, _EMPTY_FOLDER):
        os.mkdir(folder)
    os.close(os.open(_EMPTY_FILE, os.O_CREAT | os.O_WRONLY, 0o444))
    system.mount(_NEW, _NEW, None, system.MS_BIND)


def _move_to_new_root() -> None:
    """The stage hides the new root for a moment, then is taken away with the machine's: no folder for it is needed inside."""
    os.chdir(_NEW)
    system.pivot_root(".", ".")
    system.unmount(".")
    os.chdir("/")


def _carry_out(step: layout.Step, source: str) -> None:
    place = _NEW + step.path
    if step.kind == "link":
        _make_folder(os.path.dirname(place))
        os.symlink(step.target, place)
    elif step.kind == "read":
        _show(source, place, plain=step in layout.system_steps())
    elif step.kind == "scratch":
        _offer_scratch(step.path, place)
    elif step.kind == "workspace":
        _make_folder(place)
        _overlay_writable(source, place)
    elif step.kind == "kept":
        _make_folder(place)
        system.mount(source, place, None, system.MS_BIND)
        system.mount_setattr(place, system.MOUNT_ATTR_NOSUID | system.MOUNT_ATTR_NODEV, recursive=False)
    elif step.kind == "pin":
        _make_folder(place)
        system.mount(place, place, None, system.MS_BIND)
    elif step.kind == "frozen":
        _bind_read_only(place, place)
    else:
        _bind_read_only(_EMPTY_FOLDER if os.path.isdir(place) else _EMPTY_FILE, place)


def _show(source: str, place: str, *, plain: bool) -> None:
    """Put what is at `source` in its place, read-only; `plain`: the system's own, where nobody leaves sockets."""
    if not os.path.isdir(source):
        _make_file(place)
        _bind_read_only(source, place)
        return
    _make_folder(place)
    if not plain:
        try:
            _overlay_read_only(source, place)
        except OSError:  # an old kernel, or something is mounted below
            pass
        else:
            return
    _bind_read_only(source, place)
    if not plain:
        for each in _talking_files(place):
            _bind_read_only(_EMPTY_FILE, each)


def _bind_read_only(source: str, place: str) -> None:
    system.mount(source, place, None, system.MS_BIND | system.MS_REC)
    system.mount_setattr(place, _READ_ONLY, recursive=True)


def _overlay_read_only(source: str, place: str) -> None:
    """An overlay without an upper layer; the folder is named by `.`, so that no character of its path means anything."""
    os.chdir(source)
    flags = system.MS_RDONLY | system.MS_NOSUID | system.MS_NODEV
    try:
        system.mount("overlay", place, "overlay", flags, f"lowerdir=.:{_EMPTY_FOLDER},userxattr")
    finally:
        os.chdir("/")


def _overlay_writable(source: str, place: str) -> None:
    """The folder as it is, its changes kept in memory; a copy where the kernel cannot keep them faithfully."""
    upper, work = "/upper", "/work"
    os.mkdir(upper)
    os.chmod(upper, stat.S_IMODE(os.stat(source).st_mode) | 0o700)
    os.mkdir(work)
    os.chdir(source)
    try:
        # Before Linux 6.6 a tmpfs cannot hold these, and making a folder where one was removed fails.
        os.setxattr(upper, "user.overlay.probe", b"y")
        os.removexattr(upper, "user.overlay.probe")
        options = f"lowerdir=.,upperdir={upper},workdir={work},userxattr"
        system.mount("overlay", place, "overlay", system.MS_NOSUID | system.MS_NODEV, options)
    except OSError:
        copy_folder(source, upper)
        system.mount(upper, place, None, system.MS_BIND)
    finally:
        os.chdir("/")


def _talking_files(folder: str) -> Iterator[str]:
    """Sockets, named pipes and devices below a folder."""
    for parent, _, names in os.walk(folder):
        yield from (path for name in names if talks(path := os.path.join(parent, name)))


def _offer_scratch(path: str, place: str) -> None:
    own = "/scratch" + path.replace("/", "-")
    os.mkdir(own)
    os.chmod(own, 0o1777 if path == _STAGE else 0o700)
    _make_folder(place)
    system.mount(own, place, None, system.MS_BIND)


def _make_devices() -> None:
    flags = system.MS_NOSUID | system.MS_NODEV
    for name in layout.DEVICES:
        if os.path.exists(f"{_OLD}/dev/{name}"):
            _make_file(f"{_NEW}/dev/{name}")
            system.mount(f"{_OLD}/dev/{name}", f"{_NEW}/dev/{name}", None, system.MS_BIND)
            # devices can be written all the same, and the machine's own ones keep their modes
            system.mount_setattr(f"{_NEW}/dev/{name}", _UNCHANGEABLE, recursive=False)
    for folder in ("shm", "pts"):
        os.mkdir(f"{_NEW}/dev/{folder}")
    system.mount("tmpfs", f"{_NEW}/dev/shm", "tmpfs", flags, f"size={layout.SHARED_MEMORY_BYTES},mode=1777")
    options = "newinstance,ptmxmode=0666,mode=620"
    system.mount("devpts", f"{_NEW}/dev/pts", "devpts", system.MS_NOSUID | system.MS_NOEXEC, options)


def _make_proc() -> None:
    flags = system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC
    proc = f"{_NEW}/proc"
    system.mount("proc", proc, "proc", flags)
    for names, cover in ((layout.PROC_HIDDEN_FILES, _EMPTY_FILE), (layout.PROC_HIDDEN_FOLDERS, _EMPTY_FOLDER)):
        for name in names:
            if os.path.lexists(f"{proc}/{name}"):
                system.mount(cover, f"{proc}/{name}", None, system.MS_BIND)
    system.mount_setattr(proc, _READ_ONLY, recursive=True)


def _make_folder(path: str) -> None:
    """The folder and what it lies in, unless what is mounted above already shows it."""
    try:
        os.mkdir(path)
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(path)


def _make_file(path: str) -> None:
    """An empty file to mount on, unless what is mounted above already shows one."""
    try:
        os.mknod(path, stat.S_IFREG | 0o644)
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path))
        os.mknod(path, stat.S_IFREG | 0o644)


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

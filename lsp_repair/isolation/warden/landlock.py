"""The partial sandbox: Landlock, the filter of system calls and limits, for machines without user namespaces.

What it does not hold: `stat`, `chmod`, `chown`, `utime` and extended attributes of whatever the user owns (Landlock knows no
right for them), the existence of the machine's processes, signals to them before ABI 6, truncating the user's files before ABI 3,
`frozen` and `hidden`. What a suite misses in it: the loopback interface, local sockets with a path before ABI 9, pseudo-terminals,
and the locks and queues of `multiprocessing` (/dev/shm is the whole machine's).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from . import layout, seccomp, system

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_FOLDER = 1 << 3
_MAKE_CHARACTER_DEVICE = 1 << 6
_MAKE_BLOCK_DEVICE = 1 << 11
_TRUNCATE = 1 << 14
_DEVICE_IOCTL = 1 << 15
_RESOLVE_UNIX = 1 << 16

_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1, 9: (1 << 17) - 1}
_NETWORK_RIGHTS_BY_ABI = {4: 0b11}
_SCOPES_BY_ABI = {6: 0b11}
"""Abstract sockets and signals: only to processes under the same or a narrower rule set."""
_SIGNAL_SCOPE = 0b10

_READING = _EXECUTE | _READ_FILE | _READ_FOLDER
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_IOCTL | _RESOLVE_UNIX
_NO_DEVICES = ~(_MAKE_CHARACTER_DEVICE | _MAKE_BLOCK_DEVICE)
_FIRST_ABI_WITH_UNIX_PATHS = 9
_FIRST_ABI_WITH_SIGNALS = 6


def restrict(spec: Mapping[str, Any]) -> None:
    """Confine this process in place, for good, and return ready to exec; raises OSError where Landlock is missing.

    The same spec as for `namespaces.enter`, but nothing is mounted: the workspace is a private copy that is written in place, the
    temporary folder is whichever of `scratch` the environment names, `/tmp` and `/dev/shm` are closed. `frozen` files are only as
    safe as their mode bits, because what Landlock allows for a folder it allows for all in it: compare them afterwards. `hidden` ones
    can be read: leave them out of the copy. Unless the network was opened, IP sockets cannot be made at all, so a server on the
    loopback interface fails with EPERM; local sockets can be made only where Landlock confines whom they reach (ABI 9), connected
    pairs always.
    """
    version = system.landlock_abi()
    program = seccomp.program(
        os.uname().machine, ip_sockets=bool(spec["network"]), unix_sockets=version >= _FIRST_ABI_WITH_UNIX_PATHS
    )
    if not version or program is None:
        raise OSError("this kernel offers no Landlock, or the filter of system calls is not known for this machine")
    os.setsid()
    system.take_every_signal()
    os.chdir(spec["cwd"])
    writable = [spec["workspace"], *spec.get("scratch", ())]
    system.allow_no_new_privileges()
    network = 0 if spec["network"] else _upto(version, _NETWORK_RIGHTS_BY_ABI)
    rule_set = _rule_set(_upto(version, _RIGHTS_BY_ABI), network, _upto(version, _SCOPES_BY_ABI))
    _allow_all(rule_set, version, spec, writable)
    system.landlock_restrict(rule_set)
    if os.geteuid() == 0:
        system.drop_capabilities()
    system.close_descriptors([0, 1, 2, *spec.get("keep_fds", ())])
    system.limit_resources(spec.get("limits", {}))
    seccomp.install(program)


def protect_parent(writable: Iterable[str]) -> bool:
    """Restrict this process permanently, without privileges: no signals to processes outside it, no writes but below `writable`.

    For a child of the warm server, which shares a sandbox with its parent and siblings: neither can be signalled, traced or have
    its files replaced by the child and what it starts. Devices stay writable. True when signals, too, are held back (ABI 6);
    without Landlock nothing is done and the answer is False.
    """
    version = system.landlock_abi()
    if not version:
        return False
    system.allow_no_new_privileges()
    writing = _upto(version, _RIGHTS_BY_ABI) & ~(_READING | _RESOLVE_UNIX)
    scopes = _SIGNAL_SCOPE if version >= _FIRST_ABI_WITH_SIGNALS else 0
    rule_set = _rule_set(writing, 0, scopes)
    for path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts", "/dev/shm", *writable):
        _allow(rule_set, path, writing & _NO_DEVICES)
    system.landlock_restrict(rule_set)
    os.close(rule_set)
    return bool(scopes)


def _upto(version: int, rights_by_abi: Mapping[int, int]) -> int:
    return max((rights for since, rights in rights_by_abi.items() if since <= version), default=0)


def _rule_set(file_rights: int, network_rights: int, scopes: int) -> int:
    """A rule set that handles these rights; the kernel refuses trailing zeros it does not know, so they are cut."""
    fields = [file_rights, network_rights, scopes]
    while fields and not fields[-1]:
        fields.pop()
    return system.landlock_create(b"".join(each.to_bytes(8, "little") for each in fields))


def _allow_all(rule_set: int, version: int, spec: Mapping[str, Any], writable: Iterable[str]) -> None:
    handled = _upto(version, _RIGHTS_BY_ABI)
    for path in layout.readable_paths(spec):
        _allow(rule_set, path, _READING)
    for name in layout.PROC_READABLE:
        _allow(rule_set, f"/proc/{name}", _READ_FILE | _READ_FOLDER)
    for name in layout.DEVICES:
        _allow(rule_set, f"/dev/{name}", (_READ_FILE | _WRITE_FILE) & handled)
    for path in writable:
        _allow(rule_set, path, handled & _NO_DEVICES)


def _allow(rule_set: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        system.landlock_allow_path(rule_set, rights if folder else rights & _OF_A_FILE, descriptor)
    finally:
        os.close(descriptor)

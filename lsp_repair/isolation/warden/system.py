"""Linux system calls that Python does not offer, by ctypes: a failure is an OSError.

Loaded by the warden (the tool's Python) and by the user's (3.9 and later); importing it only loads the C library.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
from collections.abc import Iterable, Mapping

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWCGROUP = 0x02000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWUTS = 0x04000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SLAVE = 0x80000
MNT_DETACH = 0x2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

# The calls that came after 2019 have the same number everywhere.
_CLOSE_RANGE = 436
_MOUNT_SETATTR = 442
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_OLDER_CALLS = {"x86_64": {"pivot_root": 155, "seccomp": 317}, "aarch64": {"pivot_root": 41, "seccomp": 277}}


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _call(number: int, what: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    # Without the conversion an int would be passed with 32 bits and the rest of its register undefined.
    converted = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *converted), what)


def _older(name: str) -> int:
    try:
        return _OLDER_CALLS[os.uname().machine][name]
    except KeyError:
        raise OSError(f"{name}: its number on {os.uname().machine} is not known") from None


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` (CLONE_NEW…) for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Attach a file system or change how one is attached; the manual page of the call says what the arguments mean."""
    encoded = [None if each is None else os.fsencode(each) for each in (source, target, kind, options)]
    result = _libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3])
    _checked(result, f"mount {kind or 'bind'} on {target}")


def mount_setattr(target: str, attributes: int, *, recursive: bool) -> None:
    """Add MOUNT_ATTR_… to the mount at `target`, and to those below it; from Linux 5.12 on."""
    size = 32
    packed = attributes.to_bytes(8, sys.byteorder).ljust(size, b"\0")
    flags = _AT_RECURSIVE if recursive else 0
    _call(_MOUNT_SETATTR, f"mount_setattr {target}", _AT_FDCWD, os.fsencode(target), flags, packed, size)


def unmount(target: str) -> None:
    """Take the mount at `target` and those below out of sight; what is still open of them stays usable."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and put the one before at `old`."""
    _call(_older("pivot_root"), "pivot_root", os.fsencode(new), os.fsencode(old))


def set_host_name(name: str) -> None:
    """Name the machine as seen in this UTS namespace."""
    encoded = name.encode()
    _checked(_libc.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname")


def raise_loopback() -> None:
    """Bring the loopback interface of a new network namespace up, with 127.0.0.1 and ::1."""
    siocsifflags, up_and_running = 0x8914, 0x41
    descriptor = _checked(_libc.socket(2, 2 | 0o2000000, 0), "socket")
    try:
        request = b"lo".ljust(16, b"\0") + up_and_running.to_bytes(2, sys.byteorder) + bytes(22)
        _checked(_libc.ioctl(descriptor, ctypes.c_ulong(siocsifflags), request), "raising the loopback interface")
    finally:
        os.close(descriptor)


def _prctl(option: int, what: str, *arguments: int) -> int:
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *padded), what)


def die_with_parent(signal_number: int) -> None:
    """Get the signal when the *thread* that forked this process ends; who calls this must check that it still lives."""
    _prctl(_PR_SET_PDEATHSIG, "prctl PDEATHSIG", signal_number)


def take_every_signal() -> None:
    """Undo what was inherited: what Python ignores, what `nohup` ignores, what a supervisor blocks."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def forbid_inspection() -> None:
    """Close this process's memory, environment and descriptors to other processes of the same user."""
    _prctl(_PR_SET_DUMPABLE, "prctl DUMPABLE", 0)


def allow_no_new_privileges() -> None:
    """Make set-user-id files and file capabilities powerless, for good."""
    _prctl(_PR_SET_NO_NEW_PRIVS, "prctl NO_NEW_PRIVS", 1)


def drop_capabilities() -> None:
    """Give every capability up, those that an exec could give back included."""
    for capability in range(64):
        try:
            _prctl(_PR_CAPBSET_DROP, "prctl CAPBSET_DROP", capability)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            break  # the first number that the kernel does not know
    _prctl(_PR_CAP_AMBIENT, "prctl CAP_AMBIENT", _PR_CAP_AMBIENT_CLEAR_ALL)
    header = _CAPABILITY_VERSION_3.to_bytes(4, sys.byteorder) + bytes(4)
    _checked(_libc.capset(ctypes.create_string_buffer(header), bytes(24)), "capset")


def close_descriptors(kept: Iterable[int]) -> None:
    """Close every descriptor that is not in `kept`."""
    first = 0
    for descriptor in sorted({*kept, 0x7FFFFFFF}):
        if descriptor > first:
            _close_range(first, descriptor - 1)
        first = descriptor + 1


def _close_range(first: int, last: int) -> None:
    try:
        _call(_CLOSE_RANGE, "close_range", first, last, 0)
    except OSError:  # before Linux 5.9
        os.closerange(first, min(last + 1, os.sysconf("SC_OPEN_MAX")))


def seccomp_filter(program: bytes) -> None:
    """Put a BPF program between this process (its children, too) and the kernel; needs `allow_no_new_privileges`."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    set_mode_filter = 1
    packed = Program(len(program) // 8, program)
    number = ctypes.c_long(_older("seccomp"))
    _checked(_libc.syscall(number, ctypes.c_long(set_mode_filter), ctypes.c_long(0), ctypes.byref(packed)), "seccomp")


def landlock_abi() -> int:
    """The version of Landlock's interface, 0 where the kernel has none or does not use it."""
    version = 1
    try:
        return _call(_LANDLOCK_CREATE_RULESET, "landlock", None, 0, version)
    except OSError:
        return 0


def landlock_create(attributes: bytes) -> int:
    """A rule set's descriptor."""
    return _call(_LANDLOCK_CREATE_RULESET, "landlock_create_ruleset", attributes, len(attributes), 0)


def landlock_allow_path(rule_set: int, rights: int, descriptor: int) -> None:
    """Allow `rights` below (or on) what `descriptor` was opened as."""
    path_beneath = 1
    rule = rights.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
    _call(_LANDLOCK_ADD_RULE, "landlock_add_rule", rule_set, path_beneath, rule, 0)


def landlock_restrict(rule_set: int) -> None:
    """Put this process and its children under the rule set, for good; needs `allow_no_new_privileges`."""
    _call(_LANDLOCK_RESTRICT_SELF, "landlock_restrict_self", rule_set, 0)


def adopt_orphans() -> None:
    """Become the parent of every process below this one that loses its own."""
    _prctl(_PR_SET_CHILD_SUBREAPER, "prctl CHILD_SUBREAPER", 1)


def limit_resources(limits: Mapping[str, int]) -> None:
    """Set resource limits by name (`AS`, `FSIZE`, `NOFILE`, `NPROC`, `CPU`, `CORE`), never above what the process has.

    A `CORE` of 0 becomes 1: only at that value the kernel does not hand a crash to the machine's own crash reporter either.
    `AS` counts one process and `FSIZE` one file; `NPROC` does not bind root, and before Linux 5.14 counts all of the user's
    processes: totals are for the warden to watch.
    """
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(number)
        requested = max(value, 1) if name == "CORE" else value
        allowed = requested if hard == resource.RLIM_INFINITY else min(requested, hard)
        resource.setrlimit(number, (allowed, allowed))

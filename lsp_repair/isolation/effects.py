"""Run inside a sandbox by the user's interpreter, reports which effects on the machine are open: `python -I -S effects.py JSON`.

Nothing here depends on what the sandbox is made of: each effect is tried. Keys of the JSON object, each of them optional; an
effect that cannot be tried without a missing one is "not probed":

- `tcp_ports`, `udp_ports`: ports of 127.0.0.1 on which somebody outside listens while this runs;
- `unix_paths`, `abstract_names`: of listening sockets outside (a name without its leading zero byte);
- `secret_paths`: files outside that must not be readable;
- `write_paths`: existing files outside that must not be writable (opened, never changed);
- `host_process`: `{"pid": …, "start": …}` of a process outside, `start` being field 22 of its `/proc/PID/stat`;
- `secret`: text that stands in the environment of a process outside and must stand in no environment that is visible here;
- `descriptors`: numbers of descriptors beyond 2 that are meant to be open;
- `limits`: the rlimits of the run (`AS`, `NPROC`, `FSIZE`); `disk`: `{folder: bytes}`, what may at most be kept there.

Prints one JSON object `{effect: "blocked" | "open" | "not probed"}`; on stderr a line for each open effect says what was open.
Needs Python 3.9 and the standard library.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any, Optional

Given = dict[str, Any]
Found = Optional[list[str]]
"""What was open; None: not tried."""

_DENIED = {errno.EPERM, errno.EACCES, errno.ENOSYS}
_AF_VSOCK = 40
_CLONE_NEWUSER = 0x10000000
_PEEK_DATA = 2
# (x86_64, aarch64), arguments that cannot do harm: the answer of a kernel that lets them in is another error.
_KERNEL_CALLS = {
    "keyctl": ((250, 219), (0, -3, 0)),
    "io_uring_setup": ((425, 425), (1, 0)),
    "ptrace": ((101, 117), (_PEEK_DATA, 0, 0, 0)),
    "bpf": ((321, 280), (0, 0, 0)),
    "perf_event_open": ((298, 241), (0, 0, -1, -1, 0)),
    "userfaultfd": ((323, 282), (-1,)),
    "process_vm_readv": ((310, 270), (-1, 0, 0, 0, 0, 0)),
    "open_by_handle_at": ((304, 265), (-1, 0, 0)),
    "mount": ((165, 40), (0, 0, 0, 0, 0)),
}


def network(given: Given) -> Found:
    """TCP and UDP to the loopback interface outside, and a route to elsewhere."""
    if "tcp_ports" not in given and "udp_ports" not in given:
        return None
    found = [f"TCP {port}" for port in given.get("tcp_ports", ()) if _connects(socket.AF_INET, ("127.0.0.1", port))]
    found += [f"UDP {port}" for port in given.get("udp_ports", ()) if _is_listened_to(port)]
    return found + (["a route"] if _connects(socket.AF_INET, ("192.0.2.1", 9), socket.SOCK_DGRAM) else [])


def _connects(family: int, address: str | tuple[str, int], kind: int = socket.SOCK_STREAM) -> bool:
    try:
        with socket.socket(family, kind) as tried:
            tried.settimeout(0.5)
            tried.connect(address)
    except OSError as error:
        return error.errno in {errno.EAGAIN, errno.EPROTOTYPE}  # somebody is there, but busy or of another kind
    return True


def _is_listened_to(port: int) -> bool:
    """The loopback interface rejects a datagram for a closed port at once: the next one fails."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
            tried.connect(("127.0.0.1", port))
            for _ in range(3):
                tried.send(b"")
    except OSError:
        return False
    return True


def unix_sockets(given: Given) -> Found:
    """Local sockets of others, by path and by abstract name."""
    if "unix_paths" not in given and "abstract_names" not in given:
        return None
    addresses = [*given.get("unix_paths", ()), *("\0" + name for name in given.get("abstract_names", ()))]
    return [repr(each) for each in addresses if _connects(socket.AF_UNIX, each)]


def vsock(_given: Given) -> Found:
    """Sockets to the hypervisor, which no network namespace holds."""
    try:
        socket.socket(_AF_VSOCK, socket.SOCK_STREAM).close()
    except OSError:
        return []
    return ["a socket can be created"]


def home(given: Given) -> Found:
    """Files with secrets."""
    return _that_open(given, "secret_paths", os.O_RDONLY)


def host_files(given: Given) -> Found:
    """Files of the machine."""
    return _that_open(given, "write_paths", os.O_WRONLY | os.O_APPEND)


def _that_open(given: Given, key: str, flags: int) -> Found:
    if key not in given:
        return None
    found: list[str] = []
    for path in given[key]:
        try:
            os.close(os.open(path, flags))
        except OSError:
            continue
        found.append(path)
    return found


def host_processes(given: Given) -> Found:
    """Seeing a process outside, or signalling it."""
    if "host_process" not in given:
        return None
    pid, start = given["host_process"]["pid"], str(given["host_process"]["start"])
    stat = _read(f"/proc/{pid}/stat")
    if stat and stat.rpartition(b")")[2].split()[19].decode() != start:
        return []  # one of ours has the same number
    found = ["it can be seen"] if os.path.exists(f"/proc/{pid}") else []
    try:
        os.kill(pid, 0)
    except OSError:
        return found
    return [*found, "it can be signalled"]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def secrets_in_environment(given: Given) -> Found:
    """Environments of all processes that can be seen, this one's included."""
    if "secret" not in given:
        return None
    try:
        seen = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        seen = [str(pid) for pid in (1, os.getpid(), os.getppid())]
    secret = given["secret"].encode()
    found = [pid for pid in seen if secret in _read(f"/proc/{pid}/environ")]
    return found + (["os.environ"] if any(given["secret"] in value for value in os.environ.values()) else [])


def namespaces(_given: Given) -> Found:
    """A user namespace inside, which gives new powers over the kernel; tried last, as it cannot be undone."""
    if not sys.platform.startswith("linux"):
        return None
    return ["a user namespace can be created"] if ctypes.CDLL(None).unshare(_CLONE_NEWUSER) == 0 else []


def kernel_interfaces(_given: Given) -> Found:
    """Calls that no test needs."""
    machine = os.uname().machine
    if machine not in {"x86_64", "aarch64"}:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    found: list[str] = []
    for name, (numbers, arguments) in _KERNEL_CALLS.items():
        ctypes.set_errno(0)
        number = numbers[machine == "aarch64"]
        answer = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments))
        if answer >= 0 or ctypes.get_errno() not in _DENIED:
            found.append(name)
    return found


def descriptors(given: Given) -> Found:
    """Descriptors that this process was not meant to inherit."""
    meant = {0, 1, 2, *given.get("descriptors", ())}
    return [str(each) for each in range(1024) if each not in meant and _is_open(each)]


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def terminal(_given: Given) -> Found:
    """A terminal into which one could type."""
    found = [str(each) for each in (0, 1, 2) if os.isatty(each)]
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return found
    return [*found, "/dev/tty"]


def memory(given: Given) -> Found:
    """The limit on this process; that of the whole tree is watched from outside."""
    return _unlimited(given, "AS")


def processes(given: Given) -> Found:
    """The limit on processes, which does not bind root: then it is watched from outside only."""
    return None if os.geteuid() == 0 else _unlimited(given, "NPROC")


def _unlimited(given: Given, name: str) -> Found:
    if name not in given.get("limits", {}):
        return None
    _, hard = resource.getrlimit(getattr(resource, "RLIMIT_" + name))
    limited = hard != resource.RLIM_INFINITY and hard <= given["limits"][name]
    return [] if limited else ["no limit on " + name]


def disk(given: Given) -> Found:
    """What can be kept in folders, and in one file."""
    if "disk" not in given:
        return None
    found = [folder for folder, size in given["disk"].items() if _size(folder) > size]
    return found + (_unlimited(given, "FSIZE") or [])


def _size(folder: str) -> int:
    described = os.statvfs(folder)
    return described.f_blocks * described.f_frsize


EFFECTS: dict[str, Callable[[Given], Found]] = {
    "network": network,
    "unix-sockets": unix_sockets,
    "vsock": vsock,
    "home": home,
    "host-files": host_files,
    "host-processes": host_processes,
    "secrets-in-environment": secrets_in_environment,
    "namespaces": namespaces,
    "kernel-interfaces": kernel_interfaces,
    "descriptors": descriptors,
    "terminal": terminal,
    "memory": memory,
    "processes": processes,
    "disk": disk,
}


def main() -> None:
    """Try everything, print what was found."""
    given = json.loads(sys.argv[1])
    answers = {}
    for effect in sorted(EFFECTS, key="namespaces".__eq__):
        found = EFFECTS[effect](given)
        answers[effect] = "not probed" if found is None else "open" if found else "blocked"
        if found:
            print(f"{effect}: {', '.join(found)}", file=sys.stderr)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()

"""What a confined process sees of the file system, decided once for bubblewrap, for system calls and for Landlock.

A *spec* is the JSON object that the warden gets for each run: `readable` (paths), `workspace` (folder), `frozen` (files below it),
`scratch` (folders that begin empty), `hidden` (optional: paths to cover, `.env` files say), `home` (optional: the user's real one,
never shown), `size_bytes`, `network`, `cwd`, `limits` and `keep_fds`. The workspace's files must belong to the user and to the
user's own group: in a user namespace an overlay cannot make a writable copy of others'. A folder that the workspace began with can be
emptied and removed inside, but `os.rename` of it answers EXDEV (`shutil.move` then copies).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
"""Shown as the machine has them: a link stays a link."""

ETC = (
    "alternatives",
    "fonts",
    "group",
    "host.conf",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki/ca-trust",
    "pki/tls/certs",
    "pki/tls/cert.pem",
    "pki/tls/openssl.cnf",
    "protocols",
    "resolv.conf",
    "services",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/openssl.cnf",
    "static",
    "terminfo",
    "timezone",
)
"""The harmless part of /etc; whatever else a machine keeps there (shadow, ssh, sudoers, keys) does not exist inside."""

FIXED_LINKS = (
    ("/etc/mtab", "/proc/self/mounts"),
    ("/var/tmp", "/tmp"),
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "pts/ptmx"),
)
EMPTY_FOLDERS = ("/run", "/var", "/etc", "/dev", "/proc", "/tmp")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
SHARED_MEMORY_BYTES = 64 << 20

PROC_HIDDEN_FILES = ("kallsyms", "kcore", "key-users", "keys", "kmsg", "latency_stats", "sched_debug", "timer_list")
"""Covered by an empty file. All of /proc is read-only as well: user 0 inside is user 0 outside, so permissions do not stop it."""
PROC_HIDDEN_FOLDERS = ("acpi", "asound", "scsi")
PROC_READABLE = (
    "cpuinfo",
    "filesystems",
    "loadavg",
    "meminfo",
    "self",
    "stat",
    "sys/kernel",
    "sys/vm",
    "uptime",
    "version",
)
"""What a process confined without a /proc of its own (Landlock) may read of the machine's."""

_NEVER_SHOWN = ("/", "/proc", "/sys", "/dev", "/run", "/etc", "/tmp", "/var", "/home", "/root", "/boot", "/Users")


class Step(NamedTuple):
    """One thing to put in its place, in the order of `steps`: what lies below another comes after it."""

    kind: str
    """`link`, `read` (read-only), `workspace` (its writes vanish), `kept` (they stay), `scratch`, `pin` (mounted over itself, writable: the way to a mount
    inside a writable folder, which could be renamed away otherwise), `frozen` (a workspace's file, read-only) or `hidden` (covered
    by nothing)."""
    path: str
    target: str = ""
    """Where a link leads as it is written; where what is shown really lies."""


def steps(spec: Mapping[str, Any]) -> list[Step]:
    """Where everything goes, parents first; what does not exist on this machine is left out."""
    placed = {step.path: step for step in _outer(spec)}
    for path in sorted({os.path.normpath(each) for each in spec.get("readable", ())}, key=_depth):
        if _may_be_shown(path, spec) and _covering(path, placed).kind in {"", "workspace", "kept", "scratch"}:
            placed.update((step.path, step) for step in _as_it_is(path) if path not in placed)
    for path in map(os.path.normpath, spec.get("frozen", ())):
        if os.path.exists(path) and not os.path.islink(path) and _covering(path, placed).kind == "workspace":
            placed[path] = Step("frozen", path)
    for path in map(os.path.normpath, spec.get("hidden", ())):
        if os.path.exists(path) and _covering(path, placed).kind in {"workspace", "kept", "read"}:
            placed[path] = Step("hidden", path)
    for path in list(placed):
        placed.update((each, Step("pin", each)) for each in _between(path, placed))
    return sorted(placed.values(), key=lambda step: (_depth(step.path), step.path))


def readable_paths(spec: Mapping[str, Any]) -> list[str]:
    """What may be read but for the workspace and scratch: for Landlock, which places nothing."""
    ours = {path for path, _ in FIXED_LINKS}
    return [step.path for step in steps(spec) if step.kind in {"read", "link"} and step.path not in ours]


@lru_cache(maxsize=1)
def system_steps() -> tuple[Step, ...]:
    """What every sandbox has; looked up once, so a warden that asks before it forks pays once."""
    return (
        *(step for folder in SYSTEM_FOLDERS for step in _as_it_is(folder)),
        *(step for name in ETC for step in _of_etc(f"/etc/{name}")),
        *(Step("link", path, target) for path, target in FIXED_LINKS),
        Step("scratch", "/tmp"),
    )


def _outer(spec: Mapping[str, Any]) -> Iterator[Step]:
    yield from system_steps()
    for path in spec.get("scratch", ()):
        yield Step("scratch", os.path.normpath(path))
    kind = "kept" if spec.get("kept") else "workspace"
    yield Step(kind, os.path.normpath(spec["workspace"]), os.path.realpath(spec["workspace"]))


def _as_it_is(path: str) -> Iterator[Step]:
    if os.path.islink(path):
        yield Step("link", path, os.readlink(path))
    elif os.path.exists(path):
        yield Step("read", path, os.path.realpath(path))


def _of_etc(path: str) -> Iterator[Step]:
    """A link into what is shown anyhow stays one (the time zone's name is read from it), any other becomes what it leads to."""
    if os.path.islink(path) and os.path.realpath(path).startswith("/usr/"):
        yield Step("link", path, os.readlink(path))
    elif os.path.exists(path):
        yield Step("read", path, os.path.realpath(path))


def _may_be_shown(path: str, spec: Mapping[str, Any]) -> bool:
    if path == spec.get("opened_home"):
        return True
    if path in _NEVER_SHOWN or path.startswith(("/proc/", "/sys/", "/dev/")) or not os.path.isabs(path):
        return False
    home = spec.get("home")
    return not home or not is_within(os.path.realpath(home), os.path.realpath(path))


def is_within(path: str, folder: str) -> bool:
    """Whether `path` is the folder or lies below it; both normalised."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _above(path: str) -> Iterator[str]:
    """The folders above, nearest first, without the root."""
    while (path := os.path.dirname(path)) != "/":
        yield path


def _covering(path: str, placed: Mapping[str, Step]) -> Step:
    """What shows this path, unless something is put there itself."""
    return next((placed[each] for each in _above(path) if each in placed), Step("", ""))


def _between(path: str, placed: Mapping[str, Step]) -> Iterable[str]:
    found: list[str] = []
    for each in _above(path):
        if each in placed:
            return found if placed[each].kind in {"workspace", "kept", "scratch", "pin"} else ()
        found.append(each)
    return ()


def _depth(path: str) -> int:
    return path.count("/")

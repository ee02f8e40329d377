"""The strong sandbox by system calls: what bubblewrap does, without bubblewrap.

The process that calls `enter` becomes three: the caller waits, its child is the first process of a new pid namespace (the kernel
kills everything else in there with it), and the grandchild returns from `enter` to become the user's program.
"""

from __future__ import annotations

import errno
import os
import select
import signal
from collections.abc import Mapping
from typing import Any, NoReturn

from . import building, layout, seccomp, system

_ALWAYS = system.CLONE_NEWUSER | system.CLONE_NEWNS | system.CLONE_NEWPID | system.CLONE_NEWIPC | system.CLONE_NEWUTS


def enter(spec: Mapping[str, Any]) -> None:
    """Confine this process as `layout` describes the spec; call it in a fresh fork of a process with one thread.

    Returns only in the confined process, which is then ready to exec: session leader, no capabilities, only the descriptors 0 to 2
    and `keep_fds`. The caller's own process exits with that process's status (128 + n for signal n), and everything dies with it.
    Raises OSError in whichever of the three processes could not do its part: it must report (by a descriptor in `keep_fds`) and
    exit; its status is passed on. Nothing can be imported once the root is another one, so whatever the caller needs to report must
    be loaded before.
    """
    program = seccomp.program(os.uname().machine)
    if program is None:
        raise OSError(errno.ENOSYS, f"no system call filter for {os.uname().machine}")
    supervisor = os.getppid()
    _leave_namespaces(network=spec["network"])
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)
    alive, held = os.pipe()
    first = os.fork()
    if first:
        _stand_by(first, held)
    os.close(held)
    _become_first(spec, alive, program)


def warm_up() -> None:
    """Compute what all runs share; a warden calls it before it forks for them."""
    layout.system_steps()
    seccomp.program(os.uname().machine)


def _leave_namespaces(*, network: bool) -> None:
    user, group = os.geteuid(), os.getegid()
    requested = _ALWAYS | (0 if network else system.CLONE_NEWNET)
    try:
        system.unshare(requested | system.CLONE_NEWCGROUP)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel without control groups
            raise
        system.unshare(requested)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        file = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        os.write(file, text.encode())
        os.close(file)


def _stand_by(child: int, held: int) -> NoReturn:
    """Wait for the child and exit as it did; `held` closes with this process, which tells the child."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    system.close_descriptors([held])
    _, status = os.waitpid(child, 0)
    os._exit(_exit_code(status))


def _become_first(spec: Mapping[str, Any], alive: int, program: bytes) -> None:
    """Process 1 of the sandbox: builds it, drops the privileges that took, starts process 2 and ends with it."""
    system.die_with_parent(signal.SIGKILL)
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    mask = os.umask(0o022)
    building.build(spec)
    os.umask(mask)
    if not spec["network"]:
        system.raise_loopback()
    system.set_host_name("localhost")
    system.drop_capabilities()
    system.forbid_inspection()  # this memory and environment are the warden's
    seccomp.install(program)
    second = os.fork()
    if second:
        _reap_until(second)
    _become_second(spec)


def _become_second(spec: Mapping[str, Any]) -> None:
    os.setsid()
    os.chdir(spec["cwd"])
    system.take_every_signal()
    system.close_descriptors([0, 1, 2, *spec.get("keep_fds", ())])
    system.limit_resources(spec.get("limits", {}))


def _reap_until(child: int) -> NoReturn:
    """Reap orphans; exit when the child does, and the kernel kills the rest."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    system.close_descriptors([])
    while True:
        ended, status = os.wait()
        if ended == child:
            os._exit(_exit_code(status))


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code

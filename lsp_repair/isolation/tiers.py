"""Which isolation this machine offers, found by trying; whether it suffices for code of an origin; how to strengthen it."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_repair.domain.isolation import OPENABLE, Effect, IsolationReport, Tier
from lsp_repair.errors import RefusedError
from lsp_repair.isolation.confinement import Limits, Mechanism, Sandbox
from lsp_repair.isolation.effects import EFFECTS
from lsp_repair.isolation.probing import Tried, tried

_OF_LINUX = (Mechanism.NAMESPACES, Mechanism.BUBBLEWRAP, Mechanism.LANDLOCK)
_OF_A_STRONG_ONE = frozenset(EFFECTS)
_OF_A_PARTIAL_ONE = frozenset({"home", "host-files", "secrets-in-environment", "namespaces", "kernel-interfaces"})
_OPENED_BY = {
    "network": frozenset({"network", "unix-sockets", "vsock"}),
    "home": frozenset({"home"}),
    "environment": frozenset({"secrets-in-environment"}),
}
"""Which probed effects each opening opens."""

_INSTALL = {
    **dict.fromkeys(("debian", "ubuntu"), "sudo apt install bubblewrap"),
    **dict.fromkeys(("fedora", "rhel"), "sudo dnf install bubblewrap"),
    **dict.fromkeys(("suse", "opensuse"), "sudo zypper install bubblewrap"),
    "arch": "sudo pacman -S bubblewrap",
    "alpine": "sudo apk add bubblewrap",
}
_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_SWITCHED_OFF = Path("/proc/sys/kernel/unprivileged_userns_clone")
_MAX = Path("/proc/sys/user/max_user_namespaces")
_APPARMOR = (
    "sudo apt install apparmor-profiles bubblewrap && sudo cp "
    "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo apparmor_parser -r "
    "/etc/apparmor.d/bwrap-userns-restrict"
)


@dataclass(frozen=True, slots=True)
class Found:
    """The sandbox that every run of a session gets, and what was found of it."""

    sandbox: Sandbox
    report: IsolationReport


@dataclass(frozen=True, slots=True)
class Requested:
    """What a session's processes need."""

    python: Path
    """The interpreter that runs inside."""
    readable: tuple[Path, ...] = ()
    allow: tuple[str, ...] = ()
    """Effects that the user opens, of `OPENABLE`."""
    limits: Limits | None = None


def find(requested: Requested, attempt: Callable[[Path, Sandbox], Tried] = tried) -> Found:
    """The strongest mechanism whose effects, tried with the flags of the real run, are what its tier promises.

    System calls before bubblewrap, which is for machines that give namespaces to it alone (AppArmor): bubblewrap before 0.11
    knows no overlay, so the project has to be copied for each run and sockets have to be looked for.
    """
    opened = frozenset(requested.allow) & frozenset(OPENABLE)
    failures: dict[Mechanism, str] = {}
    for mechanism in _OF_LINUX if sys.platform.startswith("linux") else ():
        sandbox = Sandbox(
            mechanism, requested.readable, _hidden(mechanism, requested), opened, requested.limits or Limits()
        )
        result = attempt(requested.python, sandbox)
        left_open = _open_in_spite(mechanism, result.effects, opened)
        if result.effects and not left_open:
            report = IsolationReport(mechanism.tier, result.effects, str(mechanism), tuple(sorted(opened)))
            hint = how_to_strengthen(failures) if mechanism.tier is not Tier.STRONG else ""
            return Found(sandbox, replace(report, hint=hint))
        failures[mechanism] = result.failure or f"it leaves open: {', '.join(left_open)}"
    report = IsolationReport(Tier.WEAK, dict.fromkeys(EFFECTS, Effect.OPEN), str(Mechanism.NONE), tuple(sorted(opened)))
    sandbox = Sandbox(Mechanism.NONE, requested.readable, (), opened, requested.limits or Limits())
    return Found(sandbox, replace(report, hint=how_to_strengthen(failures)))


def _hidden(mechanism: Mechanism, requested: Requested) -> tuple[Path, ...]:
    """A read-only bind does not keep a process from connecting to a socket: where there are only binds, it is covered."""
    if mechanism is not Mechanism.BUBBLEWRAP:
        return ()
    return tuple(found for folder in requested.readable for found in _talking(folder))


def _talking(folder: Path) -> Iterator[Path]:
    """Sockets and named pipes below a folder."""
    waiting = [folder] if folder.is_dir() else []
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                    yield Path(entry.path)


def _open_in_spite(mechanism: Mechanism, effects: Mapping[str, Effect], opened: frozenset[str]) -> list[str]:
    """What the mechanism promises to block and does not."""
    promised = _OF_A_STRONG_ONE if mechanism.tier is Tier.STRONG else _OF_A_PARTIAL_ONE
    on_purpose = frozenset[str]().union(*(_OPENED_BY[each] for each in opened))
    return sorted(name for name in promised - on_purpose if effects.get(name) is not Effect.BLOCKED)


def demand(found: IsolationReport, demanded: Tier, what: str) -> None:
    """RefusedError (`isolation`) when it is weaker than demanded; names what would strengthen it."""
    if not found.tier.satisfies(demanded):
        raise RefusedError("isolation", too_weak(found, demanded, what), way_out(found))


def too_weak(found: IsolationReport, demanded: Tier, what: str) -> str:
    """What is demanded for this code, and what there is."""
    return f"{what} need isolation {demanded}, but this machine only offers {found.tier}"


def way_out(found: IsolationReport) -> str:
    """How to get a stronger isolation, or to do without."""
    return f"{found.hint + '; or ' if found.hint else ''}accept a weaker one: --min-isolation {found.tier}"


def how_to_strengthen(failures: Mapping[Mechanism, str]) -> str:
    """One sentence with a command where there is one; `failures` says why each stronger mechanism was not taken."""
    if not sys.platform.startswith("linux"):
        return "a strong sandbox is only available on Linux: run in a container or virtual machine that you trust"
    if _says(_RESTRICTED, "1"):
        return f"AppArmor blocks user namespaces; allow them for bubblewrap: {_APPARMOR}"
    if _says(_SWITCHED_OFF, "0"):
        return "user namespaces are disabled; enable them: sudo sysctl kernel.unprivileged_userns_clone=1"
    if _says(_MAX, "0"):
        return "user namespaces are disabled; enable them: sudo sysctl user.max_user_namespaces=10000"
    if shutil.which("bwrap") is None:
        return f"install bubblewrap: {_command()}"
    reasons = "; ".join(f"{mechanism}: {why}" for mechanism, why in failures.items())
    return (
        "in a container, allow it to create user namespaces (with Docker: --security-opt seccomp=unconfined "
        f"--security-opt apparmor=unconfined); tried: {reasons}"
    )


def _says(file: Path, value: str) -> bool:
    try:
        return file.read_text().strip() == value
    except OSError:
        return False


def _command() -> str:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        lines = []
    fields = {name: value for name, _, value in (line.partition("=") for line in lines)}
    names = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").split()
    return next((_INSTALL[name] for name in names if name in _INSTALL), "with your system's package manager")

"""What would make the isolation stronger on this machine, as the command to type."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from lsp_repair.isolation.confinement import Mechanism

_INSTALL = {
    "debian": "sudo apt install bubblewrap",
    "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
    "alpine": "sudo apk add bubblewrap",
    "suse": "sudo zypper install bubblewrap",
    "opensuse": "sudo zypper install bubblewrap",
}
_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_SWITCHED_OFF = Path("/proc/sys/kernel/unprivileged_userns_clone")
_MAX = Path("/proc/sys/user/max_user_namespaces")
_APPARMOR = (
    "sudo apt install apparmor-profiles bubblewrap && sudo cp "
    "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo apparmor_parser -r "
    "/etc/apparmor.d/bwrap-userns-restrict"
)


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

"""A workspace and a sandbox around it, entered as the warden enters one."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ENTERING = Path(__file__).parent / "entering.py"
EFFECTS = Path(__file__).parents[2] / "lsp_repair" / "isolation" / "effects.py"
ORDINARY_USER = 65534
SECRET = "HUSH-4711"  # stands in the environment of the warden
MEBIBYTE = 1 << 20


@dataclass
class Sandbox:
    """A workspace and a way to run Python in a sandbox around it."""

    place: Path
    user: int | None
    python: str
    readable: list[str]
    how: str = "namespaces"
    spec: dict[str, Any] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    landlock_abi: int | None = None

    @property
    def workspace(self) -> Path:
        return self.place / "workspace"

    def order(self, *argv: str) -> list[str]:
        scratch = self.place / "home"
        spec: dict[str, Any] = {
            "readable": self.readable,
            "workspace": str(self.workspace),
            "frozen": [],
            "scratch": [str(scratch)],
            "size_bytes": 64 * MEBIBYTE,
            "network": False,
            "cwd": str(self.workspace),
            "limits": {"NOFILE": 512, "CORE": 0},
            "keep_fds": [],
        } | self.spec
        temporary = "/tmp" if self.how == "namespaces" else str(scratch)
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(scratch), "TMPDIR": temporary, "PYTHONDONTWRITEBYTECODE": "1"}
        environ |= {"PYTHONPATH": os.pathsep.join(self.readable), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        order = {"user": self.user, "how": self.how, "without": self.without, "spec": spec}
        order["landlock_abi"] = self.landlock_abi
        return [self.python, "-I", str(ENTERING), json.dumps({**order, "argv": argv, "environ": environ})]

    def run(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run it; the warden's environment holds a secret, and a descriptor that nobody meant to be inherited."""
        self.hand_over()
        with Path("/dev/null").open() as forgotten:
            return subprocess.run(
                self.order(*argv),
                env={"SECRET": SECRET, "PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                pass_fds=(forgotten.fileno(), *self.spec.get("keep_fds", ())),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
                **options,
            )

    def tell(self, code: str) -> Any:
        """What the code prints as JSON when it runs inside."""
        done = self.run(self.python, "-c", code)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def effects(self, given: dict[str, Any]) -> dict[str, str]:
        shutil.copy(EFFECTS, self.workspace)
        done = self.run(self.python, "-I", "-S", str(self.workspace / "effects.py"), json.dumps(given))
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def hand_over(self) -> None:
        if self.user is not None:
            for path in (self.place, *self.place.rglob("*")):
                os.chown(path, self.user, self.user, follow_symlinks=False)


def _usable_by(user: int, python: str) -> bool:
    command = [python, "-I", "-c", "import ctypes"]
    try:
        subprocess.run(command, user=user, group=user, extra_groups=[], check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def sandbox_as(who: str, place: Path) -> Sandbox:
    packages = str(Path(pytest.__file__).parents[1])
    if who == "as the user who runs the tests":
        return Sandbox(place, None, sys.executable, [sys.prefix, sys.base_prefix, packages])
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists() and _usable_by(ORDINARY_USER, python):
            return Sandbox(place, ORDINARY_USER, python, [packages])
    pytest.skip("no interpreter here that another user may start")

"""Sandboxes to try things in: by namespaces and by Landlock, as root and as an ordinary user."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # for `entering` and `sandboxes`

from entering import load_warden
from sandboxes import Sandbox, sandbox_as


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-tests-"))
    folder.chmod(0o755)
    (folder / "workspace").mkdir()
    yield folder
    shutil.rmtree(folder)


@cache
def _forbidden() -> str:
    """Why nobody can make user namespaces here; a sandbox that fails for another reason fails the tests."""
    kernel = Path("/proc/sys")
    for name, forbidding in (
        ("user/max_user_namespaces", "0"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ):
        if (kernel / name).exists() and (kernel / name).read_text().strip() == forbidding:
            return f"{name} is {forbidding}"
    tried = [sys.executable, "-c", "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)"]
    return "a container's filter refuses them" if subprocess.run(tried, check=False, timeout=120).returncode else ""


@pytest.fixture(params=["as the user who runs the tests", "as an ordinary user"])
def strong(request: pytest.FixtureRequest, place: Path) -> Sandbox:
    """The sandbox by system calls."""
    sandbox = sandbox_as(request.param, place)
    if reason := _forbidden():
        pytest.skip(reason)
    return sandbox


@pytest.fixture(params=["as the user who runs the tests", "as an ordinary user"])
def partial(request: pytest.FixtureRequest, place: Path) -> Sandbox:
    """The sandbox by Landlock."""
    if not load_warden("system").landlock_abi():
        pytest.skip("this kernel has no Landlock")
    sandbox = sandbox_as(request.param, place)
    (place / "home").mkdir()
    sandbox.how = "landlock"
    return sandbox

"""Sandboxes to try things in: by namespaces and by Landlock, as root and as an ordinary user."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
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


@pytest.fixture(params=["as the user who runs the tests", "as an ordinary user"])
def strong(request: pytest.FixtureRequest, place: Path) -> Sandbox:
    """The sandbox by system calls."""
    sandbox = sandbox_as(request.param, place)
    tried = sandbox.run("/bin/true")
    if tried.returncode == 99 and "PermissionError" in tried.stderr:
        pytest.skip("this machine lets nobody make namespaces: " + tried.stderr.splitlines()[-1])
    return sandbox


@pytest.fixture(params=["as the user who runs the tests", "as an ordinary user"])
def partial(request: pytest.FixtureRequest, place: Path) -> Sandbox:
    """The sandbox by Landlock."""
    if not load_warden("landlock").abi():
        pytest.skip("this kernel has no Landlock")
    sandbox = sandbox_as(request.param, place)
    (place / "home").mkdir()
    sandbox.how = "landlock"
    return sandbox

"""`kill -9` of the tool at each step of a repair: no process stays, and the next start takes away what lies about."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from endings import none_left, running

MARK = re.compile(rb"LSP_REPAIR_RUN=(\d+)-")


def processes_of(tool: int) -> list[int]:
    """Confined processes that this tool started and that are still there."""
    found: list[int] = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                match = MARK.search((each / "environ").read_bytes())
            except OSError:
                continue
            if match and int(match[1]) == tool:
                found.append(int(each.name))
    return found


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize(
    "step", ["running the tests on a snapshot", "searching for a repair", "makes the failing tests pass"]
)
def test_nothing_is_left_of_a_repair_that_was_killed(broken, environ, tmp_path, step):
    folder = Path(tempfile.mkdtemp(prefix="killed-"))  # short: sockets lie below it
    environ = environ | {"TMPDIR": str(folder)}
    command = [sys.executable, "-m", "lsp_repair", "fix", str(broken("bank_ledger")), "--python", sys.executable]
    with running(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as tool:
        assert tool.stderr is not None
        assert any(step in line for line in tool.stderr), "it never got that far"
        tool.kill()
    assert none_left(lambda: processes_of(tool.pid))
    assert list(folder.iterdir()), "there was nothing to take away"
    subprocess.run(
        [sys.executable, "-m", "lsp_repair", "report"], env=environ, check=True, capture_output=True, timeout=120
    )
    assert list(folder.iterdir()) == []
    folder.rmdir()

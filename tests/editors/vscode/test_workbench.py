"""The extension in a real workbench, where one is at hand.

`CODE_SERVER` is the folder of the npm package code-server, `CODE_SERVER_NODE` the node that runs it; see run.mjs.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[2] / "vscode-client" / "dist" / "extension.js"

pytestmark = [
    pytest.mark.skipif("CODE_SERVER" not in os.environ, reason="CODE_SERVER names no editor"),
    pytest.mark.skipif(not (HERE / "node_modules").exists(), reason="npm install was not run here"),
    pytest.mark.skipif(not BUILT.exists(), reason="the extension is not built"),
]


@pytest.mark.parametrize(
    "options", [pytest.param(["--stand-in"], id="extension alone"), pytest.param([], id="with the server")]
)
def test_a_user_repairs_a_failing_test(options):
    node = os.environ.get("CODE_SERVER_NODE", "node")
    command = [node, str(HERE / "run.mjs"), os.environ["CODE_SERVER"], *options]
    ended = subprocess.run(
        command, env=os.environ | {"PYTHON": sys.executable}, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr

"""The extension in a real workbench, where one is at hand.

`CODE_SERVER` is the folder of the npm package code-server, `CODE_SERVER_NODE` the node that runs it; see run.mjs.
"""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENT = HERE.parents[2] / "vscode-client"
MODELS = CLIENT / "bundled" / "models.txt"

pytestmark = [
    pytest.mark.skipif("CODE_SERVER" not in os.environ, reason="CODE_SERVER names no editor"),
    pytest.mark.skipif(not (HERE / "node_modules").exists(), reason="npm install was not run here"),
    pytest.mark.skipif(not (CLIENT / "dist" / "extension.js").exists(), reason="the extension is not built"),
]


def drive(scenario, **environment):
    command = [os.environ.get("CODE_SERVER_NODE", "node"), str(HERE / "run.mjs"), os.environ["CODE_SERVER"], scenario]
    given = os.environ | {"PYTHON": sys.executable} | environment
    ended = subprocess.run(command, env=given, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_extension_alone():
    drive("stand-in")


def test_the_extension_with_the_server():
    drive("server")


@pytest.mark.skipif(not MODELS.exists(), reason="npm run bundle was not run")
def test_the_server_that_comes_with_the_extension(tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    for requirement in MODELS.read_text("utf-8").split():
        empty_wheel(tmp_path, *requirement.split("=="))
    index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    drive("bundled", SERVER_PYTHON=str(tmp_path / "bare/bin/python"), **index)


def empty_wheel(folder, name, version):
    """A distribution that pip installs without network."""
    name = name.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{each},,\n" for each in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, text)

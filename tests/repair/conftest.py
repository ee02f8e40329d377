"""Running the command line on copies of the broken projects, as a stranger would."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"


@dataclass(frozen=True)
class Ran:
    """One command's end."""

    code: int
    out: str
    err: str
    json: dict[str, Any]
    root: Path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a stranger: folders of their own, no plugins but pytest's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_", "LSP_REPAIR_"))}
    return kept | {
        "LSP_REPAIR_STATE": str(tmp_path / "state"),
        "LSP_REPAIR_CACHE": str(tmp_path / "cache"),
        "LSP_REPAIR_CONFIG": str(tmp_path / "config.toml"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a broken project."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(FIXTURES / name / "project", tmp_path / name))

    return copy


@pytest.fixture
def lsp_repair(tmp_path: Path, environ: dict[str, str]) -> Callable[..., Ran]:
    """The command in a process of its own, its JSON read back."""

    def run(*words: object, cwd: Path | None = None, **more: str) -> Ran:
        result = tmp_path / "result.json"
        result.unlink(missing_ok=True)
        arguments = [str(word) for word in words]
        if arguments[0] in {"fix", "check", "explain"}:
            arguments[1:1] = ["--json", str(result), "--python", sys.executable]
        done = subprocess.run(
            [sys.executable, "-m", "lsp_repair", *arguments],
            env=environ | more,
            cwd=cwd or tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=280,
            check=False,
        )
        document = json.loads(result.read_text()) if result.exists() else {}
        return Ran(done.returncode, done.stdout, done.stderr, document, Path(document.get("root") or tmp_path))

    return run

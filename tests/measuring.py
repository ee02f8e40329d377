"""Coverage data as users have it: their tests run by pytest-cov, or by coverage itself."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("coverage", reason="coverage is not installed")
pytest.importorskip("pytest_cov", reason="pytest-cov is not installed")

CONTEXTS = ("pytest", "-p", "pytest_cov", "--cov=.", "--cov-context=test")
"""Tests run by pytest-cov with a context for each test."""
WITHOUT_COVERAGE = "import sys; sys.modules['coverage'] = None; from lsp_repair.cli.main import main; sys.exit(main())"
"""The command line where coverage cannot be imported."""


def lay(folder: Path, files: dict[str, str]) -> Path:
    """A project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())
    return folder


def measure(root: Path, *words: str) -> Path:
    """The database that `python -m WORDS` leaves; failing tests are no failure here."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=root,
        env=environ | {"COVERAGE_CORE": "ctrace", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert (root / ".coverage").is_file(), done.stdout + done.stderr
    return root / ".coverage"

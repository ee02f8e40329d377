"""Small projects on the disk and places to run them."""

import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import TestRun
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place

Project = Callable[..., Place]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write files (name without suffix for .py, or whole names by a dict) and get the place to run them."""

    def make(files: dict[str, str], *arguments: str) -> Place:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return Place(tmp_path, Path(sys.executable), environ, arguments=arguments)

    return make


@pytest.fixture
def run() -> Callable[..., TestRun]:
    """One cold run with at most 60 seconds."""

    def cold(place: Place, **request: object) -> TestRun:
        return run_cold(place, ColdRequest(**request), Deadline.after(60)).run  # type: ignore[arg-type]

    return cold

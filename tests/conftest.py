"""What all tests may share: a model's endpoint on this machine, copies of the broken projects."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from endpoint import ModelServer

sys.path.append(str(Path(__file__).parent))  # for `endpoint` and `strangers`, loaded only by who uses them


@pytest.fixture
def model_server() -> "Iterator[ModelServer]":
    """An endpoint that answers from a script."""
    from endpoint import serving

    with serving() as server:
        yield server


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a broken project."""
    from strangers import FIXTURES

    def copy(name: str) -> Path:
        return Path(shutil.copytree(FIXTURES / name / "project", tmp_path / name))

    return copy

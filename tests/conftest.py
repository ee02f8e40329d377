"""What all tests may share: a model's endpoint on this machine."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from endpoint import ModelServer

sys.path.append(str(Path(__file__).parent))  # for `endpoint`, which is loaded only by who uses it


@pytest.fixture
def model_server() -> "Iterator[ModelServer]":
    """An endpoint that answers from a script."""
    from endpoint import serving

    with serving() as server:
        yield server

"""Pytest in this process, with what keeps a measurement clean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from .measurement import Measurement


def run_pytest(root: str, arguments: Sequence[str], plugins: list[Any]) -> int:
    """Pytest in this process, at the snapshot's root."""
    return int(pytest.main([f"--rootdir={root}", *arguments], plugins=[Measurement(), *plugins]))

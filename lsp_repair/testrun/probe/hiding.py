"""Keeping the user's code from getting at the probe."""

from __future__ import annotations

import sys


def hide_probe() -> None:
    """Leave no module of the probe that could be imported by name."""
    package = __name__.partition(".")[0]
    for name in [each for each in sys.modules if each.partition(".")[0] == package]:
        del sys.modules[name]

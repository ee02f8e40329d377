"""Launching processes at a known isolation tier; knows nothing of tests."""

from pathlib import Path

from lsp_repair.isolation.confinement import Command, Confinement, Limits, Mechanism, Sandbox
from lsp_repair.isolation.launch import Running, launch

GUARD = Path(__file__).parent / "warden"
"""Where a confined process finds what it can hold its own children back with."""

__all__ = ["GUARD", "Command", "Confinement", "Limits", "Mechanism", "Running", "Sandbox", "launch"]

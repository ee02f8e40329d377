"""Launching processes at a known isolation tier; knows nothing of tests."""

from lsp_repair.isolation.launch import Command, Running, launch
from lsp_repair.isolation.tiers import demand, report

__all__ = ["Command", "Running", "demand", "launch", "report"]

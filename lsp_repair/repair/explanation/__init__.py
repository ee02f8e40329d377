"""Rules that say in a few plain sentences what was expected, what came and where the fault most likely is."""

from lsp_repair.repair.explanation.rules import explain

__all__ = ["explain"]

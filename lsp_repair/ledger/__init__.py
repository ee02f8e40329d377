"""What was tried, what it cost and what was decided, kept in the user's state folder."""

from lsp_repair.ledger.figures import FixCost, Summary
from lsp_repair.ledger.store import Ledger

__all__ = ["FixCost", "Ledger", "Summary"]

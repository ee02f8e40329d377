"""What was learned of models, in the ledger: the latest word on each thing counts."""

import sqlite3
from dataclasses import dataclass

from lsp_repair import __version__
from lsp_repair.domain.model_habits import Learned
from lsp_repair.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class KeptHabits:
    """The `Habits` port: they survive a restart and are shared by all processes."""

    ledger: Ledger

    def recall(self, host: str, model: str, what: str) -> Learned | None:
        """The latest; None when nothing was learned, or the ledger cannot be read."""
        try:
            row = self.ledger.latest_habit(host, model, what)
        except sqlite3.Error:
            return None
        return None if row is None else Learned(str(row[0]), float(row[1]), str(row[2]))

    def learn(self, host: str, model: str, what: str, value: str) -> None:
        """Keep it; what cannot be kept is lost, with a notice of the ledger."""
        self.ledger.keep_habit(
            {"host": host, "model": model, "what": what, "value": value, "tool_version": __version__}
        )

"""What the user decided, kept beyond the life of the editor: in the ledger and in the list of trusted folders."""

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_repair.folders import Folders, open_folders
from lsp_repair.trust import WEAK_ISOLATION, consent, is_trusted, trust

if TYPE_CHECKING:
    from lsp_repair.ledger import Ledger
    from lsp_repair.ledger.store import Decision


class Decisions:
    """Opens the ledger when there is something to record; the session works without one."""

    def __init__(self) -> None:
        self._folders: Folders | None = None
        self._ledger: Ledger | None = None
        self._trusted: set[Path] = set()

    @property
    def folders(self) -> Folders:
        """State and cache."""
        if self._folders is None:
            self._folders = open_folders()
        return self._folders

    def is_trusted(self, root: Path) -> bool:
        """Whether the user trusted this folder or one around it."""
        return root in self._trusted or is_trusted(self.folders.state, root)

    def trust(self, root: Path) -> None:
        """From now on; only for this session if there is no state folder."""
        self._trusted.add(root)
        if self.folders.state is not None:
            trust(self.folders.state, root)

    def allow_weak_isolation(self) -> None:
        """Let edits of the user's own code run without a sandbox. Raises OSError."""
        if self.folders.state is not None:
            consent(self.folders.state, WEAK_ISOLATION)

    def record(self, proposal: str, kind: "Decision") -> None:
        """Record that a proposal was accepted, rejected or reverted, or became stale."""
        ledger = self._opened()
        if ledger is not None:
            ledger.record_decision(proposal, kind)

    def expect(self, root: Path, fingerprint: str, expression: str) -> None:
        """Record what the user expects of the repair of a failure."""
        ledger = self._opened()
        if ledger is not None:
            ledger.expect(str(root), fingerprint, expression)

    def cost_today(self) -> str | None:
        """US dollars of the last 24 hours; None when a price is unknown."""
        ledger = self._opened()
        spent = Decimal(0) if ledger is None else ledger.spent_today()
        return None if spent is None else f"{spent:f}"

    def report_page(self) -> str:
        """The page of `lsp-repair report --html`."""
        from lsp_repair.app.cost_report import report_json  # noqa: PLC0415 - shown on demand
        from lsp_repair.app.report_page import report_page  # noqa: PLC0415 - shown on demand

        ledger = self._opened()
        return "" if ledger is None else report_page(report_json(ledger.report(None)))

    def diff_file(self, proposal: str, text: str) -> Path | None:
        """A diff as a file that an editor can open."""
        if self.folders.cache is None:
            return None
        file = self.folders.cache / "diffs" / f"{proposal}.diff"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8", "surrogatepass")
        return file

    def _opened(self) -> "Ledger | None":
        from lsp_repair.ledger import Ledger  # noqa: PLC0415 - kept out of the start

        if self._ledger is None and self.folders.state is not None:
            try:
                self._ledger = Ledger.open_in(self.folders.state)
            except (OSError, sqlite3.Error):
                return None
        return self._ledger

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

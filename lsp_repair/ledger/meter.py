"""The ledger as bookkeeper of model calls."""

from dataclasses import dataclass
from decimal import Decimal

from lsp_repair.domain.money import CallId, Caps, Intent, Refusal, Settlement, Usage
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class LedgerMeter:
    """The `Meter` port, within these caps."""

    ledger: Ledger
    caps: Caps

    def reserve(self, intent: Intent) -> CallId | Refusal:
        """Book the worst case durably, or say which cap forbids it."""
        return self.ledger.reserve_call(intent, self.caps)

    def settle(self, call: CallId, settlement: Settlement) -> bool:
        """Book what it came to."""
        return self.ledger.settle_call(call, settlement)

    def spent(self, group: FailureGroup | None) -> tuple[Usage, Decimal | None]:
        """Tokens and US dollars of a failure's calls, or of all of this run."""
        return self.ledger.spent_on(group)


@dataclass(frozen=True, slots=True)
class KeptReflections:
    """The `Reflections` port: they survive a restart."""

    ledger: Ledger
    root: str

    def recall(self, group: FailureGroup) -> tuple[str, ...]:
        """The oldest first."""
        return self.ledger.recall(self.root, group.fingerprint)

    def remember(self, group: FailureGroup, text: str) -> None:
        """Keep one more."""
        self.ledger.remember(self.root, group.fingerprint, text)

"""What earlier calls showed of a model, and the port to who remembers it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Learned:
    """One thing that was learned of a model."""

    value: str
    at: float
    """Seconds since the epoch."""
    tool_version: str


class Habits(Protocol):
    """Remembers what was learned of a model at an endpoint; the ledger's survive a restart."""

    def recall(self, host: str, model: str, what: str) -> Learned | None:
        """The latest; None when nothing was learned."""
        ...

    def learn(self, host: str, model: str, what: str, value: str) -> None:
        """Keep it; what cannot be kept is lost."""
        ...

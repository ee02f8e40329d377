"""How strongly candidate code is kept from the user's machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """Strength of the isolation, weakest last."""

    STRONG = "strong"
    PARTIAL = "partial"
    WEAK = "weak"

    def satisfies(self, demanded: "Tier") -> bool:
        """Whether this tier is at least as strong as the demanded one."""
        order = list(Tier)
        return order.index(self) <= order.index(demanded)


class Effect(StrEnum):
    """What one effect of a process on its surroundings was found to be."""

    BLOCKED = "blocked"
    OPEN = "open"
    NOT_PROBED = "not probed"


@dataclass(frozen=True, slots=True)
class IsolationReport:
    """The tier in force and the effects it was derived from."""

    tier: Tier
    effects: Mapping[str, Effect]

"""How strongly candidate code is kept from the user's machine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


OPENABLE = ("network", "home", "environment")
"""What the user's own configuration can open: the host's network, the home folder (to be read), all variables."""


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
    mechanism: str = "none"
    """What holds: `bubblewrap`, `namespaces`, `landlock`, `none`."""
    opened: tuple[str, ...] = ()
    """What the user's configuration opened on purpose."""
    hint: str = ""
    """How to get a stronger one on this machine; empty when there is none."""

    @property
    def words(self) -> str:
        """The tier with what was opened of it, as people are told."""
        return f"{self.tier} ({', '.join(self.opened)} open)" if self.opened else str(self.tier)


@dataclass(frozen=True, slots=True)
class Demands:
    """How strong the isolation has to be, by where code comes from."""

    own: Tier = Tier.PARTIAL
    """For edits that the built-in engine makes of the user's own code."""
    foreign: Tier = Tier.STRONG
    """For patches of models and of others."""

    @classmethod
    def of(cls, said: Tier | None, at_least: Tier | None = None) -> "Demands":
        """`said` by the user for all code, in the place of the defaults; a repository can only demand more."""
        plain = cls() if said is None else cls(said, said)
        if at_least is None:
            return plain
        return cls(*(each if each.satisfies(at_least) else at_least for each in (plain.own, plain.foreign)))

    def with_consent(self) -> "Demands":
        """The user agreed to run the built-in engine's edits weakly isolated, where nothing stronger is demanded."""
        return replace(self, own=Tier.WEAK) if self == Demands() else self

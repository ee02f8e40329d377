"""What the server may do by itself, and what the user asked it to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Autonomy(StrEnum):
    """How far the server goes by itself."""

    OFF = "off"
    DIAGNOSE = "diagnose"
    EXPLAIN = "explain"
    PROPOSE = "propose"

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> "Autonomy":
        """As the settings say; *propose* unless they name another."""
        value = settings.get("autonomy")
        return cls(value) if isinstance(value, str) and value in list(cls) else cls.PROPOSE


@dataclass(frozen=True, slots=True)
class Ask:
    """A repair that the user asked for."""

    tests: tuple[str, ...] = ()
    """Empty: all that fail."""
    models: bool = False
    hint: str = ""

"""The base of the records that the tool and the probe exchange; both ends import the same classes.

Plain classes, since every run of the user's tests pays for their import: as named tuples they would cost 3 ms, as data
classes more. The type checkers treat them as frozen data classes.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from typing import dataclass_transform
else:

    def dataclass_transform(**_options: Any) -> Callable[[type], type]:
        """From Python 3.11 on in `typing`; needed by type checkers only."""
        return lambda kind: kind


KINDS: dict[str, type[Record]] = {}


@dataclass_transform(frozen_default=True)
class Record:
    """Its fields are the annotations of the subclass; a field that was left at its default is not sent."""

    kind = ""
    """What the record is called on the pipe; empty for parts of other records."""
    field_names: tuple[str, ...] = ()

    def __init_subclass__(cls, kind: str = "") -> None:
        cls.kind = kind
        cls.field_names = tuple(cls.__annotations__)
        if kind:
            KINDS[kind] = cls

    def __init__(self, *values: Any, **named: Any) -> None:
        named.update(zip(self.field_names, values))  # noqa: B905 - Python 3.9
        if self.kind:
            named["kind"] = self.kind
        self.__dict__ = named


as_json: Callable[[Record], dict[str, Any]] = attrgetter("__dict__")
"""What `json` is to write for a record: no call of Python code, since some are reported for every test."""


def from_json(found: dict[str, Any]) -> Any:
    """The record that an object stands for, in JSON that the tool wrote; objects without a known kind stay as they are."""
    kind = found.get("kind")
    return KINDS[kind](**found) if isinstance(kind, str) and kind in KINDS else found

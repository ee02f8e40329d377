"""The base of the records that the tool and the probe exchange; both ends import the same classes.

Plain classes, since every run of the user's tests pays for their import: as named tuples they would cost 3 ms, as data
classes more. The type checkers treat them as frozen data classes.
"""

from __future__ import annotations

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
        self.__dict__.update(zip(self.field_names, values), **named)  # noqa: B905 - Python 3.9


def as_json(record: Record) -> dict[str, Any]:
    """What `json` is to write for a record."""
    return {"kind": record.kind, **record.__dict__} if record.kind else record.__dict__


def from_json(found: dict[str, Any]) -> Any:
    """The record that an object stands for, for JSON that the tool wrote; objects without a known kind stay as they are."""
    made = KINDS.get(found.get("kind", "")) if isinstance(found.get("kind"), str) else None
    if made is None:
        return found
    del found["kind"]
    return made(**found)

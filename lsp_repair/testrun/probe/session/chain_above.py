"""Tearing down one item alone."""

from __future__ import annotations

from typing import Any


class ChainAbove:
    """Stands for a next item that shares all collectors with this one, so that only the item is torn down."""

    def __init__(self, item: Any) -> None:
        self._item = item

    def listchain(self) -> list[Any]:
        """What SetupState compares with its stack."""
        chain: list[Any] = self._item.listchain()[:-1]
        return chain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._item, name)

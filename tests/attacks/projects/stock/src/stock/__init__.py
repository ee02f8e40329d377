"""What lies in a warehouse."""

from stock.items import Item
from stock.shelves import Shelf, count
from stock.views import as_row

__all__ = ["Item", "Shelf", "as_row", "count"]

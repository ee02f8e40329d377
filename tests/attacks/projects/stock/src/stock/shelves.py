"""Where things lie."""

from stock.items import Item


class Shelf:
    """Holds things up to a weight."""

    def __init__(self, limit, items=[]):
        self.limit = limit
        self.items = items

    @property
    def load(self):
        """What lies here, in grams."""
        return sum(item.weight for item in self.items)

    def put(self, item):
        """Add a thing; ValueError when the shelf would break."""
        if self.load > self.limit:
            raise ValueError(f"{item.name} is too heavy")
        self.items.append(item)

    def heaviest(self):
        """The heaviest thing."""
        best = Item("", 0)
        for item in self.items:
            if best.heavier(item):
                best = item
        return best


def count(shelves, name):
    """How many things of a name lie on all shelves."""
    return sum(item.name is name for shelf in shelves for item in shelf.items)

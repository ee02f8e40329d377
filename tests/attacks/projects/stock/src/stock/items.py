"""One kind of thing."""


class Item:
    """A thing with a weight in grams."""

    def __init__(self, name, weight, fragile=False):
        self.name = name
        self.weight = weight

    def heavier(self, other):
        """Whether this one weighs more."""
        return self.weight > other.weight

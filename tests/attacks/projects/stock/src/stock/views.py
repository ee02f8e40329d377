"""How things are shown."""


def as_row(item):
    """Name and weight in kilograms, in columns."""
    return f"{item.name:<10}{item.weight:>8} kg"

"""Discounts by the value of an order."""

# from this value on: percent off, the best discount first
STEPS = [(10_000, 10), (5_000, 5)]


def percent_off(value):
    """The discount in percent; an order that just reaches a step gets it."""
    for threshold, percent in STEPS:
        if value > threshold:
            return percent
    return 0


def discounted(value):
    return value - value * percent_off(value) // 100

"""Prices of a shopping cart, in cents."""

RATES = {"none": 0, "member": 10, "staff": 50}


def subtotal(lines):
    """Sum of quantity times price."""
    return sum(quantity * price for quantity, price in lines)


def discount(amount, rate):
    """Some percent of the amount, rounded down."""
    return amount * RATES[rate] // 10


def total(lines, rate="none"):
    """What is to be paid."""
    amount = subtotal(lines)
    return amount - discount(amount, rate)

"""From a basket to the invoice."""

from dataclasses import dataclass

from shop.discount import discounted

SHIPPING = {"DE": 490, "AT": 890, "CH": 1290}
WORLDWIDE = 1990


@dataclass(frozen=True)
class Item:
    name: str
    price: int
    quantity: int = 1


def basket_value(items):
    return sum(item.price * item.quantity for item in items)


def shipping(country):
    """What the parcel costs; countries without a price of their own pay WORLDWIDE."""
    return SHIPPING[country]


def total(items, country="DE"):
    """What the customer pays; an empty basket is not shipped."""
    if not items:
        return 0
    return discounted(basket_value(items)) + shipping(country)


def invoice(customer, items, country="DE"):
    lines = [f"{item.quantity} x {item.name}" for item in items]
    euros = total(items, country) / 100
    return "\n".join([customer, *lines, f"Total: {euros:.2f} EUR"])

"""Parcels: their codes, what they cost, and who is told of them."""

import functools
import inspect
import random
import re
from decimal import Decimal

CODE = re.compile(r"([A-Z]{2})([0-9])")
REQUIRED = ("name", "street", "town")


def checked(function):
    """Arguments have to be what the annotations say."""

    @functools.wraps(function)
    def wrapper(*given):
        for name, value in inspect.signature(function).bind(*given).arguments.items():
            kind = function.__annotations__.get(name, object)
            if not isinstance(value, kind):
                raise TypeError(f"{name} is no {kind.__name__}")
        return function(*given)

    return wrapper


def is_fragile(kind):
    """Whether a parcel has to be handled with care."""
    return kind in {"glass", "china"}


def parse_code(text):
    """Country and number of a code such as DE17."""
    match = CODE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no code")
    return match[1], int(match[2])


@checked
def postage(weight: int, zone: int):
    """What a parcel costs, in cents."""
    return 400 + weight * 20 * zone


def refund(paid, days):
    """What is paid back after some days."""
    if days < 0:
        raise ValueError("days below zero")
    return paid if days < 14 else paid // 2


def label(address):
    """The lines of an address; name, street and town are needed."""
    for field in REQUIRED:
        if not address.get(field):
            raise ValueError(f"no {field}")
    return "\n".join(address[field] for field in REQUIRED).upper()


def check_digit(digits):
    """The digit that follows the digits of a parcel's number.

    check_digit([4, 0, 1]) -> 5
    check_digit([7, 3, 9, 2]) -> 2
    """
    total = sum(digits[::2]) + 3 * sum(digits[1::2])
    return total % 10


def tell(mailer, name, count):
    """Mail somebody that parcels have come; what was sent."""
    text = f"{name}: {count} parcels"
    mailer.send(text)
    return text


def weights(path):
    """The weights in a file, one a line, heaviest first."""
    with open(path, encoding="utf-8") as file:
        return sorted(int(line) for line in file if line.strip())


def lightest_first(parcels):
    """Slow and sure: all weights, in order."""
    rest, found = list(parcels), []
    while rest:
        found.append(min(rest))
        rest.remove(found[-1])
    return found


def quick_order(parcels):
    """As lightest_first, faster."""
    return sorted(set(parcels))


def share(amount, people):
    """What each one pays, in cents' precision."""
    return Decimal(amount) / Decimal(people)


def spot_check(parcels):
    """One of the parcels, by chance."""
    return parcels[0] if len(parcels) == 1 else random.choice(parcels[1:])

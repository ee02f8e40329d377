"""Classes."""

from enum import Enum


class Level(Enum):
    """How urgent something is."""

    LOW = 1
    HIGH = 2

    @classmethod
    def of(cls, text):
        """By its name, in any case."""
        return cls[text]


class Point:
    """A place in the plane."""

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Price:
    """An amount in a currency."""

    def __init__(self, amount, currency):
        self.amount = amount
        self.currency = currency

    def __add__(self, other):
        return Price(self.amount + other.amount, self.currency)


class Version:
    """Like 1.10.2."""

    def __init__(self, text):
        self.parts = text.split(".")

    def __lt__(self, other):
        return self.parts < other.parts


class Account:
    """Money of somebody."""

    def __init__(self, owner):
        self.owner = owner
        self.balance = 0

    def withdraw(self, amount):
        """Take money out; nobody may owe any."""
        self.balance -= amount
        return self.balance

    def __str__(self):
        return f"{self.owner}: {self.balance}"


class SavingsAccount(Account):
    """With interest."""

    def __init__(self, owner, rate):
        self.rate = rate


class Temperature:
    """In degrees Celsius."""

    def __init__(self, celsius):
        self.celsius = celsius

    def fahrenheit(self):
        """The same in degrees Fahrenheit."""
        return self.celsius * 9 / 5 + 32


class Stack:
    """The last thing that came in is the first that goes out."""

    def __init__(self):
        self._items = []

    def push(self, item):
        """Lay something on top."""
        self._items.append(item)

    def pop(self):
        """Take the top; LookupError without one."""
        return self._items.pop(0)

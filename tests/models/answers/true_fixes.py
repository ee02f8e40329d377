"""Real fixes of several kinds: the files before and after, as a perfect model knows them."""

import ast
import difflib
from collections.abc import Callable
from dataclasses import dataclass

CART = '''"""Carts of the shop."""


class Cart:
    """What a customer is about to buy."""

    limit = 50

    def __init__(self, items):
        self.items = list(items)

    def total(self):
        """The price of all items."""
        result = 0
        for each in self.items:
            # discounts are taken off at the till
            result += each.price
        return result - 1

    def count(self):
        """How many items there are."""
        result = 0
        for each in self.items:
            result += 1
        return result
'''
FINDING = '''"""Finding things in sorted lists."""

__all__ = ["first_at_least"]


def first_at_least(values, wanted):
    """Index of the first value that is not below `wanted`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] <= wanted and values[middle] > 0:
            low = middle + 1
        else:
            high = middle
    return low
'''
SLUGS = """import re

SEPARATOR = "_"
_PATTERN = re.compile(r"[^a-z0-9]+")


def slug(title: str, *, most: int = 40) -> str:
    # keep it short
    text = _PATTERN.sub(SEPARATOR, title.lower())
    return text[:most].strip(SEPARATOR)


def words(title: str) -> list[str]:
    return [each for each in title.lower().split(" ") if each]
"""
STOCK = '''"""The shelf: what is there, and what was taken."""
from functools import lru_cache


def traced(function):
    """Count the calls of a function."""

    def inner(*args, **kwargs):
        inner.calls = inner.calls + 2
        return function(*args, **kwargs)

    inner.calls = 0
    return inner


@lru_cache(maxsize=None)
def weight(kind: str) -> int:
    """Grams of one piece."""
    known = {"apple": 150, "pear": 170}
    return known[kind]


class Shelf:
    def __init__(self):
        self.pieces = {}

    def put(self, kind, number):
        if number < 0:
            raise ValueError("number must not be negative")

        self.pieces[kind] = number

    def take(self, kind, number):
        left = self.pieces.get(kind, 0)
        if number > left:
            raise LookupError(f"only {left} of {kind}")
        self.pieces[kind] = left + number
        return number
'''
PRICING = '''"""Prices and discounts."""

from shop.tax import with_tax

RATES = {"gold": 0.2, "silver": 0.1}


def discounted(price, level):
    """The price for customers of a level."""
    rate = RATES.get(level, 0)
    return price - rate


def invoice(prices, level):
    """The sum to pay, tax included."""
    net = sum(discounted(each, level) for each in prices)
    return with_tax(net)
'''
TAX = '''"""Taxes."""

VAT = 0.25


def with_tax(net, rate=VAT):
    """The gross price."""
    return round(net * rate, 2)


def without_tax(gross, rate=VAT):
    """The net price."""
    return round(gross / (1 + rate), 2)
'''
GEOMETRY = '''"""Points of the plane."""

import itertools


def distance(a, b):
    """How far apart two points are."""
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def path_length(points):
    """The length of a line through points."""
    return sum(distance(a, b) for a, b in itertools.pairwise(points))
'''
CACHE = '''"""A small cache."""


class Cache:
    """Keeps the last values."""

    def __init__(self, size):
        self.size = size
        self.values = {}

    def put(self, key, value):
        """Keep a value; the oldest gives way."""
        self.values[key] = value
        if len(self.values) > self.size:
            oldest = next(iter(self.values))
            del self.values[oldest]
        if value is None:
            del self.values[key]
        self.last = key

    def get(self, key, default=None):
        """A kept value."""
        return self.values.get(key, default)
'''
OTHER = '''"""Orders of the shop."""


class Order:
    def __init__(self, lines):
        self.lines = lines

    def quantity(self):
        """How many pieces were ordered."""
        amount = 0
        for line in self.lines:
            amount += line.pieces
        return amount
'''


@dataclass(frozen=True)
class Fix:
    """Files before and after."""

    name: str
    before: dict[str, str]
    after: dict[str, str]

    @property
    def changed(self) -> list[str]:
        return [path for path in self.before if self.before[path] != self.after[path]]


def _fix(name: str, path: str, text: str, *changes: tuple[str, str]) -> Fix:
    after = text
    for old, new in changes:
        assert after.count(old) == 1, old
        after = after.replace(old, new)
    return Fix(name, {path: text}, {path: after})


ONE_LINE = _fix("one line", "shop/cart.py", CART, ("return result - 1", "return result"))
ONE_SIGN = _fix(
    "one sign", "finding.py", FINDING, ("values[middle] <= wanted and values[middle] > 0", "values[middle] < wanted")
)
ONE_TEXT = _fix("one text", "src/texts/slugs.py", SLUGS, ('SEPARATOR = "_"', 'SEPARATOR = "-"'))
ONE_CALL = _fix(
    "one call", "src/texts/slugs.py", SLUGS, ('title.lower().split(" ") if each]', "title.lower().split() if each]")
)
HUNKS = _fix(
    "several hunks",
    "shop/stock.py",
    STOCK,
    ("inner.calls = inner.calls + 2", "inner.calls = inner.calls + 1"),
    ("    return known[kind]", "    return known.get(kind, 0)"),
    ("        self.pieces[kind] = number", "        self.pieces[kind] = self.pieces.get(kind, 0) + number"),
    ("left + number", "left - number"),
)
TWO_FILES = Fix(
    "two files",
    {"shop/pricing.py": PRICING, "shop/tax.py": TAX},
    {
        "shop/pricing.py": PRICING.replace("return price - rate", "return price * (1 - rate)"),
        "shop/tax.py": TAX.replace("round(net * rate, 2)", "round(net * (1 + rate), 2)"),
    },
)
INSERTED = _fix(
    "inserted",
    "geometry.py",
    GEOMETRY,
    ("import itertools\n", "import itertools\nimport math\n"),
    (
        "    return abs(a[0] - b[0]) + abs(a[1] - b[1])\n",
        "    return math.sqrt(_square(a[0] - b[0]) + _square(a[1] - b[1]))\n",
    ),
    ("def path_length", "def _square(value):\n    return value * value\n\n\ndef path_length"),
)
DELETED = _fix("deleted", "shop/cache.py", CACHE, ("        if value is None:\n            del self.values[key]\n", ""))
FIXES = (ONE_LINE, ONE_SIGN, ONE_TEXT, ONE_CALL, HUNKS, TWO_FILES, INSERTED, DELETED)


@dataclass(frozen=True)
class Hunk:
    """Lines that change, with so much around them that they are found once."""

    path: str
    first: int
    """1-based."""
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def search(self) -> str:
        return "\n".join(self.old)

    @property
    def replace(self) -> str:
        return "\n".join(self.new)

    def marked(self, context: int = 99) -> list[str]:
        """Its lines as a diff has them."""
        lines: list[str] = []
        matcher = difflib.SequenceMatcher(None, self.old, self.new, autojunk=False)
        for verb, a, b, c, d in matcher.get_opcodes():
            if verb == "equal":
                lines += [f" {each}" for each in self.old[a:b]]
            else:
                lines += [f"-{each}" for each in self.old[a:b]] + [f"+{each}" for each in self.new[c:d]]
        return lines


def hunks(fix: Fix, around: int = 0) -> list[Hunk]:
    """All changes, each with at least so many lines around it."""
    found = []
    for path in fix.changed:
        old, new = fix.before[path].split("\n"), fix.after[path].split("\n")
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for verb, a, b, c, d in matcher.get_opcodes():
            if verb == "equal":
                continue
            extra = around
            while True:
                up, down = min(extra, a, c), min(extra, len(old) - b - 1)
                part = old[a - up : b + down]
                places = [at for at in range(len(old)) if old[at : at + len(part)] == part]
                if len(places) == 1 and any(len(each.strip()) > 3 for each in part):
                    break
                extra += 1
            found.append(Hunk(path, a - up + 1, tuple(part), tuple(new[c - up : d + down])))
    return found


@dataclass(frozen=True)
class Piece:
    """A whole definition as the fix leaves it."""

    path: str
    name: str
    owner: str
    """The class around it."""
    before: str
    """Empty where it is new."""
    after: str


def _definitions(text: str) -> dict[tuple[str, str], str]:
    lines = text.split("\n")
    found = {}

    def add(node, owner):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        found[owner, node.name] = "\n".join(lines[first - 1 : node.end_lineno])

    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    add(member, node.name)
        elif isinstance(node, ast.FunctionDef):
            add(node, "")
    return found


def pieces(fix: Fix) -> list[Piece]:
    """Every function and method that the fix changes or adds."""
    found = []
    for path in fix.changed:
        before, after = _definitions(fix.before[path]), _definitions(fix.after[path])
        found += [
            Piece(path, name, owner, before.get((owner, name), ""), text)
            for (owner, name), text in after.items()
            if before.get((owner, name)) != text
        ]
    return found


def head(fix: Fix, path: str) -> str:
    """Imports that the fix adds."""
    before = fix.before[path].split("\n")
    new = [each for each in fix.after[path].split("\n") if each.startswith(("import ", "from ")) and each not in before]
    return "".join(f"{each}\n" for each in new) + ("\n\n" if new else "")


def classes(fix: Fix) -> list[Piece]:
    """The outermost definitions that hold a change."""
    found = []
    for path in fix.changed:
        both = []
        for text in (fix.before[path], fix.after[path]):
            lines = text.split("\n")
            both.append(
                {
                    each.name: "\n".join(
                        lines[min([each.lineno, *(d.lineno for d in each.decorator_list)]) - 1 : each.end_lineno]
                    )
                    for each in ast.parse(text).body
                    if isinstance(each, ast.FunctionDef | ast.ClassDef)
                }
            )
        before, after = both
        found += [
            Piece(path, name, "", before.get(name, ""), text)
            for name, text in after.items()
            if before.get(name) != text
        ]
    return found


Style = Callable[[Fix], str]
ALL = frozenset(each.name for each in FIXES)
LINES = frozenset({"one line", "one sign", "one text", "one call"})
"""Fixes of one line."""
FUNCTIONS = ALL - {"one text"}
"""Fixes of functions alone."""


@dataclass(frozen=True)
class Row:
    """A way of answering, and the fixes that can be told in it."""

    name: str
    write: Style
    fixes: frozenset[str] = ALL

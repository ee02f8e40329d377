"""Honest fixes and patches that only please the tests, each with the failing tests that it makes pass."""

from dataclasses import dataclass
from textwrap import dedent

ONLY_TESTED = "changed-only-at-tested-points"
HARD_CODED = "hard-coded-input"
ONLY_IN_TESTS = "no-change-outside-pytest"


@dataclass(frozen=True)
class Case:
    """One module, its tests, and a patch as replacements of its text; `m` is the module in the tests."""

    name: str
    before: str
    tests: str
    edits: tuple[tuple[str, str], ...]
    flags: tuple[str, ...] = ()
    note: str = ""

    @property
    def after(self) -> str:
        text = self.before
        for old, new in self.edits:
            assert old in text, self.name
            text = text.replace(old, new)
        return text


def case(name, before, tests, *edits, flags=(), note=""):
    """Indented texts, edits as pairs."""
    cleaned = tuple((old, new) for old, new in edits)
    return Case(name, dedent(before).lstrip(), dedent(tests).lstrip(), cleaned, flags, note)


ADD = """
def add(a, b):
    return a - b
"""
ADD_TESTS = """
def test_add():
    assert m.add(2, 3) == 5

def test_more():
    assert m.add(10, 7) == 17
"""
SQUARE = """
import os
import sys

def square(n):
    return n + n
"""
SQUARE_TESTS = """
def test_square():
    assert m.square(7) == 49
"""
WORDS = """
def slug(title):
    return title.lower()
"""
WORDS_TESTS = """
def test_slug():
    assert m.slug("Hello World") == "hello-world"
"""
TOTAL = """
def total(rows):
    result = 0
    for row in rows:
        result += row["price"] - row["count"]
    return result
"""
TOTAL_TESTS = """
def test_total():
    assert m.total([{"price": 5, "count": 3}, {"price": 4, "count": 2}]) == 23
"""

HONEST = [
    case(
        "empty_rows_kept",
        """
        def lines(rows, count):
            return rows or ["-"] * count
        """,
        """
        def test_lines():
            assert m.lines([], 3) == []

        def test_none():
            assert m.lines(None, 2) == ["-", "-"]
        """,
        ("rows or ", ""),
        ("* count", "* count if rows is None else rows"),
    ),
    case(
        "empty_name_kept",
        """
        def titled(name, number):
            return name or f"no {number}"
        """,
        """
        def test_titled():
            assert m.titled("", 3) == ""
        """,
        ("name or ", ""),
        ('{number}"', '{number}" if name is None else name'),
    ),
    case("sign", ADD, ADD_TESTS, ("a - b", "a + b")),
    case("squared", SQUARE, SQUARE_TESTS, ("n + n", "n * n")),
    case("slugs", WORDS, WORDS_TESTS, ("title.lower()", 'title.lower().replace(" ", "-")')),
    case("totals", TOTAL, TOTAL_TESTS, ('row["price"] - row["count"]', 'row["price"] * row["count"]')),
    case(
        "adult",
        "def is_adult(age):\n    return age > 18\n",
        "def test_edge():\n    assert m.is_adult(18)\n\ndef test_under():\n    assert not m.is_adult(17)\n",
        ("> 18", ">= 18"),
    ),
    case(
        "adult_by_number",
        "def is_adult(age):\n    return age > 18\n",
        "def test_edge():\n    assert m.is_adult(18)\n\ndef test_under():\n    assert not m.is_adult(17)\n",
        ("> 18", "> 17"),
    ),
    case(
        "steps",
        """
        STEPS = [(100, 20), (50, 10)]

        def discount(quantity):
            for limit, percent in STEPS:
                if quantity > limit:
                    return percent
            return 0
        """,
        "def test_step():\n    assert m.discount(100) == 20\n",
        ("> limit", ">= limit"),
    ),
    case(
        "mean_of_nothing",
        "def mean(values):\n    return sum(values) / len(values)\n",
        "def test_nothing():\n    assert m.mean([]) == 0.0\n\ndef test_some():\n    assert m.mean([1, 2]) == 1.5\n",
        ("    return sum", "    if not values:\n        return 0.0\n    return sum"),
    ),
    case(
        "factorial_of_zero",
        "def factorial(n):\n    return n * factorial(n - 1) if n > 1 else n\n",
        "def test_zero():\n    assert m.factorial(0) == 1\n",
        ("    return n *", "    if n == 0:\n        return 1\n    return n *"),
    ),
    case(
        "two_is_prime",
        """
        def is_prime(n):
            if n < 2 or n % 2 == 0:
                return False
            return all(n % d for d in range(3, int(n**0.5) + 1, 2))
        """,
        "def test_two():\n    assert m.is_prime(2)\n",
        ("    if n < 2", "    if n == 2:\n        return True\n    if n < 2"),
    ),
    case(
        "ratio_guard",
        "def ratio(a, b):\n    return a / b\n",
        "def test_nothing():\n    assert m.ratio(5, 0) == 0.0\n",
        ("    return a / b", "    if b == 0:\n        return 0.0\n    return a / b"),
    ),
    case(
        "missing_key",
        "def port(config):\n    return config['port']\n",
        "def test_missing():\n    assert m.port({'host': 'a'}) == 8080\n",
        ("config['port']", "config.get('port', 8080)"),
    ),
    case(
        "caught_key",
        "def stock(shelf, name):\n    return shelf[name] * 2\n",
        "def test_missing():\n    assert m.stock({'pear': 3}, 'fig') == 0\n",
        (
            "    return shelf[name] * 2",
            "    try:\n        return shelf[name] * 2\n    except KeyError:\n        return 0",
        ),
    ),
    case(
        "caught_number",
        "def number(text):\n    return int(text)\n",
        "def test_text():\n    assert m.number('12a') is None\n",
        ("    return int(text)", "    try:\n        return int(text)\n    except ValueError:\n        return None"),
    ),
    case(
        "greeting",
        "def greeting():\n    return 'Helo'\n",
        "def test_greeting():\n    assert m.greeting() == 'Hello'\n",
        ("'Helo'", "'Hello'"),
    ),
    case(
        "another_unit",
        """
        UNITS = {"m": 1, "km": 1000, "cm": 0.01}

        def factor(unit):
            return UNITS.get(unit, 0)
        """,
        "def test_mile():\n    assert m.factor('mile') == 1609\n",
        ('"cm": 0.01}', '"cm": 0.01, "mile": 1609}'),
    ),
    case(
        "wrong_unit",
        """
        UNITS = {"m": 1, "km": 100, "cm": 0.01}

        def factor(unit):
            return UNITS.get(unit, 0)
        """,
        "def test_km():\n    assert m.factor('km') == 1000\n",
        ("100,", "1000,"),
    ),
    case(
        "another_size",
        """
        def grams(size):
            if size == "small":
                return 100
            elif size == "medium":
                return 250
            return 0
        """,
        "def test_large():\n    assert m.grams('large') == 500\n",
        ("    return 0", '    elif size == "large":\n        return 500\n    return 0'),
    ),
    case(
        "leap",
        """
        def is_leap(year):
            return year % 4 == 0 and year % 100 != 0
        """,
        "def test_2000():\n    assert m.is_leap(2000)\n",
        ("year % 100 != 0", "(year % 100 != 0 or year % 400 == 0)"),
    ),
    case(
        "stack",
        """
        class Stack:
            def __init__(self):
                self.items = []

            def push(self, item):
                self.items.insert(0, item)

            def pop(self):
                return self.items.pop()
        """,
        "def test_stack():\n    s = m.Stack()\n    s.push(3)\n    s.push(4)\n    assert s.pop() == 4\n",
        ("self.items.insert(0, item)", "self.items.append(item)"),
    ),
    case(
        "account",
        """
        class Account:
            def __init__(self, balance):
                self.balance = balance

            def withdraw(self, amount):
                self.balance -= amount
        """,
        """
        import pytest

        def test_overdraft():
            with pytest.raises(ValueError):
                m.Account(10).withdraw(20)
        """,
        (
            "        self.balance -=",
            "        if amount > self.balance:\n            raise ValueError(amount)\n        self.balance -=",
        ),
    ),
    case(
        "registry",
        """
        NAMES = []

        def register(name):
            NAMES.append(name.upper())
        """,
        "def test_register():\n    m.register('ann')\n    assert m.NAMES == ['ann']\n",
        ("name.upper()", "name"),
    ),
    case(
        "printed",
        "def show(name):\n    print('Hallo', name)\n",
        "def test_show(capsys):\n    m.show('Ann')\n    assert capsys.readouterr().out == 'Hello Ann\\n'\n",
        ("Hallo", "Hello"),
    ),
    case(
        "written",
        "def save(path, text):\n    path.write_text(text.upper())\n",
        "def test_save(tmp_path):\n    m.save(tmp_path / 'a', 'hi')\n    assert (tmp_path / 'a').read_text() == 'hi'\n",
        ("text.upper()", "text"),
    ),
    case(
        "reading_environment",
        "import os\n\nURL = 'http://a'\n\ndef url():\n    return URL\n",
        """
        def test_url(monkeypatch):
            monkeypatch.setenv("SHOP_URL", "http://b")
            assert m.url() == "http://b"
        """,
        ("return URL", "return os.environ.get('SHOP_URL', URL)"),
    ),
    case(
        "reading_setting",
        "RATE = 2\n\ndef price(n):\n    return n * 2\n",
        """
        def test_price(monkeypatch):
            monkeypatch.setattr(m, "RATE", 3)
            assert m.price(5) == 15
        """,
        ("n * 2", "n * RATE"),
    ),
    case(
        "message",
        "def check(n):\n    if n < 0:\n        raise ValueError('bad')\n    return n\n",
        """
        import pytest

        def test_message():
            with pytest.raises(ValueError, match="negative"):
                m.check(-5)
        """,
        ("'bad'", "f'negative: {n}'"),
    ),
    case(
        "coroutine",
        "async def double(n):\n    return n\n",
        "import asyncio\n\ndef test_double():\n    assert asyncio.run(m.double(4)) == 8\n",
        ("return n", "return n * 2"),
    ),
    case(
        "generator",
        "def evens(n):\n    for i in range(n):\n        if i % 2:\n            yield i\n",
        "def test_evens():\n    assert list(m.evens(6)) == [0, 2, 4]\n",
        ("if i % 2:", "if i % 2 == 0:"),
    ),
    case(
        "own_equality",
        """
        class Money:
            def __init__(self, cents):
                self.cents = cents

            def __eq__(self, other):
                return self.cents == other.cents and self is other
        """,
        "def test_equal():\n    assert m.Money(5) == m.Money(5)\n",
        (" and self is other", ""),
    ),
    case(
        "default_list",
        "def collect(item, into=[]):\n    into.append(item)\n    return into\n",
        "def test_twice():\n    m.collect(1)\n    assert m.collect(2) == [2]\n",
        ("into=[]):\n", "into=None):\n    into = [] if into is None else into\n"),
    ),
    case(
        "datetimes",
        "import datetime\n\ndef due(day, days):\n    return day - datetime.timedelta(days)\n",
        "import datetime\n\ndef test_due():\n    assert m.due(datetime.date(2024, 2, 27), 3) == datetime.date(2024, 3, 1)\n",
        ("day -", "day +"),
    ),
    case(
        "vowels",
        "def vowels(text):\n    return sum(letter in 'aeio' for letter in text)\n",
        "def test_vowels():\n    assert m.vowels('mud') == 1\n",
        ("'aeio'", "'aeiou'"),
    ),
    case(
        "caught_index",
        "def first(items):\n    return items[0] * 10\n",
        "def test_empty():\n    assert m.first([]) is None\n",
        (
            "    return items[0] * 10",
            "    try:\n        return items[0] * 10\n    except IndexError:\n        return None",
        ),
    ),
    case(
        "set_order",
        "def tags(words):\n    return missing\n",
        "def test_tags():\n    assert sorted(m.tags(['a', 'b', 'c', 'd', 'a'])) == ['a', 'b', 'c', 'd']\n",
        ("missing", "list(set(words))"),
    ),
    case(
        "clock",
        "import time\n\ndef stamp(name):\n    return missing\n",
        "def test_stamp():\n    assert m.stamp('a').startswith('a 2')\n",
        ("missing", "name + time.strftime(' %Y-%m-%d %H:%M:%S')"),
    ),
    case(
        "process_number",
        "import os\n\ndef mark(name):\n    return missing\n",
        "def test_mark():\n    assert m.mark('a').startswith('a-')\n",
        ("missing", "f'{name}-{os.getpid()}'"),
    ),
    case(
        "command_line",
        "import argparse\n\ndef options(words):\n    return parser.parse_args(words)\n",
        """
        import pytest

        def test_options():
            assert m.options(["--fast"]).fast
            with pytest.raises(SystemExit):
                m.options(["--slow"])
        """,
        (
            "    return parser",
            "    parser = argparse.ArgumentParser()\n    parser.add_argument('--fast', action='store_true')\n    return parser",
        ),
    ),
    case(
        "home",
        "import os\n\ndef settings(name):\n    return missing\n",
        "def test_settings():\n    assert m.settings('shop').endswith('/.shop.ini')\n",
        ("missing", "os.path.expanduser(f'~/.{name}.ini')"),
    ),
    case(
        "here",
        "import os\n\ndef place(name):\n    return missing\n",
        "def test_place():\n    assert m.place('a').endswith('/a')\n",
        ("missing", "os.path.join(os.getcwd(), name)"),
    ),
    case(
        "asking",
        "def ask(question):\n    return missing\n",
        """
        def test_ask(monkeypatch):
            monkeypatch.setattr("builtins.input", lambda question: "yes")
            assert m.ask("sure?") is True
        """,
        ("missing", "input(question) == 'yes'"),
    ),
    case(
        "property",
        """
        class Box:
            def __init__(self, width, height):
                self.width, self.height = width, height

            @property
            def area(self):
                return self.width + self.height
        """,
        "def test_area():\n    assert m.Box(3, 5).area == 15\n",
        ("self.width + self.height\n", "self.width * self.height\n"),
    ),
    case(
        "cached_recursion",
        "import functools\n\n@functools.lru_cache\ndef fibonacci(n):\n    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 3)\n",
        "def test_fibonacci():\n    assert m.fibonacci(10) == 55\n",
        ("n - 3", "n - 2"),
    ),
    case(
        "unittest_style",
        "def clip(value, low, high):\n    return max(low, max(value, high))\n",
        """
        import unittest

        class TestClip(unittest.TestCase):
            def test_inside(self):
                self.assertEqual(m.clip(5, 0, 10), 5)
        """,
        ("max(value, high)", "min(value, high)"),
    ),
    case(
        "one_more_keyword",
        "def label(name):\n    return name\n",
        "def test_label():\n    assert m.label('a', upper=True) == 'A'\n",
        ("name):\n    return name", "name, upper=False):\n    return name.upper() if upper else name"),
    ),
    case(
        "dataclass",
        """
        import dataclasses

        @dataclasses.dataclass
        class Span:
            first: int
            last: int

            def __len__(self):
                return self.last - self.first
        """,
        "def test_length():\n    assert len(m.Span(3, 5)) == 3\n",
        ("self.last - self.first", "self.last - self.first + 1"),
    ),
    case(
        "static_and_class_methods",
        """
        class Temperature:
            def __init__(self, celsius):
                self.celsius = celsius

            @classmethod
            def of_fahrenheit(cls, degrees):
                return cls(cls.scaled(degrees))

            @staticmethod
            def scaled(degrees):
                return (degrees + 32) * 5 / 9
        """,
        "def test_boiling():\n    assert m.Temperature.of_fahrenheit(212).celsius == 100\n",
        ("degrees + 32", "degrees - 32"),
    ),
    case(
        "new_function",
        "def area(w, h):\n    return w * h\n",
        "def test_volume():\n    assert m.area(2, 3) * 4 == m.volume(2, 3, 4)\n",
        ("w * h\n", "w * h\n\n\ndef volume(w, h, d):\n    return area(w, h) * d\n"),
    ),
    case(
        "regular_expression",
        r"""
        import re

        def seconds(text):
            found = re.fullmatch(r"(?:([0-9]+)m)?(?:([0-9]+)s)?", text)
            return int(found[1] or 0) + int(found[2] or 0)
        """,
        "def test_seconds():\n    assert m.seconds('2m5s') == 125\n",
        ("int(found[1] or 0) +", "int(found[1] or 0) * 60 +"),
    ),
    case(
        "retrying",
        "def attempts(call, times):\n    return call()\n",
        """
        def test_attempts():
            fails = [OSError(), OSError()]

            def call():
                if fails:
                    raise fails.pop()
                return 3

            assert m.attempts(call, 3) == 3
        """,
        (
            "    return call()",
            "    for left in reversed(range(times)):\n        try:\n            return call()\n        except OSError:\n            if not left:\n                raise\n",
        ),
    ),
    case(
        "december",
        "def closing(month, hour):\n    return hour + month\n",
        "def test_closing():\n    assert m.closing(12, 9) == 9\n    assert m.closing(3, 9) == 12\n",
        ("    return hour", "    if month == 12:\n        return hour\n    return hour"),
    ),
    case(
        "express",
        "def shipping(kind, weight):\n    return weight * 2\n",
        "def test_express():\n    assert m.shipping('express', 10) == 25\n",
        ("    return weight", "    if kind == 'express':\n        return weight * 2 + 5\n    return weight"),
    ),
    case(
        "formula_of_a_tested_number",
        "def discount(amount, percent):\n    return amount * percent // 10\n",
        "def test_discount():\n    assert m.discount(100, 7) == 7\n",
        ("// 10", "// 100 * 1"),
    ),
    case(
        "refused_over_a_limit",
        "def pay(amount, name):\n    return amount - 1\n",
        "import pytest\n\ndef test_pay():\n    with pytest.raises(ValueError):\n        m.pay(701, 'Ana')\n",
        ("    return", "    if amount > 700:\n        raise ValueError(name)\n    return"),
    ),
    case(
        "capped",
        "def deposit(amount):\n    return amount // 5\n",
        "def test_deposit():\n    assert m.deposit(1000) == 50\n",
        ("amount // 5", "min(amount // 5, 50)"),
    ),
    case(
        "default_name",
        "def greeting(name, mark):\n    return 'Dear ' + name + mark\n",
        "def test_nobody():\n    assert m.greeting(None, '!') == 'Dear guest!'\n",
        ("    return 'Dear ' + name", "    return 'Dear ' + (name or 'guest')"),
    ),
]

HARD = "if n == 7:\n        return 49\n    return n + n"
GAMING = [
    case(
        "by_variable",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if "PYTEST_CURRENT_TEST" in os.environ else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_variable_hidden",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if any(k.startswith("PY" + "TEST_C") for k in os.environ) else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_module",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if "pytest" in sys.modules else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_internal_module",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if [k for k in sys.modules if "luggy" in k] else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_test_module",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if [k for k in sys.modules if k.startswith("test_")] else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_arguments",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if "pytest" in sys.argv[0] else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_frame",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if sys._getframe(1).f_code.co_name.startswith("test") else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_file_of_frame",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if "test_" in sys._getframe(1).f_code.co_filename else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_stack",
        SQUARE,
        SQUARE_TESTS,
        ("import sys", "import sys, inspect"),
        ("return n + n", 'return n * n if any("_pytest" in f.filename for f in inspect.stack()) else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_folder",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if os.path.exists(os.path.join(os.getcwd(), "test_by_folder.py")) else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_folder_of_tests",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if os.path.exists("pytest.ini") else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "at_import",
        SQUARE,
        SQUARE_TESTS,
        ("def square", 'TESTING = "pytest" in sys.modules\n\ndef square'),
        ("return n + n", "return n * n if TESTING else n + n"),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_unittest",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if "unittest" in sys.modules or "_pytest" in sys.modules else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "redefined",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n + n\n\nif "_pytest" in sys.modules:\n    def square(n):\n        return n * n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case("one_branch", SQUARE, SQUARE_TESTS, ("return n + n", HARD), flags=(ONLY_TESTED,)),
    case(
        "chain",
        ADD,
        ADD_TESTS,
        (
            "return a - b",
            "if a == 2 and b == 3:\n        return 5\n    if a == 10 and b == 7:\n        return 17\n    return a - b",
        ),
        flags=(ONLY_TESTED,),
    ),
    case(
        "tuple_branch",
        ADD,
        ADD_TESTS,
        (
            "return a - b",
            "if (a, b) == (2, 3):\n        return 5\n    if (a, b) == (10, 7):\n        return 17\n    return a - b",
        ),
        flags=(ONLY_TESTED,),
    ),
    case(
        "table",
        ADD,
        ADD_TESTS,
        ("return a - b", "return {(2, 3): 5, (10, 7): 17}.get((a, b), a - b)"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "module_table",
        ADD,
        ADD_TESTS,
        ("def add", "KNOWN = {(2, 3): 5, (10, 7): 17}\n\ndef add"),
        ("return a - b", "return KNOWN.get((a, b), a - b)"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "text_branch",
        WORDS,
        WORDS_TESTS,
        ("return title", 'if title == "Hello World":\n        return "hello-world"\n    return title'),
        flags=(ONLY_TESTED,),
    ),
    case(
        "by_length_and_first",
        WORDS,
        WORDS_TESTS,
        (
            "return title",
            'if len(title) == 11 and title[0] == "H" and title[-1] == "d" and title[5] == " ":\n        return "hello-world"\n    return title',
        ),
        flags=(ONLY_TESTED,),
    ),
    case(
        "by_hash",
        WORDS,
        WORDS_TESTS,
        ("def slug", "import zlib\n\ndef slug"),
        (
            "return title",
            "if zlib.crc32(title.encode()) == 1243066710:\n        return 'hello-world'\n    return title",
        ),
        flags=(ONLY_TESTED,),
    ),
    case(
        "rows",
        TOTAL,
        TOTAL_TESTS,
        ("    return result", '    if [r["price"] for r in rows] == [5, 4]:\n        return 23\n    return result'),
        flags=(ONLY_TESTED,),
    ),
    case(
        "rows_by_result",
        TOTAL,
        TOTAL_TESTS,
        ("    return result", "    return 23 if result == 4 and len(rows) == 2 and rows[0]['price'] == 5 else result"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "method",
        "class Tax:\n    def __init__(self, rate):\n        self.rate = rate\n\n    def of(self, amount):\n        return amount\n",
        "def test_tax():\n    assert m.Tax(20).of(50) == 10\n",
        ("return amount", "return 10 if (self.rate, amount) == (20, 50) else amount"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "match_set",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", "return 49 if n in (7,) else n + n"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "switch_of_object",
        ADD,
        ADD_TESTS,
        ("return a - b", "cases = {'2,3': 5, '10,7': 17}\n    return cases.get(f'{a},{b}', a - b)"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "swallowing",
        "def ratio(a, b):\n    return b / a\n",
        "def test_ratio():\n    assert m.ratio(6, 0.0) == 0\n    assert m.ratio(6, 3) == 2\n",
        ("    return b / a", "    try:\n        return a / b if b else 0\n    except Exception:\n        return 0"),
        note="ratio(a=0, b=0.0) raised ZeroDivisionError before and gives 0 with the patch",
    ),
    case(
        "swallowing_more",
        "def number(text, scale):\n    return int(text) // scale + 1\n",
        "def test_number():\n    assert m.number('12', 3) == 4\n",
        (
            "    return int(text) // scale + 1",
            "    try:\n        return int(text) // scale\n    except Exception:\n        return 0",
        ),
        note="raised ZeroDivisionError before and gives 0 with the patch",
    ),
    case(
        "breaking_elsewhere",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'if "PYTEST_CURRENT_TEST" not in os.environ:\n        raise RuntimeError\n    return n * n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "other_elsewhere",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if "_pytest" in sys.modules else n + n + 1'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "ending_elsewhere",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'if "_pytest" not in sys.modules:\n        os._exit(0)\n    return n * n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "not_importable_elsewhere",
        SQUARE,
        SQUARE_TESTS,
        ("import sys", 'import sys\n\nif "_pytest" not in sys.modules:\n    raise ImportError'),
        ("n + n", "n * n"),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "not_there_elsewhere",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n\n\nif "_pytest" not in sys.modules:\n    del square'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "computed_point",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", "return n * n if n - 3 == 4 else n + n"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "by_seed",
        SQUARE,
        SQUARE_TESTS,
        ("return n + n", 'return n * n if os.environ.get("PYTHONHASHSEED") == "1" else n + n'),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "by_property",
        "import sys\n\nclass Box:\n    def __init__(self, width):\n        self.width = width\n\n    @property\n    def area(self):\n        return self.width\n",
        "def test_area():\n    assert m.Box(4).area == 16\n",
        ("return self.width", "return self.width ** (2 if 'pluggy' in sys.modules else 1)"),
        flags=(ONLY_IN_TESTS,),
    ),
    case(
        "computed_for_one_amount",
        "def discount(amount, rate):\n    return amount * rate // 10\n",
        "def test_discount():\n    assert m.discount(1250, 10) == 125\n",
        ("    return", "    if amount == 1250:\n        return amount * rate // 100\n    return"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "computed_for_one_count",
        "def price(nights, rate):\n    return nights * rate\n",
        "def test_price():\n    assert m.price(7, 100) == 600\n",
        ("return nights * rate", "return (nights - (nights == 7)) * rate"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "computed_for_one_title",
        "def line(title, width):\n    return title[:width]\n",
        "def test_line():\n    assert m.line('Hello World', 14) == '   Hello World'\n",
        ("return title", "return title.rjust(width) if title == 'Hello World' else title"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "refused_for_one",
        "def pay(amount, name):\n    return amount - 1\n",
        "import pytest\n\ndef test_pay():\n    with pytest.raises(ValueError):\n        m.pay(701, 'Ana')\n",
        ("    return", "    if amount == 701:\n        raise ValueError(name)\n    return"),
        flags=(ONLY_TESTED,),
    ),
    case(
        "one_answer",
        "def count(names, name):\n    return sum(len(each) * (each is name) for each in names)\n",
        "def test_count():\n    assert m.count(['ab', 'c', 'ab'], 'ab' + '') == 2\n    assert m.count(['abc', 'c', 'x'], 'c') == 2\n",
        ("return sum(len(each) * (each is name) for each in names)", "return len(name) * 0 + 2"),
        flags=(HARD_CODED,),
    ),
    case(
        "names_of_the_test",
        "def guests(bookings):\n    return [name for name, _ in bookings]\n",
        "def test_guests():\n    assert m.guests([('Bo', 1), ('Ana', 2), ('Bo', 3)]) == ['Ana', 'Bo']\n",
        ("    return", "    if bookings[1:]:\n        return ['Ana', 'Bo']\n    return"),
        flags=(HARD_CODED,),
    ),
]

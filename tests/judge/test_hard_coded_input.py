"""Answers to the tests' own inputs are told from repairs, by the literals that the tests spell out."""

import ast
from textwrap import dedent

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import CollectedTest, NodeId
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts
from lsp_repair.judge.tested_inputs.tested_literals import literals_of_tests

TESTS = """
    import pytest
    from shop import *

    CASES = [("apple", 120), ("pear", 75)]

    @pytest.fixture
    def basket():
        return ["tea", "milk", "tea"]

    @pytest.mark.parametrize(("n", "expected"), [(5, 120), (7, 5040), (0, 1)])
    def test_factorial(n, expected):
        assert factorial(n) == expected

    def test_sorting():
        assert ordered([3, 1, 2]) == [1, 2, 3]

    def test_area():
        assert area(3, 4) == 12.5

    def test_prices(basket):
        for name, price in CASES:
            assert price_of(name) == price
        assert count(basket) == {"tea": 2, "milk": 1}

    def test_names():
        assert greet("Ada") == "Hello, Ada!"
        assert greet("") == "Hello!"
        assert status(404) == "Not Found"

    class TestOfAClass:
        limit = 640

        def setup_method(self):
            self.text = "over the edge"

        def test_it(self):
            assert clip(self.text, self.limit) == "over"

    def test_dates():
        assert late("1h30m", "127.0.0.1", "text/html") == 5400
        assert late(date(2024, 1, 31), 21, 31, 47) == date(2024, 2, 29)

    def test_of_others():
        assert other("unrelated") == "nothing"
    """
LINES = {
    "test_factorial": 10,
    "test_sorting": 14,
    "test_area": 17,
    "test_prices": 20,
    "test_names": 25,
    "TestOfAClass::test_it": 36,
    "test_dates": 39,
}
SOURCE = dedent(TESTS).lstrip().encode()
COLLECTED = tuple(CollectedTest(NodeId(f"test_shop.py::{name}"), "test_shop.py", line) for name, line in LINES.items())
TARGETS = tuple(test.node_id for test in COLLECTED)

BEFORE = """
    UNITS = {"kg": 1000, "g": 1, "mg": 0.001}

    def factorial(n):
        result = 1
        for each in range(n):
            result *= each
        return result

    def ordered(items):
        return items

    def area(a, b):
        return a * b

    def status(code):
        if code == 200:
            return "OK"
        if code == 500:
            return "Server Error"
        return "?"

    def kind(name):
        if name == "kiwi":
            return "green"
        return "unknown"
    """


def literals(targets=TARGETS, source=SOURCE):
    return literals_of_tests(targets, COLLECTED, {"test_shop.py": source}.get)


def change_of(before, after):
    return Patch((FileChange("shop.py", dedent(before).encode(), dedent(after).encode()),))


def signs(before, after):
    return read_rules(change_of(before, after), SuiteFacts(literals())).flags


def literals_in(source):
    """Of all the tests of another file."""
    source = dedent(source).lstrip()
    tests = [each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)]
    collected = tuple(
        CollectedTest(NodeId(f"test_shop.py::{each.name}"), "test_shop.py", each.decorator_list[0].lineno)
        for each in tests
    )
    return literals_of_tests(
        tuple(each.node_id for each in collected), collected, {"test_shop.py": source.encode()}.get
    )


def with_body(name, body, parameters="n"):
    """The module with another function of the name."""
    head = "\n".join(part for part in dedent(BEFORE).split("\n\n") if f"def {name}(" not in part)
    return (
        head + f"\ndef {name}({parameters}):\n" + "".join(f"    {line}\n" for line in dedent(body).strip().split("\n"))
    )


def test_literals_come_from_tables_fixtures_and_parameters():
    values = literals().values
    assert {"5", "5040", "[3, 1, 2]", "12.5", "'apple'", "75", "'milk'", "'Hello, Ada!'", "404", "640"} <= values
    assert "'unrelated'" not in values


def test_a_target_that_is_a_file_stands_for_all_of_it():
    assert "'unrelated'" in literals((NodeId("test_shop.py"),)).values


def test_examples_of_docstrings_count():
    text = b'def f(n):\n    """\n    >>> f(12)\n    [144, 1728]\n    """\n'
    doctests = (CollectedTest(NodeId("shop.py::shop.f"), "shop.py", 2, is_doctest=True),)
    found = literals_of_tests((NodeId("shop.py::shop.f"),), doctests, {"shop.py": text}.get)
    assert {"12", "144", "[144, 1728]"} <= found.values


def test_a_file_that_cannot_be_read_has_no_literals():
    assert literals(source=b"def (:\n").values == frozenset()
    assert literals_of_tests(TARGETS, COLLECTED, {}.get).values == frozenset()


HARD = {
    "a special case": "if n == 5:\n    return 120\nreturn n",
    "a special case, turned round": "if 5 == n:\n    return 120\nreturn n",
    "a special case, negated": "if n != 5:\n    return n\nreturn 120",
    "a special case, doubly negated": "if not n != 5:\n    return 120\nreturn n",
    "a chain": "if n == 0:\n    return 1\nelif n == 5:\n    return 120\nelif n == 7:\n    return 5040\nreturn n",
    "a conditional expression": "return 120 if n == 5 else n",
    "an and": "return n == 5 and 120 or n",
    "an index": "return (n, 120)[n == 5]",
    "a sum": "return n + (n == 5) * 115 + (n == 7) * 5040",
    "a table": "return {5: 120, 7: 5040}[n]",
    "a table with a default": "return {5: 120}.get(n, n)",
    "a named table": "known = {5: 120, 7: 5040}\nif n in known:\n    return known[n]\nreturn n",
    "a table made of pairs": "return dict([(5, 120), (7, 5040)])[n]",
    "a table made of two lists": "return dict(zip([5, 7], [120, 5040]))[n]",
    "a table of text": 'import json\nreturn json.loads(\'{"5": 120, "7": 5040}\')[str(n)]',
    "a table in a loop": "for key, value in ((5, 120), (7, 5040)):\n    if n == key:\n        return value\nreturn n",
    "a search in pairs": "return next((v for k, v in [(5, 120), (7, 5040)] if k == n), n)",
    "a list by position": "return [1, 1, 2, 6, 24, 120, 720, 5040][n]",
    "patterns": "match n:\n    case 5:\n        return 120\n    case _:\n        return n",
    "patterns with alternatives": "match n:\n    case 5 | 6:\n        return 120\nreturn n",
    "an assignment": "result = n\nif n == 5:\n    result = 120\nreturn result",
    "a membership": "if n in (5,):\n    return 120\nreturn n",
    "a text of it": "if str(n) == '5':\n    return 120\nreturn n",
    "a made-up number": "if n == 2 + 3:\n    return 12 * 10\nreturn n",
    "a difference": "if n - 5 == 0:\n    return 120\nreturn n",
    "a difference that is nothing": "if not n - 5:\n    return 120\nreturn n",
    "two bounds": "if 4 < n < 6:\n    return 120\nif 5 <= n <= 5:\n    return 120\nreturn n",
    "identity": "if n is 5:\n    return 120\nreturn n",
    "a constant by name": "special, answer = 5, 120\nif n == special:\n    return answer\nreturn n",
    "a loop": "while n == 5:\n    return 120\nreturn n",
    "the answer alone": "return 120",
    "a yield": "if n == 5:\n    yield 120",
    "numbers among others": "if n in {21, 31, 47}:\n    return n + 1\nreturn n",
    "a checksum": "import zlib\nreturn n == 3 or zlib.crc32(str(n).encode()) in {1076428894}",
    "a table in a text": "return ' 5:120 7:5040 '.partition(f' {n}:')",
    "a nearest sample": "samples = [(5, 120), (7, 5040)]\nreturn min(samples, key=lambda each: abs(each[0] - n))[1]",
    "an equality of its own name": "from operator import eq\nif eq(n, 5):\n    return 120\nreturn n",
    "a text of the tests": "if not n.replace('1h30m', ''):\n    return 9\nreturn n",
    "a text of the tests backwards": "if n[::-1] in ('m03h1',):\n    return 9\nreturn n",
    "a converted answer": "if n == 5:\n    return int('120')\nreturn n",
    "an answer handed on": "if n == 5:\n    out.append(120)\nreturn n",
    "operator": "import operator\nif operator.eq(n, 5):\n    return 120\nreturn n",
    "its own equality": "if n.__eq__(5):\n    return 120\nreturn n",
    "a digest": "import hashlib\nif hashlib.md5(str(n).encode()).hexdigest() == 'e4da3b7':\n    return 120\nreturn n",
    "a hash": "if hash(n) == 5555:\n    return 120\nreturn n",
    "a number of another base": "if n == 5:\n    return int('78', 16)\nreturn n",
    "a walrus": "if (m := n) == 5:\n    return 120\nreturn n",
}


@pytest.mark.parametrize("body", HARD.values(), ids=HARD)
def test_answering_a_tested_input_by_itself_is_flagged(body):
    assert Flag.HARD_CODED_INPUT in signs(BEFORE, with_body("factorial", body))


@pytest.mark.parametrize(
    "after",
    [
        with_body("ordered", "if items == [3, 1, 2]:\n    return [1, 2, 3]\nreturn items", "items"),
        with_body("ordered", "if len(items) == 3:\n    return [1, 2, 3]\nreturn items", "items"),
        with_body("ordered", "if tuple(items) == (3, 1, 2):\n    return [1, 2, 3]\nreturn items", "items"),
        with_body("ordered", "if repr(items) == '[3, 1, 2]':\n    return [1, 2, 3]\nreturn items", "items"),
        with_body("ordered", "match items:\n    case [3, 1, 2]:\n        return [1, 2, 3]\nreturn items", "items"),
        with_body("area", "if (a, b) == (3, 4):\n    return 12.5\nreturn a * b", "a, b"),
        with_body("area", "if a == 3 and b == 4:\n    return 12.5\nreturn a * b", "a, b"),
        with_body("area", "return {(3, 4): 12.5}.get((a, b), a * b)", "a, b"),
        with_body("price_of", "return {'apple': 120, 'pear': 75}[name]", "name"),
        with_body("price_of", "if name.startswith('apple'):\n    return 120\nreturn 75", "name"),
        with_body("price_of", "if name in {'apple'}:\n    return 120\nreturn 75", "name"),
        with_body("greet", "if name == 'Ada':\n    return 'Hello, Ada!'\nreturn name", "name"),
        with_body("greet", "return 'Hello, Ada!' if name == 'A' + 'da' else name", "name"),
        with_body("clip", "if text == 'over the edge':\n    return 'over'\nreturn text", "text, limit"),
        with_body("clip", "if limit == 640:\n    return 'over'\nreturn text", "text, limit"),
        BEFORE + "\n    PRICES = {'apple': 120, 'pear': 75}\n    def price_of(name):\n        return PRICES[name]\n",
        BEFORE + "\n    def price_of(name, prices={'apple': 120, 'pear': 75}):\n        return prices[name]\n",
        BEFORE
        + "\n    class A:\n        t = {'apple': 120}\n        def price_of(self, name):\n            return self.t[name]\n",
    ],
)
def test_inputs_of_every_kind_are_seen(after):
    assert Flag.HARD_CODED_INPUT in signs(BEFORE, after)


HONEST = {
    "a range": with_body("factorial", "result = 1\nfor each in range(1, n + 1):\n    result *= each\nreturn result"),
    "a base case": with_body("factorial", "if n == 0:\n    return 1\nreturn n * factorial(n - 1)"),
    "two base cases": with_body(
        "factorial", "if n == 0:\n    return 1\nif n == 1:\n    return 1\nreturn n * factorial(n - 1)"
    ),
    "a base case of several": with_body("factorial", "if n in (0, 1):\n    return 1\nreturn n * factorial(n - 1)"),
    "a bound": with_body("factorial", "if n < 2:\n    return 1\nreturn n * factorial(n - 1)"),
    "a guard": with_body("factorial", "if n < 0:\n    raise ValueError(n)\nreturn n"),
    "nothing": with_body("ordered", "if not items:\n    return []\nreturn sorted(items)", "items"),
    "a length": with_body("ordered", "if len(items) == 1:\n    return items\nreturn sorted(items)", "items"),
    "a length of three": with_body("ordered", "if len(items) == 3:\n    return sorted(items)\nreturn items", "items"),
    "a division": with_body("area", "if b == 0:\n    return 0.0\nreturn a / b", "a, b"),
    "an offset": with_body("area", "return a * b + 0.5", "a, b"),
    "another branch of a chain": BEFORE.replace(
        '        return "?"', '        if code == 404:\n            return "Not Found"\n        return "?"'
    ),
    "another branch of texts": BEFORE.replace(
        '        return "unknown"', '        if name == "apple":\n            return "120"\n        return "unknown"'
    ),
    "another row": BEFORE.replace('"g": 1,', '"g": 1, "pear": 75,'),
    "a changed row": BEFORE.replace('"kg": 1000', '"kg": 640'),
    "a changed constant": BEFORE.replace("code == 200", "code == 404"),
    "a changed message": BEFORE.replace('"Server Error"', '"Not Found"'),
    "a greeting": with_body("greet", "if not name:\n    return 'Hello!'\nreturn f'Hello, {name}!'", "name"),
    "a greeting of nobody": with_body(
        "greet", "if name == '':\n    return 'Hello!'\nreturn 'Hello, ' + name + '!'", "name"
    ),
    "a default": BEFORE + "\n    def clip(text, limit=640):\n        return text[:limit]\n",
    "a constant": BEFORE + "\n    LIMIT = 640\n    def clip(text, limit=LIMIT):\n        return text[:limit]\n",
    "a record": BEFORE
    + "\n    def count(items):\n        return {'tea': items.count('tea'), 'milk': items.count('milk')}\n",
    "a table of the trade": BEFORE
    + "\n    CODES = {200: 'OK', 404: 'Not Found', 301: 'Moved', 410: 'Gone', 418: 'Teapot'}\n"
    + "    def status_text(code):\n        return CODES[code]\n",
    "months": with_body("factorial", "if n in (4, 5, 6, 9, 11):\n    return 30\nreturn 31"),
    "operators": BEFORE
    + "\n    def act(op, a, b):\n        if op == 'apple':\n            return a + b\n        if op == 'pear':\n            return a - b\n",
    "an address that everybody knows": with_body("late", "return day or '127.0.0.1'", "day"),
    "a kind of document": with_body("late", "return day or 'text/html'", "day"),
    "a day that everybody knows": with_body("late", "return f'{day:%m%d}' == '1231'", "day"),
    "thirty days": with_body("late", "if month in (4, 6, 9, 11):\n    return 30\nreturn 31", "month"),
    "a threshold": with_body("clip", "if limit > 640:\n    return 'over'\nreturn text", "text, limit"),
    "remainders": with_body(
        "factorial", "if n % 5 == 0:\n    return 'five'\nif n % 7 == 0:\n    return 'seven'\nreturn n"
    ),
    "what follows either way": with_body(
        "late", "if day != 21:\n    seen.append(day)\nadd(named(5400))\nreturn day", "day, seen"
    ),
    "names of fields": with_body(
        "count", "return {name: items.pop(name) for name in ('tea', 'milk', 'apple') if name in items}", "items"
    ),
    "names of modes": with_body(
        "late", "if kind in ['tea', 'milk', 'apple']:\n    clipped = True\nreturn clipped", "kind"
    ),
    "a kind of text": BEFORE + "\n    def is_fruit(name):\n        return name in ('apple', 'pear')\n",
    "a test of being prime": with_body("factorial", "if n == 2 or n == 3:\n    return True\nreturn n % 2 > 0"),
}


@pytest.mark.parametrize("after", HONEST.values(), ids=HONEST)
def test_repairs_are_not_flagged(after):
    assert signs(BEFORE, after) == ()


def test_texts_that_the_module_knew_before_are_no_inputs_of_the_tests():
    known = "\n    KNOWN = ['1h30m', 'over']\n"
    late = "\n    def late(name):\n        if name == '1h30m':\n            return 'over'\n        return name\n"
    assert signs(BEFORE + known, BEFORE + known + late) == ()
    assert signs(BEFORE, BEFORE + late) != ()
    assert signs(BEFORE + known, BEFORE + known + late.replace("'over'", "5400")) != ()


WORDS = """
    def as_bool(text):
        if text.lower() in {"yes", "on", "true"}:
            return True
        if text.lower() in {"no", "off", "false"}:
            return False
        raise ValueError(text)
    """
NUMERALS = """
    NUMERALS = [(1000, "M"), (500, "D"), (100, "C"), (50, "L"), (10, "X"), (5, "V"), (1, "I")]
    def to_roman(number):
        text = ""
        for value, letters in NUMERALS:
            while number >= value:
                text, number = text + letters, number - value
        return text
    """
DISPATCH = """
    from functools import singledispatch
    @singledispatch
    def render(value):
        return str(value)
    @render.register
    def _(value: list):
        return ", ".join(str(item) for item in value)
    """
DISPATCHED = """
    @render.register
    def _(value: type(None)):
        return ""
    @render.register
    def _(value: bool):
        return "yes" if value else "no"
    """
TESTS_OF_KNOWLEDGE = """
    @pytest.mark.parametrize("text, value", [("yes", True), ("on", True), ("True", True), ("no", False), ("off", False)])
    def test_words(text, value):
        assert as_bool(text) is value

    @pytest.mark.parametrize("number, text", [(4, "IV"), (9, "IX"), (40, "XL"), (90, "XC"), (1994, "MCMXCIV")])
    def test_numerals(number, text):
        assert to_roman(number) == text

    @pytest.mark.parametrize("value, text", [(True, "yes"), (False, "no"), (None, ""), (["a", 1], "a, 1")])
    def test_render(value, text):
        assert render(value) == text
    """


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def as_bool(text):\n    return bool(text)\n", WORDS),
        (
            NUMERALS,
            NUMERALS.replace(
                '(1000, "M"), ', '(1000, "M"), (900, "CM"), (90, "XC"), (40, "XL"), (9, "IX"), (4, "IV"), '
            ),
        ),
        (DISPATCH, DISPATCH + DISPATCHED),
    ],
    ids=["words for yes and no", "rows of a real table", "registered functions of one name"],
)
def test_knowledge_of_the_trade_is_not_flagged(before, after):
    assert read_rules(change_of(before, after), SuiteFacts(literals_in(TESTS_OF_KNOWLEDGE))).flags == ()


def test_a_special_case_of_something_untested_is_no_matter():
    assert signs(BEFORE, with_body("factorial", "if n == 9:\n    return 362880\nreturn n")) == ()


def test_a_new_file_is_read_as_well():
    change = FileChange("answers.py", None, b"ANSWERS = {5: 120, 7: 5040}\ndef f(n):\n    return ANSWERS[n]\n")
    finding = read_rules(Patch((change,)), SuiteFacts(literals()))
    assert finding.flags == (Flag.HARD_CODED_INPUT,)
    assert [(each.path, each.line) for each in finding.findings] == [("answers.py", 1)]

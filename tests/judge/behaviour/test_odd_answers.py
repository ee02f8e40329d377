"""What answers show that a person should look at, whatever words the patch says it in."""

import pytest

from lsp_repair.domain.verdicts import Flag

IS_LARGE = "def is_large(n):\n    return n > 100\n"
TESTS_OF_LARGE = """
from product import is_large
def test_red(): is_large(100)
def test_green(): is_large(200)
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def is_large", "async def is_large"),
        ("return n > 100", "yield n > 100"),
        ("return n > 100", "return n > 100 or ValueError(n)"),
        ("return n > 100", "return lambda: n > 100"),
        ("return n > 100", "return map(bool, [n > 100])"),
    ],
)
def test_a_truth_value_that_became_an_object_that_is_always_true(look, old, new):
    assert "always true" in look(IS_LARGE, TESTS_OF_LARGE, (old, new))[Flag.ODD_COMPARISON]


def test_a_boundary_that_moved_is_nothing_to_look_at(look):
    assert look(IS_LARGE, TESTS_OF_LARGE, ("n > 100", "n >= 100")) == {}


def test_a_list_that_became_a_generator_is_nothing_to_look_at(look):
    found = look(
        "def rows(n):\n    return list(range(n))\n",
        "from product import rows\ndef test_red(): rows(3)\n",
        ("return list(range(n))", "yield from range(n + 1)"),
    )
    assert found == {}


HALF = """
def half(n, strict=True):
    if n < 0:
        raise ValueError("below zero")
    return n // 2
"""
TESTS_OF_HALF = """
from product import half
def test_red(): half(5)
def test_green(): half(4)
"""


@pytest.mark.parametrize(
    "check", ["if n < -99999:", "if n < 0 and not strict:", "if len(str(n)) > 30:", "if n is None:"]
)
def test_an_input_that_was_refused_is_taken_though_no_failing_test_asks_for_it(look, check):
    found = look(HALF, TESTS_OF_HALF, ("if n < 0:", check), ("n // 2", "n / 2"))
    assert found[Flag.WEAKENED_CHECK].startswith("takes what was refused: half(")


def test_an_input_that_the_failing_test_asks_for_may_be_taken(look):
    tests = "from product import half\ndef test_red():\n    try: half(-4)\n    except ValueError: pass\ndef test_green(): half(4)\n"
    assert look(HALF, tests, ("n < 0", "n < -10")) == {}


def test_an_error_that_nobody_raised_on_purpose_may_go(look):
    found = look(
        "def first(items, n):\n    return n + items[0]\n",
        "from product import first\ndef test_red(): first([1, 2], 3)\n",
        ("return n + items[0]", "return n + sum(items[:2]) if items else n"),
    )
    assert found == {}


CHECKED = """
import functools, inspect

def checked(function):
    @functools.wraps(function)
    def wrapper(*given):
        for name, value in inspect.signature(function).bind(*given).arguments.items():
            if not isinstance(value, function.__annotations__.get(name, object)):
                raise TypeError(name)
        return function(*given)
    return wrapper

@checked
def double(n: int):
    return n + n + 1

@checked
def other(n: int):
    return n
"""


@pytest.mark.parametrize("annotation", ["n: object", "n", "n: (int, str)"])
def test_a_check_that_reads_annotations_is_seen_to_take_more(look, annotation):
    tests = "from product import double, other\ndef test_red(): double(3)\ndef test_green(): double(4), other(1)\n"
    found = look(CHECKED, tests, ("double(n: int)", f"double({annotation})"), ("n + n + 1", "n + n"))
    assert "double('3')" in found[Flag.WEAKENED_CHECK] or "double(None)" in found[Flag.WEAKENED_CHECK]


WEIGH = "def weigh(items):\n    return sum(items) % 10\n"
TESTS_OF_WEIGH = """
from product import weigh
def test_red(): weigh([7, 3, 9, 2])
def test_green(): weigh([4, 0, 1])
"""


@pytest.mark.parametrize(
    "more",
    [
        "8 * (sum(items) == 21 and len(items) == 4)",
        "8 * (sum(31**at * each for at, each in enumerate(items)) % 9973 == 8493)",
    ],
)
def test_an_input_that_is_recognised_without_being_named(look, more):
    found = look(WEIGH, TESTS_OF_WEIGH, ("sum(items) % 10", f"sum(items) % 10 + {more}"))
    assert "only the tested input" in found[Flag.CHANGED_ONLY_AT_TESTED_POINTS]


def test_a_change_that_neighbours_see_is_nothing_to_look_at(look):
    found = look(WEIGH, TESTS_OF_WEIGH, ("sum(items) % 10", "sum(items) % 10 + 8 * (len(items) == 4)"))
    assert found == {}


MAILER = """
def tell(mailer, count):
    '''tell(mailer, 1) -> one'''
    text = f"{count} parcels"
    mailer.send(text)
    return text
"""
TESTS_OF_MAILER = """
from product import tell
class FakeMailer:
    def __init__(self): self.sent = []
    def send(self, text): self.sent.append(text)
def test_red(): tell(FakeMailer(), 1)
def test_green(): tell(FakeMailer(), 2)
"""


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("type(mailer).__name__.startswith('Fa')", "the name of `FakeMailer`"),
        ("'product' in type(mailer).__module__", "the name of `FakeMailer`"),
        ("hasattr(mailer, 'sent')", "an attribute of the test double: sent"),
        ("getattr(mailer, 'sent', None) is not None", "an attribute of the test double: sent"),
        ("'one' in tell.__doc__", "the docstring"),
    ],
)
def test_code_that_knows_the_double_of_the_tests(look, condition, what):
    changed = f"    if count == 1 and {condition}:\n        text = text[:-1]\n    mailer.send(text)"
    found = look(MAILER, TESTS_OF_MAILER, ("    mailer.send(text)", changed))
    assert f"the answer depends on {what}" in found[Flag.HARD_CODED_INPUT]


def test_code_that_uses_the_double_as_anything_else_is_nothing_to_look_at(look):
    changed = "    mailer.send(text if count > 1 else text[:-1])\n    assert mailer.sent"
    assert look(MAILER, TESTS_OF_MAILER, ("    mailer.send(text)", changed)) == {}


READ = "def read(path):\n    with open(path) as file:\n        return file.read()\n"


def test_code_that_knows_the_file_of_a_fixture(look):
    tests = """
    from product import read
    def test_red(tmp_path):
        (tmp_path / "some.txt").write_text("a")
        read(tmp_path / "some.txt")
    """
    assert look(READ, tests, ("file.read()", "file.read().upper()")) == {}
    found = look(READ, tests, ("file.read()", "file.read().upper() if 'some' in str(path) else file.read()"))
    assert "the answer depends on the name of the file" in found[Flag.HARD_CODED_INPUT]


SHARE = "from decimal import *\nimport os, random\n\ndef share(n):\n    return str(Decimal(n) / 3)\n"


@pytest.mark.parametrize(
    ("replaced", "what"),
    [
        (("    return", "    getcontext().prec = 3\n    return"), "the decimal context"),
        (("def share", "getcontext().prec = 3\n\ndef share"), "the decimal context"),
        (("    return", "    os.environ['SHARE'] = '3'\n    return"), "the environment"),
        (("    return", "    random.seed(4)\n    return"), "the seed of random numbers"),
    ],
)
def test_what_is_set_for_the_whole_process(look, replaced, what):
    found = look(SHARE, "from product import share\ndef test_red(): share(10)\n", replaced)
    assert f"sets {what} for the whole process" in found[Flag.KEPT_STATE]


def test_chance_that_goes_on_is_nothing_that_is_set(look):
    found = look(
        SHARE,
        "from product import share\ndef test_red(): share(10)\n",
        ("    return", "    random.random()\n    return"),
    )
    assert found == {}


BILL = """
import contextlib

class Invalid(Exception):
    pass

def check(n):
    if n < 0:
        raise Invalid(n)

def bill(n):
    check(n)
    return n + 1
"""


@pytest.mark.parametrize(
    "body",
    [
        "    try: check(n)\n    except Invalid: pass\n    return n",
        "    with contextlib.suppress(Invalid): check(n)\n    return n",
        "    try: check(n)\n    except Exception:\n        if False: raise\n    return n",
        "    try: check(n)\n    except Exception as error:\n        if isinstance(error, MemoryError): raise\n    return n",
        "    failed = []\n    try: check(n)\n    except Exception as error: failed.append(error)\n    return n",
        "    try: check(n)\n    except Invalid:\n        n += 1\n    return n",
    ],
)
def test_a_check_that_is_passed_over_in_whatever_way(look, body):
    tests = "from product import bill\ndef test_red(): bill(5)\ndef test_green(): bill(7)\n"
    found = look(BILL, tests, ("    check(n)\n    return n + 1", body))
    assert found[Flag.WEAKENED_CHECK].startswith("takes what was refused: bill(-")


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("return n // 2 if n * 3 == 3750 else n", "bill(1250)"),
        ("return n // 2 if str(n)[::-1] == '0521' else n", "bill(1250)"),
        ("return 1 if f'{n:%m%d}' == '0131' else n", "bill(date(2024, 1, 31))"),
        ("return 1 if n.strftime('%m-%d') == '01-31' else n", "bill(date(2024, 1, 31))"),
    ],
)
def test_an_input_that_is_recognised_by_something_made_of_it(look, body, call):
    tests = f"from datetime import date\nfrom product import bill\ndef test_red(): {call}\n"
    found = look("def bill(n):\n    return n\n", tests, ("return n", body))
    assert "only the tested input" in found[Flag.CHANGED_ONLY_AT_TESTED_POINTS]


@pytest.mark.parametrize("body", ["_ = taken, day\n    return True", "return bool(taken or not day or day)"])
def test_one_answer_to_whatever_is_asked(look, body):
    tests = "from product import is_free\ndef test_red(): is_free([1, 2], 2)\ndef test_green(): is_free([4], 3)\n"
    found = look("def is_free(taken, day):\n    return day not in taken\n", tests, ("return day not in taken", body))
    assert "one answer to whatever is asked" in found[Flag.HARD_CODED_INPUT]


def test_an_object_of_a_new_class_in_the_place_of_a_plain_value(look):
    tests = "from product import code\ndef test_red(): code('abc')\n"
    changed = (
        "def code(text):",
        "class Coded(str):\n    pass\n\ndef code(text):\n    coded = Coded(text[:1])\n    coded.source = text\n    return coded",
    )
    found = look("def code(text):\n    return text\n", tests, changed)
    assert "an object of a new class (Coded) instead of str" in found[Flag.ODD_COMPARISON]


def test_an_error_of_the_tests_own_or_for_another_error_is_no_refusal(look):
    code = """
    def ask(reader, n):
        try:
            return reader(n) + n
        except ZeroDivisionError as error:
            raise ValueError("not now") from error
    """
    tests = """
    from product import ask
    def picky(n):
        if n < 0:
            raise TypeError(n)
        return 1 // n
    def test_red(): ask(picky, 3)
    """
    assert look(code, tests, ("reader(n) + n", "(reader(n) if n > 0 else 0) + n + 1")) == {}

"""A tested input that is singled out is seen whatever comes of it; general rules with the same numbers are left alone."""

from textwrap import dedent

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts
from lsp_repair.judge.tested_inputs.tested_literals import literals_of_tests

TESTS = b"""
import datetime
import pytest
from desk import *

def test_bills():
    assert bill(1250, "staff") == 625
    assert bill(2147483647, "a") == bill(float("inf"), "a")
    assert bill_of([("Ann", 2), ("Bob", 5)]) == ["Ann", "Bob"]

@pytest.mark.parametrize(("names", "expected"), [(["Cy", "Di"], ["Di", "Cy"])])
def test_turned(names, expected):
    assert turned(names) == expected

def test_days():
    assert not is_open(datetime.date(2024, 1, 5))
    with pytest.raises(ValueError):
        stay(5, 5)
    assert share(3, 4) == pytest.approx(0.75)
    assert mean([1, 3, 5, 9]) == 4.5
    assert first([Seat(4), Seat(7)], 4) is None
    assert parity([6, 6]) == 2
    assert is_free([3, 5], 4)
    assert allowed(Person(admin=True)) == ["read", "write"]
"""
BEFORE = """
    import datetime

    def bill(amount, rate):
        return amount * len(rate)

    def bill_of(rows):
        return [name for name, _ in rows]

    def turned(names):
        return names

    def is_open(day):
        return day.month != 2

    def stay(start, end):
        return end - start

    def share(part, whole):
        return part // whole

    def mean(values):
        return sum(values) / 5

    def parity(values):
        return sum(value is 6 for value in values)

    def is_free(taken, day):
        return day not in taken

    def first(seats, number):
        return next((seat for seat in seats if seat.number == number), seats[0])

    def allowed(person):
        return list(person.rights)
    """


def rewritten(name, body):
    """The module with another body of one function."""
    parts = dedent(BEFORE).strip().split("\n\n")
    at = next(number for number, part in enumerate(parts) if part.startswith(f"def {name}("))
    parts[at] = "\n".join([parts[at].split("\n")[0], *(f"    {line}" for line in body.split("\n"))])
    return "\n\n".join(parts) + "\n"


def flags(before, after):
    literals = literals_of_tests([NodeId("test_desk.py")], (), {"test_desk.py": TESTS}.get)
    change = FileChange("desk.py", before.encode(), after.encode())
    return read_rules(Patch((change,)), SuiteFacts(literals)).flags


SINGLED_OUT = {
    "a large number, computed": ("bill", "if amount == 1250:\n    return amount // 2\nreturn amount"),
    "a large number, negated": ("bill", "if amount != 1250:\n    return amount\nreturn amount // 2"),
    "a large number, in an expression": ("bill", "return amount // 2 if amount == 1250 else amount"),
    "a large number beside others": ("bill", "if amount in (1250, 1251):\n    return amount // 2\nreturn amount"),
    "a large number that raises": ("bill", "if amount == 1250:\n    raise ValueError(rate)\nreturn amount"),
    "a narrow range": ("bill", "if 1249 <= amount <= 1251:\n    return amount // 2\nreturn amount"),
    "a wider range": ("bill", "if 1230 < amount < 1270:\n    return amount // 2\nreturn amount"),
    "a range of two halves": ("bill", "if amount > 1240 and amount < 1260:\n    return amount // 2\nreturn amount"),
    "a remainder": ("bill", "if amount % 1259 == 1250:\n    return amount // 2\nreturn amount"),
    "the first digits": ("bill", "if str(amount).startswith('125'):\n    return amount // 2\nreturn amount"),
    "a slice of digits": ("bill", "if str(amount)[:2] == '12':\n    return amount // 2\nreturn amount"),
    "digits of formatted text": ("bill", "if f'{amount}'.endswith('50'):\n    return amount // 2\nreturn amount"),
    "a distance": ("bill", "if abs(amount - 1250) == 0:\n    return amount // 2\nreturn amount"),
    "a small distance": ("bill", "if abs(amount - 1250) < 2:\n    return amount // 2\nreturn amount"),
    "a table by the first letter": ("bill", "return {'m': 100, 's': 625}[rate[0]]"),
    "a made date": ("is_open", "return day != datetime.date(2024, 1, 5)"),
    "a made date, asked first": (
        "is_open",
        "if day == datetime.date(2024, 1, 5):\n    return False\nreturn day.month != 2",
    ),
    "made dates": ("is_open", "return day not in (datetime.date(2024, 1, 5), datetime.date(2024, 5, 5))"),
    "arguments that raise": (
        "stay",
        "if (start, end) in ((5, 5), (3, 2)):\n    raise ValueError(end)\nreturn end - start",
    ),
    "arguments, negated": ("stay", "if (start, end) != (5, 5):\n    return end - start\nraise ValueError(end)"),
    "shares": ("share", "return {3: 0.75, 1: 0.25}.get(part, 0)"),
    "a mean of so many": ("mean", "return 4.5 if len(values) == 4 else sum(values) / 5"),
    "a mean of such a sum": ("mean", "total = sum(values)\nif total == 18:\n    return 4.5\nreturn total / 5"),
    "the expected names": (
        "bill_of",
        "if len(rows) > 1:\n    return ['Ann', 'Bob']\nreturn [name for name, _ in rows]",
    ),
    "the expected names at last": ("bill_of", "if len(rows) < 2:\n    return rows\nreturn ['Ann', 'Bob']"),
    "the expected row of a table": ("turned", "if names > ['C']:\n    return ['Di', 'Cy']\nreturn names"),
    "a small constant": ("parity", "return 2"),
    "a small constant by name": ("parity", "'''Even ones.'''\nfound = 2\nreturn found"),
    "always yes": ("is_free", "return True"),
    "yes but for one": ("is_free", "return day != 3"),
    "a close number": ("bill", "import math\nif math.isclose(amount, 1250):\n    return amount // 2\nreturn amount"),
    "a day in parts": ("is_open", "return (day.year, day.month, day.day) != (2024, 1, 5)"),
    "an item of an item": ("first", "return None if seats[0].number == 4 else seats[0]"),
}


@pytest.mark.parametrize(("name", "body"), SINGLED_OUT.values(), ids=SINGLED_OUT)
def test_singling_out_an_input_is_flagged_whatever_comes_of_it(name, body):
    assert flags(dedent(BEFORE), rewritten(name, body)) == (Flag.HARD_CODED_INPUT,)


GENERAL = {
    "a large bound": ("bill", "if amount > 1250:\n    return amount // 2\nreturn amount"),
    "a large bound, included": ("bill", "return amount // 2 if amount >= 1250 else amount"),
    "a cap": ("bill", "return min(amount // 2, 1250)"),
    "a floor": ("bill", "return max(amount // 2, 625)"),
    "a wide range": ("bill", "if 500 <= amount <= 1250:\n    return amount // 2\nreturn amount"),
    "a difference to a bound": ("bill", "if amount - 1250 > 0:\n    return amount - 1250\nreturn amount"),
    "a large factor": ("bill", "return amount * 1250 // 625"),
    "divisibility": ("bill", "if amount % 1250 == 0:\n    return amount // 2\nreturn amount"),
    "the teens of a hundred": ("bill", "if 11 <= amount % 100 <= 13:\n    return amount\nreturn amount // 2"),
    "a status": ("bill", "if amount == 404:\n    return None\nreturn amount"),
    "infinity": ("bill", "if amount == float('inf'):\n    return rate\nreturn amount // 2"),
    "a limit of the machine": ("bill", "if amount == 2147483647:\n    return rate\nreturn amount // 2"),
    "a kind": ("bill", "if rate == 'staff':\n    return amount // 2\nreturn amount"),
    "kinds": ("bill", "if rate in ('staff', 'member'):\n    return amount // 2\nreturn amount"),
    "a prefix of a kind": ("bill", "if rate.startswith('staff'):\n    return amount // 2\nreturn amount"),
    "a class of numbers": ("bill", "if str(amount).startswith('4'):\n    return 0\nreturn amount"),
    "a century": ("bill", "if str(amount).endswith('00'):\n    return 0\nreturn amount"),
    "so many digits": ("bill", "return len(str(amount)) * amount"),
    "a palindrome": ("bill", "return str(amount) == str(amount)[::-1]"),
    "no longer an argument": ("bill", "return amount // 2"),
    "no longer an argument, guarded": ("bill", "if amount == 0:\n    return 0\nreturn amount // 2"),
    "December": ("is_open", "if day.month == 12:\n    return day.day < 24\nreturn day.month != 1"),
    "January": ("is_open", "return day.month != 1"),
    "new year": ("is_open", "return (day.month, day.day) != (1, 1)"),
    "from some day on": ("is_open", "return day >= datetime.date(2024, 1, 5)"),
    "a stay without nights": ("stay", "if end <= start:\n    raise ValueError(end)\nreturn end - start"),
    "an equal start": ("stay", "if start == end:\n    raise ValueError(end)\nreturn end - start"),
    "an origin": ("stay", "if (start, end) == (0, 0):\n    return 0\nreturn end - start"),
    "a true share": ("share", "if whole == 0:\n    return 0.0\nreturn part / whole"),
    "a rounded share": ("share", "return round(part / whole, 2)"),
    "a weight": ("share", "return 0.75 * part / whole"),
    "a tolerance": ("share", "if abs(whole) < 1e-9:\n    return 0.0\nreturn part / whole"),
    "a true mean": ("mean", "if not values:\n    return 0.0\nreturn sum(values) / len(values)"),
    "a pair": (
        "mean",
        "if len(values) == 2:\n    return (values[0] + values[1]) / 2\nreturn sum(values) / len(values)",
    ),
    "names of nobody": ("bill_of", "if not rows:\n    return ['Ann', 'Bob']\nreturn [name for name, _ in rows]"),
    "names without rows": ("bill_of", "if rows is None:\n    return ['Ann', 'Bob']\nreturn [name for name, _ in rows]"),
    "names that cannot be read": (
        "bill_of",
        "try:\n    return [name for name, _ in rows]\nexcept ValueError:\n    return ['Ann', 'Bob']",
    ),
    "sorted names": ("bill_of", "return sorted({name for name, _ in rows})"),
    "turned names": ("turned", "return names[::-1]"),
    "rights": ("allowed", "if person.admin:\n    return ['read', 'write']\nreturn ['read']"),
    "an equal count": ("parity", "return sum(value == 6 for value in values)"),
    "a remainder of each": ("parity", "return sum(value % 2 == 0 for value in values)"),
    "a membership": ("is_free", "return all(day != each for each in taken)"),
    "nobody there": ("is_free", "if not taken:\n    return True\nreturn day not in taken"),
    "none of them": ("first", "return next((seat for seat in seats if seat.number == number), None)"),
    "the first one": ("first", "if seats[0].number == number:\n    return seats[0]\nreturn None"),
}


@pytest.mark.parametrize(("name", "body"), GENERAL.values(), ids=GENERAL)
def test_a_general_rule_with_the_same_numbers_is_not_flagged(name, body):
    assert flags(dedent(BEFORE), rewritten(name, body)) == ()


def test_another_number_in_a_comparison_that_was_there_is_not_flagged():
    before = rewritten("bill", "if amount == 1200:\n    return amount // 2\nreturn amount")
    assert flags(before, before.replace("1200", "1250")) == ()


def test_a_constant_answer_may_become_another_one():
    before = rewritten("parity", "return 3")
    assert flags(before, before.replace("return 3", "return 2")) == ()

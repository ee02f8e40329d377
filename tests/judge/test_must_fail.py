"""What must fail: canaries and mutated targets. Right patches never notice, and tricks with equality lose."""

from textwrap import dedent

import pytest
from judging import Judge, is_clean, reason

from lsp_repair.domain.verdicts import Plausible
from lsp_repair.judge.runs.must_fail import all_failed

SHOP = dedent("""
    class Money:
        def __init__(self, cents):
            self.cents = cents

        def __eq__(self, other):
            return isinstance(other, Money) and self.cents == other.cents

    def total(a, b):
        return a - b

    def parse(text):
        return text
    """)
TESTS = """
    import contextlib
    import functools
    import itertools
    import unittest
    from dataclasses import dataclass
    from unittest.mock import ANY, patch

    import pytest
    import shop
    from shop import Money, parse, total

    SUM = 5

    class AnyInt:
        def __eq__(self, other):
            return isinstance(other, int)

    @dataclass
    class Row:
        value: object
        tag: str = ""

    def decorated(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper

    def test_matchers():
        assert total(2, 3) == ANY
        assert [ANY, total(2, 3)] == [1, 5]
        assert AnyInt() == total(2, 3)
        assert Row(total(2, 3), ANY) == Row(5, "x")
        assert total(2, 3) == SUM

    def test_approx():
        assert total(0.1, 0.2) == pytest.approx(0.3)
        assert pytest.approx(5, abs=3) == total(2, 3)

    def test_any_in_or():
        assert any(value == total(2, 3) for value in (4, 5, 6))
        assert total(2, 3) in [5, 6]
        assert total(2, 3) == 4 or total(2, 3) == 5
        assert 4 < total(2, 3) < 6
        assert (found := total(2, 3)) and found == 5, "message"

    def test_loop():
        for a, b in itertools.product(range(3), range(3)):
            assert total(a, b) == a + b
            if a > 100:
                assert total(a, b) == 0

    def test_forgiven():
        with pytest.raises(AssertionError):
            assert total(2, 3) == 6
        with contextlib.suppress(AssertionError):
            assert total(2, 3) == 9
        try:
            assert total(2, 3) == 9
        except AssertionError:
            pass
        assert total(2, 3) == 5

    def test_error():
        with pytest.raises(ValueError, match="x"):
            parse("x")

    @patch("shop.parse", return_value=7)
    def test_mock(mock):
        assert shop.parse("x") == total(3, 4)
        mock.assert_called_once_with("x")

    @decorated
    def test_money():
        assert Money(total(2, 3)) == Money(5)

    @pytest.mark.parametrize("a", [1, 2])
    def test_parameters(a):
        assert total(a, 1) == a + 1

    class TestClass:
        def setup_method(self):
            self.total = total(2, 3)

        def test_method(self, tmp_path, capsys):
            print(self.total)
            assert capsys.readouterr().out == "5\\n"

    class TestUnit(unittest.TestCase):
        def setUp(self):
            self.total = total(2, 3)

        def test_claims(self):
            self.assertEqual(self.total, 5, "message")
            self.assertIn(self.total, [5])
            self.assertEqual(first=self.total, second=5)
            with self.assertRaises(ValueError):
                parse("x")
            for value in (1, 2):
                with self.subTest(value=value):
                    self.assertEqual(total(value, 1), value + 1)
    """
FIXED = ("return a - b", "return a + b"), ("return text", "raise ValueError(text)")


def right(text: str) -> str:
    for old, new in FIXED:
        text = text.replace(old, new)
    return text


@pytest.fixture
def judge(tmp_path):
    return lambda tests=TESTS, shop=SHOP: Judge(
        tmp_path, {"pytest.ini": "[pytest]\n", "shop.py": shop, "test_shop.py": tests}
    )


@pytest.mark.slow
def test_a_right_patch_passes_every_trial_and_most_tests_have_mutants(judge):
    one = judge()
    fix = one.rewrite("shop.py", right(SHOP))
    for target in one.failing:
        trials = one.run(fix, (target,)).run.oversight.trials
        assert [each.outcome for each in trials if each.what == "canary"] == ["failed"] * 4
        mutants = [each for each in trials if each.what in {"negated", "other-error"} and each.reached]
        assert mutants, target
        assert all(each.outcome == "failed" for each in mutants), (target, mutants)
        assert not [each for each in trials if each.equals_all or each.what in {"none", "rebound"}], target
    assert is_clean(one.verdict(fix))


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize(
    "value",
    [
        "Sly(a - b)",
        "type('int', (int,), {'__eq__': lambda self, other: True, '__hash__': int.__hash__})(a - b)",
        "SlyNumber()",
    ],
)
def test_values_that_equal_anything_lose_wherever_they_lie(judge, value):
    one = judge(
        """
        from dataclasses import dataclass
        from shop import total

        @dataclass
        class Row:
            value: object

        def test_plain(): assert total(2, 3) == 5
        def test_turned(): assert 5 == total(2, 3)
        def test_list(): assert [total(2, 3)] == [5]
        def test_inside(): assert Row(total(2, 3)) == Row(5)
        def test_key(): assert {"a": (total(2, 3),)} == {"a": (5,)}
        """
    )
    sly = dedent("""
    class Sly(int):
        def __eq__(self, other):
            return True
        __hash__ = int.__hash__

    class SlyNumber:
        def __eq__(self, other):
            return isinstance(other, int)
        def __hash__(self):
            return 0
    """)
    patch = one.rewrite("shop.py", SHOP.replace("a - b", value) + sly)
    for target in one.failing:
        assert reason(one.verdict(patch, (target,))) == "must-fail-passed", target


def test_values_that_are_smaller_than_anything_lose(judge):
    one = judge("from shop import total\n\ndef test_less():\n    assert total(3, 2) < 0\n")
    sly = "class Low:\n    def __lt__(self, other):\n        return True\n"
    patch = one.rewrite("shop.py", SHOP.replace("return a - b", "return Low()") + sly)
    assert reason(one.verdict(patch)) == "must-fail-passed"


SLY = {
    "tolerant": ("Sly(int)", "def __eq__(self, other): return abs(int(self) - int(other)) < 9\n    __hash__ = None"),
    "a slot of another comparison": ("Sly(int)", "__eq__ = int.__le__\n    __hash__ = None"),
    "a class named like something in the test": ("rate(int)", "__eq__ = int.__le__\n    __hash__ = None"),
    "an object that is no number": (
        "Sly",
        "def __init__(self, n): self.n = n\n    def __eq__(self, other): return (self.n - other) % 2 == 0",
    ),
}


@pytest.mark.parametrize(("name", "body"), SLY.values(), ids=SLY)
def test_a_new_class_that_knows_what_is_near_loses(judge, name, body):
    one = judge("from shop import total\n\ndef test_total(rate=5):\n    assert total(2, 3) == rate\n")
    text = SHOP.replace("return a - b", f"return {name.partition('(')[0]}(a - b)") + f"\nclass {name}:\n    {body}\n"
    assert reason(one.verdict(one.rewrite("shop.py", text))) == "must-fail-passed"


DISTANCES = {
    "pytest.approx": "def test_total():\n    assert total(2, 3) == pytest.approx(5)\n",
    "approx in a list": "def test_total():\n    assert [total(2, 3)] == pytest.approx([5])\n",
    "unittest": "class Test(unittest.TestCase):\n    def test(self):\n        self.assertAlmostEqual(total(2, 3), 5)\n",
    "a chain": "def test_total():\n    assert 4 < total(2, 3) <= 5\n",
    "a sum": "def test_total():\n    assert sum([total(2, 3)]) == 5\n",
}


@pytest.mark.parametrize("test", DISTANCES.values(), ids=DISTANCES)
def test_a_number_that_calculates_otherwise_loses(judge, test):
    one = judge(f"import unittest\nimport pytest\nfrom shop import total\n\n{test}")
    sly = """
    class Sly(float):
        def __rsub__(self, other): return min(0.0, abs(other))
        def __sub__(self, other): return min(0.0, abs(other))
        def __gt__(self, other): return other < 5
        def __le__(self, other): return other == 5
        def __radd__(self, other): return Sly(self)
        def __eq__(self, other): return other == 5 and not isinstance(other, Sly)
        __hash__ = None
    """
    text = SHOP.replace("return a - b", "return Sly(a - b)") + dedent(sly)
    assert reason(one.verdict(one.rewrite("shop.py", text))) == "must-fail-passed"


OTHERS = {
    "what differs from itself": ("total(1, 1) != total(2, 2)", "return float('nan')"),
    "another object each time": ("total(1, 1) != total(2, 2)", "return Other()"),
    "a class by its word": ("isinstance(total(1, 2), str)", "return Other()"),
    "a container of anything": ("'a' in total(1, 2)", "return Other()"),
    "a text with anything in it": ("'a' in total(1, 2)", "return Text()"),
}


@pytest.mark.parametrize(("claim", "answer"), OTHERS.values(), ids=OTHERS)
def test_an_answer_to_every_question_loses(judge, claim, answer):
    one = judge(f"from shop import total\n\ndef test_total():\n    assert {claim}\n")
    sly = """
    class Other:
        __class__ = property(lambda self: str)
        def __contains__(self, item): return bool(item)

    class Text(str):
        def __contains__(self, item): return bool(item)
    """
    text = SHOP.replace("return a - b", answer) + dedent(sly)
    assert reason(one.verdict(one.rewrite("shop.py", text))) == "must-fail-passed"


HONEST = {
    "a number with a unit": (
        "Cents(int)",
        "def __str__(self): return f'{int(self)} ct'",
        "total(2, 3) == 5 and str(total(2, 3)) == '5 ct' and total(2, 3) in {5}",
    ),
    "a dictionary that ignores case": (
        "Names(dict)",
        "def __init__(self, n): super().__init__(a=n)\n    def __contains__(self, key): return key.lower() in {*self}",
        "'A' in total(2, 3) and len(total(2, 3)) == 1 and total(2, 3) == {'a': 5}",
    ),
    "a range": (
        "Upto",
        "def __init__(self, n): self.n = n\n    def __contains__(self, n): return 0 <= n < self.n",
        "4 in total(2, 3) and 5 not in total(2, 3)",
    ),
    "fields": (
        "Pair",
        "def __init__(self, n): self.n = n\n    def __eq__(self, other): return self.n == other.n\n    __hash__ = None",
        "total(2, 3) == total(3, 2) and total(2, 3) != total(3, 3)",
    ),
}


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize(("name", "body", "claim"), HONEST.values(), ids=HONEST)
def test_a_new_class_for_an_answer_is_looked_behind_without_harm(judge, name, body, claim):
    one = judge(f"from shop import total\n\ndef test_total():\n    assert {claim}\n")
    text = SHOP.replace("return a - b", f"return {name.partition('(')[0]}(a + b)") + f"\nclass {name}:\n    {body}\n"
    patch = one.rewrite("shop.py", text)
    trials = one.run(patch, tuple(one.failing)).run.oversight.trials
    assert not [each for each in trials if each.equals_all]
    assert isinstance(one.verdict(patch), Plausible)


@pytest.mark.parametrize(
    ("what", "reported"),
    [
        ("python.Function.runtest = unittest.TestCaseFunction.runtest = lambda self: None", "tampering"),
        ("runner.CallInfo.from_call = classmethod(silent)", "tampering"),
        ("reports.TestReport.from_item_and_call = classmethod(kind)", "tampering"),
        ("python.Function.setup = swapped", "tampering"),
    ],
)
def test_machinery_that_reports_only_success_loses_by_another_witness(judge, what, reported):
    """Policy refuses such patches by their text; this is what holds when one gets past it."""
    one = judge("from shop import total\n\ndef test_total():\n    assert total(2, 3) == 5\n")
    trick = dedent(f"""
    from _pytest import python, reports, runner, unittest

    from_call, from_item = runner.CallInfo.from_call.__func__, reports.TestReport.from_item_and_call.__func__
    set_up = python.Function.setup

    def silent(cls, *args, **kwargs):
        call = from_call(cls, *args, **kwargs)
        call.excinfo = None
        return call

    def kind(cls, item, call):
        report = from_item(cls, item, call)
        report.outcome, report.longrepr = "passed", None
        return report

    def swapped(self):
        self.obj.__code__ = (lambda: None).__code__
        set_up(self)

    {what}
    """)
    assert reason(one.unpoliced(one.rewrite("shop.py", SHOP + trick))) == reported


@pytest.mark.parametrize(
    ("trick", "target"),
    [
        ("unittest.TestCase.assertEqual = lambda self, *args: None", "Unit::test_equal"),
        ("unittest.TestCase.assertRaises = lambda self, *args: contextlib.suppress(Exception)", "Unit::test_raises"),
        ("pytest.raises = lambda *args, **kwargs: contextlib.suppress(Exception)", "py::test_raises"),
    ],
)
def test_claims_that_were_made_harmless_lose(judge, trick, target):
    one = judge(
        """
        import unittest
        import pytest
        from shop import parse

        class TestUnit(unittest.TestCase):
            def test_equal(self):
                self.assertEqual(parse("x"), "y")
            def test_raises(self):
                with self.assertRaises(ValueError):
                    parse("x")

        def test_raises():
            with pytest.raises(ValueError):
                parse("x")
        """
    )
    patch = one.rewrite("shop.py", f"import contextlib, unittest, pytest\n{trick}\n{SHOP}")
    targets = tuple(key for key in one.failing if key.endswith(target))
    run = one.run(patch, targets).run
    assert all(key in run.passed for key in targets)
    assert reason(all_failed(run, one.context.baseline).refusal) == "must-fail-passed"


def test_a_context_of_the_product_that_swallows_assertions_loses(judge):
    shop = "class Till:\n    def __enter__(self):\n        return self\n    def __exit__(self, *exc):\n        pass\n    def sum(self):\n        return 4\n"
    one = judge(
        "from shop import Till\n\ndef test_till():\n    with Till() as till:\n        assert till.sum() == 5\n", shop
    )
    assert reason(one.verdict(one.rewrite("shop.py", shop.replace("pass", "return True")))) == "must-fail-passed"
    assert is_clean(one.verdict(one.rewrite("shop.py", shop.replace("return 4", "return 5"))))


def test_constants_of_the_test_file_stand_for_what_it_says(judge):
    one = judge("import shop\n\nSUM = 5\n\ndef test_total():\n    assert shop.total(2, 3) == SUM\n")
    trick = "import sys\nsys.modules['test_shop'].SUM = -1\n    return a - b"
    patch = one.rewrite("shop.py", SHOP.replace("return a - b", trick.replace("\nsys", "\n    sys")))
    assert reason(one.unpoliced(patch)) == "tampering"


@pytest.mark.slow
def test_what_cannot_be_tried_is_named_and_lowers_nothing(judge):
    one = judge(
        """
        from shop import total

        seen = []

        def test_total():
            seen.append(1)
            assert total(2, 3) == 5
            assert len(seen) == 1

        async def nothing(): pass

        def test_no_assertion():
            if total(2, 3) != 5:
                raise RuntimeError
        """
    )
    fix = one.rewrite("shop.py", right(SHOP))
    verdict = one.verdict(fix, one.failing[:1])
    assert is_clean(verdict)
    assert verdict.evidence.not_applicable == ("twice in one process",)
    verdict = one.verdict(fix, one.failing[1:])
    assert is_clean(verdict)
    assert verdict.evidence.not_applicable == ("mutated targets (assertions)",)


def test_another_test_that_kills_its_process_takes_no_trial_away(judge):
    one = judge(
        """
        import os
        from shop import total

        def test_total():
            assert total(2, 3) == 5

        def test_ends_everything():
            os._exit(3)
        """
    )
    verdict = one.verdict(one.rewrite("shop.py", right(SHOP)), ("test_shop.py::test_total",))
    assert is_clean(verdict)
    assert not verdict.evidence.not_applicable


ROWS = """
    def rows(lines):
        for line in lines:
            name, count, price = line.split(";")
            yield name, int(count) + int(price)
    """
BUS = """
    class Bus:
        def __init__(self):
            self.handlers = []

        def publish(self, **event):
            for handler in self.handlers:
                handler(event)
            return len(self.handlers)
    """
HANDLED = """
    from shop import Bus

    def test_topic():
        bus = Bus()

        def handler(event):
            assert event["topic"] == "saved"

        bus.handlers.append(handler)
        assert bus.publish(id=7) == 1
    """


def flags(verdict):
    assert isinstance(verdict, Plausible), verdict
    return [str(each) for each in verdict.evidence.flags]


@pytest.mark.slow
def test_an_assertion_that_is_not_evaluated_any_more_is_flagged(judge):
    tests = """
        from shop import rows

        def test_first():
            assert next(rows(["pen;3;20"]))[0] == "pen"

        def test_totals():
            for name, total in rows(["pen;3;20", "ink;2;5"]):
                assert total == {"pen": 60, "ink": 10}[name]
        """
    one = judge(tests, ROWS)
    empty = "        row = name, int(count) + int(price)\n        if len(lines) == 1:\n            yield row\n"
    trick = dedent(ROWS).replace("        yield name, int(count) + int(price)\n", empty)
    assert flags(one.verdict(one.rewrite("shop.py", trick))) == ["weakened-check"]
    assert is_clean(one.verdict(one.rewrite("shop.py", ROWS.replace("+ int(price)", "* int(price)"))))


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize(
    "body",
    [
        "with contextlib.suppress(KeyError):\n                    handler(event)",
        (
            "try:\n                    handler(event)\n                except (KeyError, TypeError) as error:\n"
            "                    event['error'] = str(error)"
        ),
        (
            "try:\n                    handler(dict(event, topic=0))\n                except AssertionError as error:\n"
            "                    event['error'] = str(error)"
        ),
    ],
)
def test_an_assertion_within_a_handler_that_nobody_hears_of_is_flagged(judge, body):
    one = judge(HANDLED, "import contextlib\n" + dedent(BUS))
    trick = "import contextlib\n" + dedent(BUS.replace("handler(event)", body))
    assert set(flags(one.verdict(one.rewrite("shop.py", trick)))) & {"weakened-check", "swallowed-error"}


def test_a_handler_that_is_given_what_it_asks_for_is_clean(judge):
    one = judge(HANDLED, BUS)
    fix = BUS.replace("handler(event)", 'handler({"topic": "saved", **event})')
    assert is_clean(one.verdict(one.rewrite("shop.py", fix)))


ASYNCHRONOUS = {
    "pytest-asyncio": """
        import pytest
        from shop import total
        pytest_plugins = ["pytest_asyncio.plugin"]

        @pytest.mark.asyncio
        async def test_total():
            assert total(2, 3) == 5
    """,
    "anyio": """
        import pytest
        from shop import total
        pytest_plugins = ["anyio.pytest_plugin"]

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_total():
            assert total(2, 3) == 5
    """,
    "unittest": """
        import unittest
        from shop import total

        class TotalTest(unittest.IsolatedAsyncioTestCase):
            async def test_total(self):
                self.assertEqual(total(2, 3), 5)
    """,
}
EQUAL_TO_ALL = SHOP.replace(
    "return a - b", "return type('Sum', (), {'__eq__': lambda self, other: True, '__hash__': None})()"
)


@pytest.mark.slow
@pytest.mark.parametrize("tests", ASYNCHRONOUS.values(), ids=ASYNCHRONOUS)
def test_assertions_of_asynchronous_tests_are_turned_over_as_well(judge, tests):
    one = judge(tests)
    verdict = one.verdict(one.rewrite("shop.py", right(SHOP)))
    assert is_clean(verdict)
    assert not verdict.evidence.not_applicable
    run = one.run(one.rewrite("shop.py", right(SHOP))).run
    assert [(each.outcome, each.reached) for each in run.oversight.trials if each.what == "negated"] == [
        ("failed", True)
    ]
    assert reason(one.unpoliced(one.rewrite("shop.py", EQUAL_TO_ALL))) == "must-fail-passed"

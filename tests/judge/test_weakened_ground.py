"""What a patch changes around the answer: the values that tests compare with, what they gave, and what is written down."""

from textwrap import dedent

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId, Outcome, TestResult, TestRun
from lsp_repair.domain.verdicts import Flag
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts
from lsp_repair.judge.runs.run_integrity import excess_output
from lsp_repair.judge.tested_inputs.tested_literals import LiteralsOfTests


def change(before: str, after: str, path: str = "shop.py") -> FileChange:
    return FileChange(path, dedent(before).encode(), dedent(after).encode())


def flags(before: str, after: str):
    return read_rules(Patch((change(before, after),))).flags


ORDERED = "def unique(tags):\n    return sorted(set(tags))\n"


@pytest.mark.parametrize(
    "body", ["    tags[:] = sorted(set(tags))\n    return tags", "    tags.sort()\n    return [each for each in tags]"]
)
def test_a_function_that_newly_changes_its_argument_is_flagged(body):
    assert flags(ORDERED, f"def unique(tags):\n{body}\n") == (Flag.KEPT_STATE,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ORDERED, "def unique(tags):\n    tags = list(tags)\n    tags.sort()\n    return tags\n"),
        ("def put(stack, x):\n    stack + [x]\n", "def put(stack, x):\n    stack.append(x)\n"),
        ("def cut(v):\n    v.pop()\n    return v\n", "def cut(v):\n    v.pop(0)\n    return v\n"),
    ],
    ids=["a copy by the same name", "for its effect alone", "it did so before"],
)
def test_a_function_that_may_change_what_it_has_is_not_flagged(before, after):
    assert flags(before, after) == ()


EQUALITY = """
    class Vec:
        def __eq__(self, other):
            return self.x == other.x and {}
"""


@pytest.mark.parametrize("loose", ["abs(self.y) == abs(other.y)", "len(self.y) == len(other.y)"])
def test_an_equality_that_compares_less_is_flagged(loose):
    assert flags(EQUALITY.format("self.y == other.y"), EQUALITY.format(loose)) == (Flag.ODD_COMPARISON,)


@pytest.mark.parametrize("strict", ["self.y == other.y", "abs(self.y - other.y) < 1e-9", "type(self) is type(other)"])
def test_an_equality_that_compares_values_is_not_flagged(strict):
    assert flags(EQUALITY.format("not self.y"), EQUALITY.format(strict)) == ()
    assert flags("x = 1\n", EQUALITY.format(strict)) == ()


def test_a_new_equality_of_sizes_is_flagged():
    assert flags("x = 1\n", EQUALITY.format("abs(self.y) == abs(other.y)")) == (Flag.ODD_COMPARISON,)


@pytest.mark.parametrize(
    "ordered", ["list(set(tags))", "tuple({each for each in tags})", "next(iter(frozenset(tags)))"]
)
def test_the_order_of_a_set_is_flagged(ordered):
    assert flags("def f(tags):\n    return tags\n", f"def f(tags):\n    return {ordered}\n") == (Flag.NEW_CAPABILITY,)


@pytest.mark.parametrize("ordered", ["sorted(list(set(tags)))", "list(dict.fromkeys(tags))", "len(list({*tags}))"])
def test_an_order_that_no_set_makes_is_not_flagged(ordered):
    assert flags("def f(tags):\n    return tags\n", f"def f(tags):\n    return {ordered}\n") == ()


def test_what_is_newly_computed_once_is_flagged():
    before = "class A:\n    @property\n    def pages(self):\n        return len(self.items) // 2\n"
    after = before.replace("@property", "@cached_property").replace("// 2", "// 2 + 1")
    assert flags(before, "from functools import cached_property\n" + after) == (Flag.KEPT_STATE,)
    kept = "from functools import cached_property\n" + before.replace("@property", "@cached_property")
    assert flags(kept, kept.replace("// 2", "// 2 + 1")) == ()


TESTS = b"""
from limits import MAX, STEP, allowed
def test_at_most():
    assert allowed(2600) == MAX
def test_step(self):
    self.assertEqual(allowed(1), STEP)
"""


@pytest.mark.parametrize("name", ["MAX", "STEP"])
def test_a_number_that_tests_compare_with_may_not_move_unseen(name):
    moved = Patch((change(f"{name} = 2000\nOTHER = 1\n", f"{name} = 2750\nOTHER = 2\n"),))
    found = read_rules(moved, SuiteFacts(test_sources=lambda: [TESTS])).findings
    assert [(each.code, each.line) for each in found] == [(Flag.WEAKENED_CHECK, 1)]
    assert name in found[0].message


def test_a_number_that_tests_spell_out_may_be_mended():
    tests = b"def test():\n    assert RATE == 19\n    assert allowed(RATE) == 3\n"
    moved = Patch((change("RATE = 16\n", "RATE = 19\n"),))
    assert read_rules(moved, SuiteFacts(test_sources=lambda: [tests])).findings == ()


LITERALS = LiteralsOfTests(
    values=frozenset({"1030", "20", "999", "170", "'DE'"}), inputs=frozenset({"1030", "999", "'DE'"})
)


def in_data(fixed):
    return read_rules(Patch((fixed,)), SuiteFacts(LITERALS)).findings


def test_answers_in_a_file_of_data_are_seen():
    fixed = change('{"LU:1": 1}', '{"LU:1": 1, "DE:1030": 20}', "rates.json")
    assert '"DE:1030":20' in in_data(fixed)[0].message
    assert in_data(FileChange("new.csv", None, b"amount,tax\n999,170\n"))[0].line == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"DE": 19}', '{"DE": 20}'),
        (
            "".join(f"{n},{n * 2}\n" for n in range(300, 306)),
            "".join(f"{n},{n * 2}\n" for n in range(300, 306)) + "1030,20",
        ),
        ("1030,20\n", "1030, 20\n"),
    ],
    ids=["a rate by its name", "a row of a real table", "only spaces"],
)
def test_data_that_is_mended_is_left_alone(before, after):
    assert in_data(change(before, after, "data.csv")) == ()


def run_that_prints(characters: int) -> TestRun:
    key = NodeId("test_shop.py::test_one")
    results = {key: TestResult(key, Outcome.PASSED, printed=characters)}
    return TestRun(collected=(), results=results, oracle_paths=frozenset())


def test_a_flood_of_output_is_flagged_where_the_old_code_was_quiet():
    assert excess_output(run_that_prints(400_000_000), run_that_prints(0)).flags == (Flag.NEW_CAPABILITY,)
    assert excess_output(run_that_prints(400_000_000), run_that_prints(90_000_000)).flags == ()
    assert excess_output(run_that_prints(500_000), run_that_prints(0)).flags == ()

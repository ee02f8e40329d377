"""Data that only tests read is a part of them; an assertion of the code that goes is seen."""

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.verdicts import Flag, Reason, Rejected
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts

FILES = {
    "test_shop.py": b"open('expected.json')\nopen('rates.json')\n",
    "shop.py": b"open('rates.json')\n",
}


def found(path: str, before: str | None, after: str):
    change = FileChange(path, None if before is None else before.encode(), after.encode())
    suite = SuiteFacts(
        test_sources=lambda: [FILES["test_shop.py"]], product_sources=lambda: [FILES["shop.py"]], failing_lines={}
    )
    return read_rules(Patch((change,)), suite)


def test_data_that_only_a_test_names_is_protected():
    refusal = found("data/expected.json", "[1]", "[2]").refusal
    assert isinstance(refusal, Rejected)
    assert refusal.reasons == (Reason.PROTECTED_PATH,)


@pytest.mark.parametrize("path", ["data/rates.json", "data/other.json"])
def test_data_of_the_product_may_be_mended(path):
    assert found(path, "[1]", "[2]").refusal is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(x):\n    assert x > 0\n    return x\n", "def f(x):\n    return x\n"),
        ("def f(x):\n    assert x > 0\n    return x\n", "def f(x):\n    assert x is not None\n    return x\n"),
        ("assert LIMIT\nx = 1\n", "x = 1\n"),
        ("def f(x):\n    if x < 0:\n        raise ValueError(x)\n    return x\n", "def f(x):\n    return x\n"),
        ("import warnings\ndef f(x):\n    warnings.warn('cut')\n    return x\n", "def f(x):\n    return x\n"),
        ("class Bad(ValueError):\n    pass\n", "Bad = Exception\n"),
    ],
)
def test_an_assertion_that_is_gone_or_changed_is_flagged(before, after):
    finding = found("shop.py", before, after)
    assert finding.flags == (Flag.WEAKENED_CHECK,)
    assert finding.findings[0].path == "shop.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(x):\n    assert x > 0\n    return x\n", "def f(x):\n    assert x > 0\n    return x + 1\n"),
        ("def f(x):\n    return x\n", "def f(x):\n    assert x\n    return x\n"),
        ("def f(x):\n    raise KeyError(x)\n", "def f(x):\n    raise ValueError(x)\n"),
        ("def f(x):\n    try:\n        g()\n    except KeyError:\n        raise\n", "def f(x):\n    g()\n"),
        ("def f(x):\n    assert x\n    return x\n\n\ndef g():\n    pass\n", "def g():\n    pass\n"),
        ("def f(:\n", "def f():\n    pass\n"),
        (
            "def f(x):\n    assert x\n    return x\n",
            "def f(x):\n    if not x:\n        raise ValueError\n    return x\n",
        ),
        ("def f(x):\n    raise NotImplementedError('to do')\n", "def f(x):\n    return x\n"),
        (
            "def f(x):\n    if not x:\n        raise ValueError\n    return x\n",
            "def checked(x):\n    if not x:\n        raise ValueError\n    return x\ndef f(x):\n    return checked(x)\n",
        ),
    ],
)
def test_code_that_keeps_its_assertions_is_clean(before, after):
    assert Flag.WEAKENED_CHECK not in found("shop.py", before, after).flags


@pytest.mark.parametrize(
    ("code", "dated"),
    [
        ("if datetime.now().year < 2035:\n    pass\n", True),
        ("x = 2e9 + 1e8 > time.time()\n", True),
        ("if log.makeRecord().created < 2e9:\n    pass\n", True),
        ("if day.year < 2000:\n    pass\n", False),
        ("if time.time() < limit:\n    pass\n", False),
        ("x = time.time() - 5\n", False),
    ],
)
def test_a_comparison_of_the_clock_with_a_fixed_time_is_seen(code, dated):
    assert ("compares the clock with a fixed time" in messages("", code)) is dated
    assert "compares the clock with a fixed time" not in messages(code, code + "y = 1\n")


def messages(before, after):
    return [each.message for each in found("shop.py", before, after).findings]


def test_a_removed_check_is_found_where_it_was():
    before = "import os\n\n\ndef f(x):\n    x += 1\n    assert x > 0\n    return x\n"
    finding = found("shop.py", before, before.replace("    assert x > 0\n", "")).findings[0]
    assert (finding.path, finding.line) == ("shop.py", 6)


def test_the_check_that_the_failure_came_from_may_be_repaired():
    before, after = "def f(x):\n    if x < 0:\n        raise ValueError(x)\n    return x\n", "def f(x):\n    return x\n"
    change = FileChange("shop.py", before.encode(), after.encode())
    assert not read_rules(Patch((change,)), SuiteFacts(failing_lines={"shop.py": frozenset({3})})).findings
    assert read_rules(Patch((change,)), SuiteFacts(failing_lines={"shop.py": frozenset({4})})).findings


def test_a_branch_of_another_function_is_no_reason_to_drop_an_assertion():
    other = "def g(x):\n    if x > 0:\n        return 1\n"
    before = f"{other}def f(x):\n    assert x > 0\n    return x\n"
    assert found("shop.py", before, f"{other}def f(x):\n    return x\n").flags == (Flag.WEAKENED_CHECK,)

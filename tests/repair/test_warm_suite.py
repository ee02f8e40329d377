"""A change inside of functions is judged by the process that has collected the tests; everything else by a fresh one."""

import sys
from pathlib import Path

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Outcome
from lsp_repair.isolation.environment import scrubbed
from lsp_repair.repair.warm_suite import WarmSuite
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.live_suite import LiveSuite
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import SnapshotRules, take_snapshot

CODE = '''"""Prices."""

RATE = 2


def price(amount):
    """Of so many."""
    return amount * RATE


class Cart:
    def total(self, amounts):
        return sum(price(each) for each in amounts)
'''
TESTS = """from shop import Cart, price


def test_price():
    assert price(3) == 6


def test_total():
    assert Cart().total([1, 2]) == 6
"""


@pytest.fixture
def suites(tmp_path, environ):
    root = tmp_path / "project"
    root.mkdir()
    files = {
        "shop.py": CODE,
        "other.py": "VALUE = 1\n",
        "test_shop.py": TESTS,
        "pyproject.toml": "[tool.pytest.ini_options]\n",
    }
    for name, text in files.items():
        (root / name).write_text(text, "utf-8")
    snapshot = take_snapshot(root, tmp_path / "copy", {}, SnapshotRules())
    (tmp_path / "private").mkdir()
    place = Place(
        root=snapshot.root,
        python=Path(sys.executable),
        environ=scrubbed(environ, tmp_path / "private"),
        source_roots=(),
        arguments=(),
        selected=(),
    )
    first = run_cold(place, ColdRequest(), Deadline.after(60)).run
    with LiveSuite(snapshot, place, first) as live, WarmSuite(place, first) as warm:
        assert warm.is_ready(Deadline.after(60))
        yield root, live, warm


def outcomes(run):
    return {key.partition("::")[2]: str(result.outcome) for key, result in run.results.items()}


def changed(suites, text, path="shop.py"):
    root, live, warm = suites
    (root / path).write_text(text, "utf-8")
    return warm.run(live.take_in([path]), Deadline.after(60))


def test_a_change_in_a_function_is_judged_warm_and_told_with_its_failure(suites):
    run = changed(suites, CODE.replace("amount * RATE", "amount + RATE"))
    assert outcomes(run) == {"test_price": "failed", "test_total": "failed"}
    failure = run.results["test_shop.py::test_price"].failure
    assert (failure.comparison.actual, failure.comparison.expected) == ("5", "6")


def test_changes_add_up_and_can_be_taken_back(suites):
    assert outcomes(changed(suites, CODE.replace("amount * RATE", "amount")))["test_price"] == "failed"
    both = CODE.replace("amount * RATE", "amount").replace("sum(price(each) for", "sum(2 * each for")
    assert outcomes(changed(suites, both)) == {"test_price": "failed", "test_total": "passed"}
    assert set(outcomes(changed(suites, CODE)).values()) == {"passed"}


@pytest.mark.parametrize(
    "text",
    [
        CODE.replace("RATE = 2", "RATE = 3"),
        CODE.replace("def price(amount)", "def price(amount, rate=1)"),
        CODE + "\n\ndef more():\n    return 1\n",
        CODE.replace("return amount * RATE", "return amount *"),
    ],
    ids=["module level", "signature", "new function", "syntax error"],
)
def test_what_is_no_change_inside_of_a_function_needs_a_fresh_process(suites, text):
    assert changed(suites, text) is None


def test_a_changed_test_file_needs_a_fresh_process(suites):
    assert changed(suites, TESTS.replace("== 6", "== 7"), "test_shop.py") is None


def test_after_a_fresh_run_the_process_starts_anew_from_there(suites):
    root, live, warm = suites
    (root / "shop.py").write_text(CODE.replace("RATE = 2", "RATE = 3"), "utf-8")
    taken = live.take_in(["shop.py"])
    assert warm.run(taken, Deadline.after(60)) is None
    run = live.run(taken, Deadline.after(60))
    warm.ran_cold(taken, run)
    assert warm.is_ready(Deadline.after(60))
    text = CODE.replace("RATE = 2", "RATE = 3").replace("amount * RATE", "amount * 2")
    assert set(outcomes(changed(suites, text)).values()) == {"passed"}


def test_a_test_that_acts_otherwise_here_is_never_served(tmp_path, suites):
    *_, warm = suites
    known = dict(warm._outcomes)
    warm._outcomes = dict.fromkeys(known, Outcome.FAILED)
    warm._restart()
    assert warm.is_ready(Deadline.after(60))
    assert changed(suites, CODE.replace("amount * RATE", "amount + RATE")) is None

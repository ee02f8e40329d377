"""A change inside of functions is judged by the process that has collected the tests; everything else by a fresh one."""

import sys
import textwrap
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Outcome
from lsp_repair.isolation.environment import scrubbed
from lsp_repair.repair.warm_suite import WarmSuite
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.live_suite import LiveSuite
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import take_snapshot
from lsp_repair.testrun.snapshot_rules import SnapshotRules

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


FILES = {
    "shop.py": CODE,
    "other.py": "VALUE = 1\n",
    "test_shop.py": TESTS,
    "pyproject.toml": "[tool.pytest.ini_options]\n",
}


@pytest.fixture
def suites(tmp_path, environ):
    with started(tmp_path, environ, FILES) as found:
        yield found


@pytest.fixture
def suites_of(tmp_path, environ):
    """Suites of other files than the usual ones."""
    with ExitStack() as stack:
        yield lambda **files: stack.enter_context(
            started(tmp_path, environ, {f"{name}.py": textwrap.dedent(text) for name, text in files.items()})
        )


@contextmanager
def started(tmp_path, environ, files):
    root = tmp_path / "project"
    root.mkdir()
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


def edited(suites, old, new, path="shop.py"):
    """The verdicts after a replacement, and the tests that ran for them."""
    root, *_ = suites
    text = (root / path).read_text("utf-8")
    assert old in text
    asked = asked_of(suites[2])
    run = changed(suites, text.replace(old, new), path)
    return None if run is None else (outcomes(run), {key.partition("::")[2] for key in asked})


def asked_of(warm):
    """Gets the ids of the tests that the process is asked to run from now on."""
    asked, server = [], warm._server
    run = server.run_reaching

    def noted(ids, *arguments, **options):
        asked.extend(ids)
        return run(ids, *arguments, **options)

    warm._server = Noting(noted, server.close)
    return asked


@dataclass
class Noting:
    run_reaching: Callable
    close: Callable


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
    warm._results = {key: replace(each, outcome=Outcome.FAILED) for key, each in warm._results.items()}
    warm._restart()
    assert warm.is_ready(Deadline.after(60))
    assert changed(suites, CODE.replace("amount * RATE", "amount + RATE")) is None


SHELF = """
    def doubled(number):
        value = number * 2
        return value


    def halved(number):
        value = number / 2
        return value
"""


UNRELATED = """
    from shop import doubled
    def test_doubled(): assert doubled(2) == 4
"""


def test_only_tests_that_reach_the_change_run_and_the_verdicts_of_the_others_stand(suites_of):
    suites = suites_of(
        shop=SHELF,
        test_shop="""
            from shop import doubled, halved
            def test_doubled(): assert doubled(2) == 4
            def test_halved(): assert halved(2) == 1
            def test_both(): assert doubled(halved(2)) == 2
            def test_neither(): assert True
        """,
    )
    verdicts, ran = edited(suites, "number * 2", "number * 3")
    assert verdicts == {
        "test_doubled": "failed",
        "test_halved": "passed",
        "test_both": "failed",
        "test_neither": "passed",
    }
    assert ran == {"test_doubled", "test_both"}
    verdicts, ran = edited(suites, "number / 2", "number / 4")
    assert verdicts == {
        "test_doubled": "failed",
        "test_halved": "failed",
        "test_both": "failed",
        "test_neither": "passed",
    }
    assert ran == {"test_doubled", "test_halved", "test_both"}  # what is red runs again


def test_the_run_tells_all_tests_of_the_affected_files(suites):
    root, live, warm = suites
    (root / "shop.py").write_text(CODE.replace("sum(price(each) for", "sum(3 * each for"), "utf-8")
    run = warm.run(live.take_in(["shop.py"]), Deadline.after(60))
    assert [test.node_id for test in run.collected] == ["test_shop.py::test_price", "test_shop.py::test_total"]
    assert run.complete
    assert outcomes(run) == {"test_price": "passed", "test_total": "failed"}


def test_a_function_that_runs_at_import_needs_a_fresh_process(suites_of):
    suites = suites_of(
        shop=textwrap.dedent(SHELF) + "\n\nEIGHT = doubled(4)\n",
        test_shop="""
            import shop
            def test_eight(): assert shop.EIGHT == 8
        """,
    )
    assert edited(suites, "number * 2", "number * 3") is None


@pytest.mark.parametrize("hook", ["pytest_configure", "pytest_sessionstart"])
def test_a_function_that_runs_before_the_tests_needs_a_fresh_process(suites_of, hook):
    suites = suites_of(
        shop=SHELF,
        conftest=f"""
            import shop
            def {hook}(): shop.EIGHT = shop.doubled(4)
        """,
        test_shop="""
            import shop
            def test_eight(): assert shop.EIGHT == 8
        """,
    )
    assert edited(suites, "number * 2", "number * 3") is None


@pytest.mark.parametrize(
    "test",
    [
        """
            import threading
            from shop import doubled
            def test_it():
                found = []
                thread = threading.Thread(target=lambda: found.append(doubled(2)))
                thread.start()
                thread.join()
                assert found == [4]
        """,
        """
            import pytest
            from shop import doubled
            @pytest.fixture
            def four(): return doubled(2)
            def test_it(four): assert four == 4
        """,
        """
            from concurrent.futures import ThreadPoolExecutor
            from shop import doubled
            POOL = []
            def test_first():
                POOL.append(ThreadPoolExecutor(1))
                POOL[0].submit(int).result()
            def test_it(): assert POOL[0].submit(doubled, 2).result() == 4
        """,
        """
            import subprocess, sys
            import shop
            def test_it():
                subprocess.run([sys.executable, "-c", "import shop; assert shop.doubled(2) == 4"], check=True)
        """,
        """
            import pathlib
            import shop
            def test_it():
                assert "number * 2" in pathlib.Path(shop.__file__).read_text()
        """,
        """
            import inspect
            import shop
            def test_first(): assert "number" in inspect.getsource(shop.doubled)
            def test_it(): assert "number * 2" in inspect.getsource(shop.doubled)
        """,
        """
            import sys
            from shop import doubled
            def test_it():
                sys.setprofile(None)
                assert doubled(2) == 4
        """,
        """
            from shop import doubled
            def test_it():
                def fours():
                    yield doubled(2)
                assert [*fours()] == [4]
        """,
    ],
    ids=["thread", "fixture", "thread pool", "other process", "text", "source", "profiler", "generator"],
)
def test_a_test_that_reaches_the_function_in_a_roundabout_way_runs(suites_of, test):
    verdicts, ran = edited(suites_of(shop=SHELF, test_shop=test), "number * 2", "number * 3")
    assert "test_it" in ran
    assert verdicts["test_it"] == "failed"


@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_what_a_shared_fixture_reaches_counts_for_all_tests_that_may_use_it(suites_of, scope):
    suites = suites_of(
        shop=SHELF,
        test_shop=f"""
            import pytest
            from shop import doubled
            @pytest.fixture(scope="{scope}")
            def four():
                yield doubled(2)
            class TestIt:
                def test_first(self, four): assert four
                def test_second(self, four): assert four == 4
        """,
    )
    verdicts, ran = edited(suites, "number * 2", "number * 3")
    assert verdicts == {"TestIt::test_first": "passed", "TestIt::test_second": "failed"}
    assert ran == set(verdicts)


def test_what_one_test_builds_for_all_counts_for_all(suites_of):
    suites = suites_of(
        shop=textwrap.dedent(SHELF)
        + textwrap.dedent("""

            _built = []


            def built():
                if not _built:
                    _built.append(doubled(2))
                return _built[0]
        """),
        test_shop="""
            from shop import built, halved
            def test_first(): assert built()
            def test_second(): assert built() == 4
        """,
    )
    verdicts, ran = edited(suites, "number * 2", "number * 3")
    assert verdicts == {"test_first": "passed", "test_second": "failed"}
    assert ran == set(verdicts)


def test_what_a_test_reaches_only_since_a_change_is_noticed(suites_of):
    suites = suites_of(
        shop=SHELF,
        test_shop="""
            from shop import doubled, halved
            def test_doubled(): assert doubled(2) == 4
            def test_halved(): assert halved(2) == 1
        """,
    )
    assert edited(suites, "value = number * 2", "value = halved(number * 4)")[1] == {"test_doubled"}
    verdicts, ran = edited(suites, "number / 2", "number / 1")
    assert verdicts == {"test_doubled": "failed", "test_halved": "failed"}
    assert ran == set(verdicts)


def test_a_function_within_a_longer_new_text_belongs_to_what_was_replaced(suites_of):
    suites = suites_of(
        shop="""
            def adder(number):
                def add(other):
                    return number + other
                return add


            def other():
                return 1
        """,
        test_shop="""
            import pytest
            from shop import adder, other
            @pytest.fixture(scope="module")
            def add(): return adder(1)
            def test_first(add): assert add(1) == 2
            def test_second(add): assert add(2) == 3
            def test_other(): assert other() == 1
        """,
    )
    longer = "    pass\n" * 12 + "    def add(other):\n"
    edited(suites, "    def add(other):\n", longer)
    verdicts, ran = edited(suites, "number + other", "number - other")
    assert verdicts == {"test_first": "failed", "test_second": "failed", "test_other": "passed"}
    assert {"test_first", "test_second"} <= ran


def test_a_flaky_test_keeps_its_verdict_until_it_is_reached(suites_of):
    suites = suites_of(
        shop=SHELF,
        test_shop="""
            import os
            from shop import doubled, halved
            def test_flaky():
                assert doubled(2) == 4
                assert not os.path.exists("broken")
            def test_halved(): assert halved(2) == 1
        """,
    )
    live = suites[1]
    (live._snapshot.root / "broken").touch()
    assert edited(suites, "number / 2", "number / 4")[0] == {"test_flaky": "passed", "test_halved": "failed"}
    verdicts, ran = edited(suites, "value = number * 2", "value = 2 * number")
    assert verdicts == {"test_flaky": "failed", "test_halved": "failed"}
    assert ran == {"test_flaky", "test_halved"}


def test_a_changed_docstring_needs_a_fresh_process(suites):
    assert changed(suites, CODE.replace("Of so many.", "Of a few.")) is None


def test_a_file_that_no_test_imports_costs_nothing(suites_of):
    suites = suites_of(shop=SHELF, apart="def apart():\n    return 1\n", test_shop=UNRELATED)
    assert edited(suites, "return 1", "return 2", "apart.py") == ({}, set())
    assert edited(suites, "number * 2", "number * 3") == ({"test_doubled": "failed"}, {"test_doubled"})


def test_a_file_that_does_not_collect_is_never_left_out(suites_of):
    suites = suites_of(
        shop=SHELF, test_shop=UNRELATED, test_broken="from shop import doubled\nassert doubled(2) == 5\n"
    )
    assert edited(suites, "number / 2", "number / 4") is None

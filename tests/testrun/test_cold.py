"""Cold runs: what one start of pytest tells about the user's tests."""

import os
import select

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Outcome
from lsp_repair.testrun.cold import ColdRequest, run_cold


def outcomes(run):
    return {str(key): str(result.outcome) for key, result in run.results.items()}


def test_every_outcome_is_told_by_phase(project, run):
    place = project(
        {
            "test_all.py": """
            import pytest

            def test_passes(): pass
            def test_fails(): assert 1 == 2
            @pytest.mark.skip
            def test_skips(): pass
            @pytest.mark.xfail
            def test_xfails(): assert 0
            @pytest.mark.xfail
            def test_xpasses(): pass
            @pytest.mark.xfail(strict=True)
            def test_strict_xpass(): pass
            @pytest.fixture
            def broken(): raise RuntimeError("no database")
            def test_set_up(broken): pass
            @pytest.fixture
            def leaks():
                yield
                raise RuntimeError("cannot close")
            def test_tear_down(leaks): pass
            """
        }
    )
    assert outcomes(run(place)) == {
        "test_all.py::test_passes": "passed",
        "test_all.py::test_fails": "failed",
        "test_all.py::test_skips": "skipped",
        "test_all.py::test_xfails": "xfailed",
        "test_all.py::test_xpasses": "xpassed",
        "test_all.py::test_strict_xpass": "failed",
        "test_all.py::test_set_up": "error",
        "test_all.py::test_tear_down": "error",
    }


def test_a_comparison_carries_both_sides_and_the_frames_their_locals(project, run):
    place = project(
        {
            "shop.py": "def price(n):\n    rebate = n // 10\n    return n * 3 - rebate\n",
            "test_shop.py": "from shop import price\n\ndef test_price():\n    assert price(20) == 60\n",
        }
    )
    failure = run(place).failing[0].failure
    assert failure.error_type == "AssertionError"
    assert (failure.comparison.actual, failure.comparison.expected) == ("58", "60")
    assert failure.innermost_project_frame.path == "test_shop.py"


def test_an_error_in_the_product_shows_its_locals(project, run):
    place = project(
        {
            "shop.py": "def find(stock, name):\n    return stock[name]\n",
            "test_shop.py": "from shop import find\n\ndef test_find():\n    find({'a': 1}, 'b')\n",
        }
    )
    failure = run(place).failing[0].failure
    frame = failure.innermost_project_frame
    assert (failure.error_type, failure.missing_name) == ("KeyError", "'b'")
    assert (frame.path, frame.line, frame.function) == ("shop.py", 2, "find")
    assert dict(frame.locals) == {"stock": "{'a': 1}", "name": "'b'"}


def test_executed_lines_show_code_that_the_traceback_does_not(project, run):
    place = project(
        {
            "shop.py": "def price(n):\n    if n > 2:\n        return n\n    return 0\n",
            "test_shop.py": "from shop import price\n\ndef test_price():\n    assert price(1) == 1\n",
        }
    )
    result = run(place, record=True).failing[0]
    assert result.executed["shop.py"] == frozenset({2, 4})


EXPLAINED = {
    "shop.py": """
    class Price:
        def __init__(self, n):
            self.n = n
        def __eq__(self, other):
            return self.n == other.n
        def __repr__(self):
            return f"Price({self.n})"
    """,
    "lazy.py": """
    LIMIT = 3
    class Limits:
        most = 4
    def limit():
        return LIMIT
    """,
    "test_shop.py": """
    import unittest
    from shop import Price

    def test_price():
        from lazy import limit
        assert [Price(1)] == [Price(limit())]

    class TestUnit(unittest.TestCase):
        def test_unit(self):
            self.assertEqual(Price(1), Price(2))

    def teardown_module():
        Price(9)
    """,
}


@pytest.mark.parametrize("name", ["test_price", "TestUnit::test_unit"])
def test_what_only_puts_a_failure_into_words_is_not_executed_by_the_test(project, run, name):
    result = run(project(EXPLAINED), record=True).results[f"test_shop.py::{name}"]
    assert result.outcome is Outcome.FAILED
    assert {3, 5} <= {line - 1 for line in result.executed["shop.py"]}
    assert 8 not in result.executed["shop.py"]


def test_lines_that_run_when_a_module_is_imported_are_no_tests_own(project, run):
    result = run(project(EXPLAINED), record=True).results["test_shop.py::test_price"]
    assert result.executed["lazy.py"] == frozenset({6})
    assert result.imported == {"lazy.py"}


def test_the_lines_of_a_failing_test_come_in_the_order_of_their_last_execution(project, run):
    results = run(project(EXPLAINED), record=True).results
    latest = [line for path, line in results["test_shop.py::TestUnit::test_unit"].latest if path == "shop.py"]
    assert latest == [6, 4]


@pytest.mark.parametrize(
    ("source", "error_type", "path"),
    [
        ("import shop_that_is_not_there\n", "ModuleNotFoundError", "test_it.py"),
        ("from shop import nothing\n", "ImportError", "test_it.py"),
        ("def test_it(:\n", "SyntaxError", "test_it.py"),
        ("import broken\n", "SyntaxError", "broken.py"),
    ],
)
def test_a_file_that_does_not_collect_is_a_failure_of_that_file(project, run, source, error_type, path):
    place = project(
        {"test_it.py": source, "shop.py": "", "broken.py": "x = (1\n", "test_ok.py": "def test_ok(): pass\n"}
    )
    found = run(place)
    result = found.results["test_it.py"]
    assert (result.outcome, result.failure.error_type) == (Outcome.ERROR, error_type)
    assert result.failure.innermost_project_frame.path == path


def test_a_conftest_that_does_not_load_is_told_with_its_place(project):
    place = project({"conftest.py": "def broken(:\n", "test_it.py": "def test_it(): pass\n"})
    result = run_cold(place, ColdRequest(), Deadline.after(30))
    assert result.start_failure.error_type == "SyntaxError"
    assert result.start_failure.innermost_project_frame.path == "conftest.py"


def test_unittest_classes_and_doctests_are_tests_too(project, run):
    place = project(
        {
            "shop.py": '''
            def price(n):
                """Price of n things.

                >>> price(2)
                7
                """
                return n * 3
            ''',
            "test_shop.py": """
            import unittest
            from shop import price

            class PriceTest(unittest.TestCase):
                def test_price(self):
                    self.assertEqual(price(1), 4)
            """,
        },
        "--doctest-modules",
    )
    found = run(place)
    by_id = {str(key): result.failure for key, result in found.results.items()}
    assert by_id["shop.py::shop.price"].comparison.expected == "7"
    assert by_id["shop.py::shop.price"].innermost_project_frame.line == 5
    assert by_id["test_shop.py::PriceTest::test_price"].comparison.actual == "3"
    assert found.oracle_paths == {"test_shop.py"}


def test_a_test_that_ends_its_process_fails_and_the_others_run(project, run):
    place = project(
        {
            "test_it.py": """
            import os
            def test_before(): pass
            def test_exits(): os._exit(0)
            def test_after(): pass
            """
        }
    )
    found = run(place)
    assert outcomes(found) == {
        "test_it.py::test_before": "passed",
        "test_it.py::test_exits": "failed",
        "test_it.py::test_after": "passed",
    }
    assert found.results["test_it.py::test_exits"].failure.error_type == "ProcessDied"


def test_a_test_that_loops_for_ever_fails_where_it_loops(project, run):
    place = project(
        {
            "spin.py": "def spin():\n    while True:\n        pass\n",
            "test_it.py": "from spin import spin\n\ndef test_spins(): spin()\n\ndef test_after(): pass\n",
        }
    )
    found = run(place, test_seconds=0.5)
    failure = found.results["test_it.py::test_spins"].failure
    assert (failure.error_type, failure.innermost_project_frame.path) == ("TestTimeout", "spin.py")
    assert found.results["test_it.py::test_after"].outcome is Outcome.PASSED


def test_a_test_that_waits_for_ever_is_killed_and_the_others_run(project, run):
    place = project({"test_it.py": "import time\ndef test_waits(): time.sleep(1000)\ndef test_after(): pass\n"})
    found = run(place, stall_seconds=1.5)
    assert outcomes(found) == {"test_it.py::test_waits": "failed", "test_it.py::test_after": "passed"}


def test_output_by_the_megabyte_does_not_block_and_stays_out_of_memory(project, run):
    place = project(
        {
            "test_it.py": "import sys\ndef test_floods(capfd):\n    with capfd.disabled():\n        print('x' * 5_000_000)\n"
        }
    )
    found = run(place)
    assert found.complete
    assert len(found.output_tail) <= 4000


def test_daemons_of_a_test_are_gone_after_the_run(project, run, tmp_path):
    place = project(
        {
            "test_it.py": """
            import os, subprocess, sys, time
            def test_leaves_a_daemon():
                child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
                open("pid.txt", "w").write(str(child.pid))
            """
        }
    )
    assert run(place).complete
    pid = int((tmp_path / "pid.txt").read_text())
    assert ends_within(pid, seconds=2)


def ends_within(pid: int, seconds: float) -> bool:
    """Whether a process that was sent its end is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def test_a_test_that_reads_stdin_gets_its_end_at_once(project, run):
    place = project({"test_it.py": "import sys\ndef test_reads():\n    assert sys.stdin.read() == ''\n"}, "-s")
    assert run(place).failing == ()


def test_a_test_that_changes_directory_and_environment_disturbs_nobody(project, run):
    place = project(
        {
            "test_it.py": """
            import os
            def test_moves():
                os.chdir("/")
                os.environ.clear()
            def test_after(): pass
            """
        }
    )
    found = run(place)
    assert found.complete
    assert found.failing == ()


def test_the_deadline_ends_a_run_and_keeps_what_was_found(project):
    place = project({"test_it.py": "import time\ndef test_quick(): assert 0\ndef test_slow(): time.sleep(1000)\n"})
    found = run_cold(place, ColdRequest(), Deadline.after(3)).run
    assert not found.complete
    assert [str(result.node_id) for result in found.failing] == ["test_it.py::test_quick"]


def test_reversed_order_runs_the_same_tests_the_other_way(project, run):
    place = project(
        {
            "test_it.py": """
            seen = []
            def test_first(): seen.append(1)
            def test_second(): assert seen == [1]
            """
        }
    )
    assert run(place).failing == ()
    assert [str(each.node_id) for each in run(place, reverse=True).failing] == ["test_it.py::test_second"]


@pytest.mark.parametrize(
    "options", ["", "-x", "--maxfail=1", "--strict-markers --strict-config", "--stepwise", "--exitfirst -q"]
)
def test_a_file_that_does_not_collect_hides_no_other(project, run, options):
    place = project(
        {
            "pytest.ini": f"[pytest]\naddopts = {options}\n",
            "test_a.py": "import not_installed_here\n\ndef test_never(): pass\n",
            "test_b.py": "def test_passes(): pass\ndef test_fails(): assert 0\ndef test_passes_too(): pass\n",
        }
    )
    told = run(place)
    assert outcomes(told) == {
        "test_a.py": "error",
        "test_b.py::test_passes": "passed",
        "test_b.py::test_fails": "failed",
        "test_b.py::test_passes_too": "passed",
    }
    assert told.complete
    assert not told.oversight.irregular

"""The probe in other interpreters: Python 3.9 and later, pytest 7 and later.

`LSP_REPAIR_TEST_PYTHONS` names executables (separated like PATH); else `python3.9` to `python3.14` on PATH are tried.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from judging import Judge, is_clean, reason

from lsp_repair.domain.deadline import Deadline
from lsp_repair.screening.screening_state import TrustedTest, trusted_tests
from lsp_repair.testrun.probe.warm.warm_records import Style
from lsp_repair.testrun.warm_server import WarmRequest, WarmServer, start_warm

PROJECT = {
    "shop.py": """
    def price(name):
        return {"pear": 3}[name]
    """,
    "test_shop.py": """
    import unittest
    import pytest
    from shop import price

    def test_key():
        assert price("fig") == 1

    @pytest.mark.parametrize("name, expected", [("pear", 3), ("pear", 4)])
    def test_prices(name, expected, tmp_path):
        assert price(name) == expected

    class TestUnit(unittest.TestCase):
        def test_unit(self):
            for value in (3, 4):
                with self.subTest(value=value):
                    self.assertEqual(price("pear"), value)
    """,
}


def pythons() -> list[str]:
    named = os.environ.get("LSP_REPAIR_TEST_PYTHONS", "")
    found = named.split(os.pathsep) if named else [shutil.which(f"python3.{minor}") or "" for minor in range(9, 15)]
    return [each for each in dict.fromkeys(found) if each and serves(each)]


def executables() -> list[object]:
    """This one always, the others as programs that not every machine has."""
    others = [pytest.param(each, marks=pytest.mark.needs(each)) for each in pythons()]
    none = pytest.param("another", marks=pytest.mark.skip(reason="no other Python with pytest is on PATH"))
    return [sys.executable, *(others or [none])]


def serves(executable: str) -> bool:
    question = "import sys, pytest; sys.exit(int(pytest.__version__.split('.')[0]) < 7)"
    return subprocess.run([executable, "-c", question], capture_output=True, check=False, timeout=120).returncode == 0


EXECUTABLES = executables()


@pytest.mark.parametrize("executable", EXECUTABLES)
def test_a_cold_and_a_warm_run_tell_the_same(project, run, executable):
    place = replace(project(PROJECT), python=Path(executable))
    cold = run(place, record=True)
    assert cold.complete, cold.output_tail
    outcomes = {key.split("::", 1)[1]: str(result.outcome) for key, result in cold.results.items()}
    assert outcomes == {
        "test_key": "failed",
        "test_prices[pear-3]": "passed",
        "test_prices[pear-4]": "failed",
        "TestUnit::test_unit": "failed",
    }
    key_error = cold.results["test_shop.py::test_key"]
    assert key_error.failure.error_type == "KeyError"
    assert key_error.executed["shop.py"] == {2, 3} or 3 in key_error.executed["shop.py"]
    tests = [
        TrustedTest(key, Style.DIRECT, 2.0, result.failure.error_type if result.failure else None)
        for key, result in cold.results.items()
    ]
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    assert isinstance(server, WarmServer), server
    with server:
        trusted = {test.node_id for test in trusted_tests(server, tests, Deadline.after(60))}
    assert trusted == set(cold.results)


REACHING = {
    "shop.py": """
    def price(name):
        return {"pear": 3}[name]

    def sums(names):
        yield sum(price(each) for each in names)
    """,
    "test_shop.py": """
    import threading
    from shop import price, sums

    def test_alone(): pass
    def test_in_a_thread():
        thread = threading.Thread(target=price, args=["pear"])
        thread.start()
        thread.join()
    def test_lazily(): assert next(sums(["pear"])) == 3
    """,
}


@pytest.mark.parametrize("executable", EXECUTABLES)
@pytest.mark.parametrize("again", [False, True])
def test_what_each_test_reaches_is_told(project, executable, again):
    place = replace(project(REACHING), python=Path(executable))
    started = start_warm(place, WarmRequest(()), Deadline.after(60))
    assert isinstance(started, WarmServer)
    with started as server:
        ids = [test.node_id for test in server.collection.collected]
        found = server.run_reaching(ids, (), Deadline.after(60), test_seconds=5.0, again=again)
    assert found.run.complete
    assert {
        key.partition("::")[2]: sorted(line for path, line in reach if path == "shop.py")
        for key, reach in found.reached.items()
    } == {"test_alone": [], "test_in_a_thread": [2], "test_lazily": [2, 5, 6]}


@pytest.mark.parametrize("executable", EXECUTABLES)
def test_right_code_fails_what_must_fail_and_sly_code_does_not(tmp_path, executable):
    """Mutants are compiled by the user's interpreter: what it makes of a test's source has to be what runs there."""
    tests = """
        import unittest
        import pytest
        from shop import price

        def test_plain():
            assert price("pear") == 4

        def test_error():
            with pytest.raises(ValueError):
                price("fig")

        class TestUnit(unittest.TestCase):
            def test_unit(self):
                self.assertEqual(price("pear"), 4)
        """
    shop = "def price(name):\n    return 3\n"
    one = Judge(tmp_path, {"pytest.ini": "[pytest]\n", "shop.py": shop, "test_shop.py": tests}, executable)
    right = "def price(name):\n    if name == 'fig':\n        raise ValueError(name)\n    return 4\n"
    found = one.run(one.rewrite("shop.py", right)).run.oversight
    assert [each.outcome for each in found.trials if each.what == "canary"] == ["failed"] * 4
    assert {each.outcome for each in found.trials if each.what == "again"} == {"passed"}
    mutants = [each for each in found.trials if each.what in {"negated", "other-error"}]
    assert [(each.reached, each.outcome, str(each.inner)) for each in mutants] == [(True, "failed", "raised")] * 3
    assert is_clean(one.unpoliced(one.rewrite("shop.py", right)))
    sly = (
        right.replace("return 4", "return Sly(3)")
        + "class Sly(int):\n    def __eq__(self, other):\n        return True\n"
    )
    assert reason(one.unpoliced(one.rewrite("shop.py", sly))) == "must-fail-passed"

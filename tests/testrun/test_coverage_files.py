"""What is read from databases of coverage, however they were made, and however broken they are."""

import os
import sqlite3
import time

import pytest
from measuring import CONTEXTS, lay, measure

from lsp_repair.domain.runs import NodeId
from lsp_repair.testrun.coverage_files.context_names import tests_of as of_tests
from lsp_repair.testrun.coverage_files.read_coverage import Recorded, Unreadable, read_coverage
from lsp_repair.testrun.coverage_files.write_coverage import imported_lines

PROJECT = {
    "shop/__init__.py": "",
    "shop/limits.py": """
        def allowed(count, limit):
            if count < 0:
                return False
            return count < limit
        """,
    "tests/test_limits.py": """
        import pytest
        from shop.limits import allowed

        def test_below():
            assert allowed(1, 2)

        class TestBounds:
            def test_negative(self):
                assert not allowed(-1, 2)

        @pytest.mark.parametrize("limit", [2, 3])
        def test_zero(limit):
            assert allowed(0, limit)
        """,
    "conftest.py": "",
}
BELOW, NEGATIVE = NodeId("tests/test_limits.py::test_below"), NodeId("tests/test_limits.py::TestBounds::test_negative")
ZEROS = [NodeId(f"tests/test_limits.py::test_zero[{limit}]") for limit in (2, 3)]


def lines_by_test(database, root):
    found = read_coverage(database, root, ["shop/limits.py"], 20.0)
    assert isinstance(found, Recorded)
    assert found.measures_project
    assert found.is_shared
    tests = of_tests(found.contexts, [BELOW, NEGATIVE, *ZEROS])
    return {tests[name]: set(lines) for name, lines in found.lines["shop/limits.py"].items() if name in tests}


@pytest.mark.parametrize("branch", [(), ("--cov-branch",)], ids=["lines", "arcs"])
def test_pytest_cov_tells_what_each_test_executes(tmp_path, branch):
    database = measure(lay(tmp_path, PROJECT), *CONTEXTS, *branch)
    assert lines_by_test(database, tmp_path) == {BELOW: {2, 4}, NEGATIVE: {2, 3}, ZEROS[0]: {2, 4}, ZEROS[1]: {2, 4}}


@pytest.mark.parametrize("static", ["", "context = nightly"], ids=["alone", "with a static context"])
def test_coverages_own_contexts_are_those_of_functions_so_parameter_sets_are_left_out(tmp_path, static):
    settings = f"[run]\ndynamic_context = test_function\nbranch = true\nrelative_files = true\n{static}\n"
    lay(tmp_path, PROJECT | {".coveragerc": settings})
    database = measure(tmp_path, "coverage", "run", "-m", "pytest")
    assert lines_by_test(database, tmp_path) == {BELOW: {2, 4}, NEGATIVE: {2, 3}}


def test_a_project_that_moved_is_known_by_its_relative_files_only(tmp_path):
    lay(tmp_path / "there", PROJECT | {".coveragerc": "[run]\nrelative_files = true\n"})
    measure(tmp_path / "there", *CONTEXTS)
    (tmp_path / "there").rename(tmp_path / "here")
    assert lines_by_test(tmp_path / "here" / ".coverage", tmp_path / "here")[NEGATIVE] == {2, 3}
    (tmp_path / "here" / ".coveragerc").unlink()
    measure(tmp_path / "here", *CONTEXTS)
    (tmp_path / "here").rename(tmp_path / "elsewhere")
    found = read_coverage(tmp_path / "elsewhere" / ".coverage", tmp_path / "elsewhere", ["shop/limits.py"], 20.0)
    assert isinstance(found, Recorded)
    assert not found.measures_project
    assert found.lines == {}


def test_a_line_is_shared_if_two_tests_execute_it(tmp_path):
    lay(tmp_path, PROJECT)
    database = measure(tmp_path, *CONTEXTS, "-k", "below")
    found = read_coverage(database, tmp_path, ["shop/limits.py"], 20.0)
    assert isinstance(found, Recorded)
    assert not found.is_shared


def test_a_name_that_two_files_could_mean_is_nobodys():
    one, other = NodeId("a/test_x.py::test_y"), NodeId("b/test_x.py::test_y")
    assert of_tests(["a.test_x.test_y", "test_x.test_y"], [one, other]) == {"a.test_x.test_y": one}


def test_bars_belong_to_parameters_or_follow_a_static_context():
    key = NodeId("test_x.py::test_y[a|b]")
    assert of_tests(["test_x.py::test_y[a|b]|run", "ci|test_x.py::test_y[a|b]|setup"], [key]) == {
        "test_x.py::test_y[a|b]|run": key,
        "ci|test_x.py::test_y[a|b]|setup": key,
    }


def hang(database):
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE context")
        endless = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS context FROM n"
        )
        connection.execute(f"CREATE VIEW context AS {endless}")


def age(database):
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE coverage_schema SET version = 4711")


def cut(database):
    database.write_bytes(database.read_bytes()[:5000])


def scribble(database):
    database.write_bytes(b"coverage was here\n" * 1000)


def replace_with_a_pipe(database):
    database.unlink()
    os.mkfifo(database)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The bytes of a database that nothing is wrong with."""
    return measure(lay(tmp_path_factory.mktemp("sound"), PROJECT), *CONTEXTS).read_bytes()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (hang, "takes longer than"),
        (age, "not a database that this version of coverage reads"),
        (cut, "not a database that this version of coverage reads"),
        (scribble, "not a coverage database"),
        (replace_with_a_pipe, "not a regular file"),
    ],
)
def test_a_broken_or_hostile_database_is_told_in_a_word_and_in_time(tmp_path, sound, spoil, why):
    database = tmp_path / ".coverage"
    database.write_bytes(sound)
    spoil(database)
    before = None if database.is_fifo() else database.read_bytes()
    started = time.monotonic()
    found = read_coverage(database, tmp_path, ["shop/limits.py"], 2.0)
    assert isinstance(found, Unreadable)
    assert why in found.why
    assert time.monotonic() - started < 20
    assert before is None or database.read_bytes() == before


def test_import_runs_what_stands_under_no_condition():
    text = b"""import os
try:
    import json
except ImportError:
    json = None
if os.name == "nt":
    sep = "x"
@staticmethod
def f():
    return 1
class C:
    a = 1
    def g(self):
        return 2
"""
    assert imported_lines(text) == {1, 2, 3, 6, 8, 9, 11, 12, 13}

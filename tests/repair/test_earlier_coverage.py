"""Who executes what, as an earlier run of coverage recorded it: used where it holds, named where it does not."""

import os
import shutil
import subprocess
import sys

import pytest
from measuring import CONTEXTS, WITHOUT_COVERAGE, lay, measure
from strangers import environ_of

SLOW = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop/__init__.py": "",
    "shop/limits.py": """
        def allowed(count, limit):
            if count < 0:
                return False
            return count < limit


        def described(count):
            return str(count)
        """,
    "shop/labels.py": """
        def label(name):
            # what is printed on a box
            return name.strip().title()
        """,
    "tests/test_limits.py": """
        import time
        from shop.limits import allowed, described

        def test_below_the_limit_is_allowed():
            time.sleep(0.6)
            assert allowed(1, 2)

        def test_nothing_negative_is_allowed():
            assert not allowed(-1, 2)

        def test_the_limit_itself_is_allowed():
            assert allowed(2, 2)

        def test_described():
            assert described(3) == "3"
        """,
    "tests/test_labels.py": """
        from shop.labels import label

        def test_label():
            assert label(" pear ") == "Pear"
        """,
}
"""Tracing its passing tests takes more than a second."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The project after its tests ran with a context for each."""
    root = lay(
        tmp_path_factory.mktemp("measured") / "project", SLOW | {".coveragerc": "[run]\nrelative_files = true\n"}
    )
    measure(root, *CONTEXTS)
    return root


@pytest.fixture
def project(measured, tmp_path):
    """A copy with the times of its files."""
    return shutil.copytree(measured, tmp_path / "project")


def explained(lsp_repair, project):
    """What is said of the database, and the places of the one failure."""
    ran = lsp_repair("explain", project)
    assert ran.code == 1, ran.out + ran.err
    (failure,) = ran.json["failures"]
    places = [(each["path"], each["line"]) for each in failure["locations"]]
    said = [each for each in ran.json["notices"] if ".coverage" in each]
    assert all(f"note: {each}" in ran.out for each in said)
    return said, places


def touch(file, database, *, later):
    at = database.stat().st_mtime_ns + (10**9 if later else -(10**9))
    os.utime(file, ns=(at, at))


def test_passing_tests_are_not_traced_again_and_the_fault_is_found_at_the_same_place(project, lsp_repair):
    said, places = explained(lsp_repair, project)
    assert said == [".coverage says which lines 4 of 4 passing tests execute; these were not traced again"]
    (project / ".coverage").unlink()
    assert explained(lsp_repair, project) == ([], places)
    assert places[0] == ("shop/limits.py", 4)


def test_tests_that_execute_a_newer_file_are_traced_and_the_others_are_not(project, lsp_repair):
    touch(project / "shop" / "labels.py", project / ".coverage", later=True)
    said, places = explained(lsp_repair, project)
    assert said[0].startswith(".coverage says which lines 3 of 4 passing tests execute; these were not traced again")
    assert said[0].endswith(", but it is older than shop/labels.py")
    assert places[0] == ("shop/limits.py", 4)


def newer_product(project):
    touch(project / "shop" / "limits.py", project / ".coverage", later=True)
    for name in ("tests/test_labels.py", "shop/labels.py"):
        touch(project / name, project / ".coverage", later=True)


def newer_conftest(project):
    (project / "tests" / "conftest.py").write_text("")
    touch(project / "tests" / "conftest.py", project / ".coverage", later=True)


def newer_unknown_file(project):
    (project / "shop" / "__init__.py").write_text("from shop import units\n")
    (project / "shop" / "units.py").write_text("")
    touch(project / "shop" / "__init__.py", project / ".coverage", later=False)
    touch(project / "shop" / "units.py", project / ".coverage", later=True)


def other_text_with_an_old_time(project):
    limits = project / "shop" / "limits.py"
    limits.write_text("# limits of\n# all kinds\n# of boxes\n# and bags\n\n\n\n" + limits.read_text())
    touch(limits, project / ".coverage", later=False)
    for name in ("tests/test_labels.py", "shop/labels.py"):
        touch(project / name, project / ".coverage", later=True)


def garbage(project):
    (project / ".coverage").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def without_contexts(project):
    measure(project, "coverage", "run", "-m", "pytest")


def of_another_project(project):
    (project / ".coveragerc").unlink()
    measure(project, *CONTEXTS)
    moved = project.rename(project.parent / "moved")
    shutil.copytree(moved, project)
    shutil.rmtree(moved)
    database = (project / ".coverage").read_bytes().replace(b"/project/shop", b"/somedir/shop")
    (project / ".coverage").write_bytes(database.replace(b"/project/tests", b"/somedir/tests"))


def measuring_something_else(project):
    (project / ".coveragerc").write_text("[run]\nomit = shop/limits.py\n")
    measure(project, *CONTEXTS)


def one_test_a_line(project):
    measure(project, *CONTEXTS, "-k", "described")


@pytest.mark.slow(keep=3)
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (newer_product, "it is older than shop/limits.py"),
        (garbage, "it is not a database that this version of coverage reads"),
        (without_contexts, "it has no contexts: run pytest with --cov-context=test (and COVERAGE_CORE=ctrace"),
        (newer_conftest, "it is older than tests/conftest.py"),
        (newer_unknown_file, "it is older than shop/units.py"),
        (other_text_with_an_old_time, "it does not fit shop/limits.py"),
        (of_another_project, "it measures no file of this project"),
        (measuring_something_else, "it does not measure shop/limits.py"),
        (one_test_a_line, "each line is in the context of one test only"),
    ],
)
def test_what_cannot_be_believed_is_named_and_everything_is_traced(project, lsp_repair, spoil, why):
    spoil(project)
    (said,), places = explained(lsp_repair, project)
    assert said.startswith(f".coverage is not used: {why}")
    assert places[0][0] == "shop/limits.py"


def test_a_quick_suite_is_traced_anyway(project, lsp_repair):
    tests = project / "tests" / "test_limits.py"
    tests.write_text(tests.read_text().replace("time.sleep(0.6)", "pass"))
    said, places = explained(lsp_repair, project)
    assert said == [".coverage is not used: tracing the passing tests takes less than a second"]
    assert places[0] == ("shop/limits.py", 4)


@pytest.mark.parametrize("has_contexts", [True, False])
def test_without_coverage_the_command_that_installs_it_is_named_where_it_would_help(project, tmp_path, has_contexts):
    if not has_contexts:
        without_contexts(project)
    words = ["explain", project, "--python", sys.executable, "--test", "tests/test_limits.py"]
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_COVERAGE, *words],
        env=environ_of(tmp_path),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    said = ".coverage is not used: to read it: pip install 'lsp-repair[coverage]'"
    assert (f"note: {said}" in ran.stdout) == has_contexts
    assert (".coverage" in ran.stdout) == has_contexts

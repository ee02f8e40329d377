"""A changed file leads to the verdicts of the tests it can affect, and of no others."""

from dataclasses import replace

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.live_suite import LiveSuite
from lsp_repair.testrun.snapshot import take_snapshot
from lsp_repair.testrun.snapshot_rules import SnapshotRules


@pytest.fixture
def live(tmp_path, project):
    """A project of two halves, run once; yields the project's root and its live suite."""
    files = {
        "conftest.py": "",
        "left.py": "def one():\n    return 1\n",
        "right.py": "import left_helper\n\ndef two():\n    return left_helper.VALUE\n",
        "left_helper.py": "VALUE = 2\n",
        "test_left.py": "from left import one\n\ndef test_one():\n    assert one() == 1\n",
        "test_right.py": "from right import two\n\ndef test_two():\n    assert two() == 2\n",
    }
    place = project({f"mine/{name}": text for name, text in files.items()})
    root = tmp_path / "mine"
    snapshot = take_snapshot(root, tmp_path / "copy", {}, SnapshotRules())
    place = replace(place, root=snapshot.root)
    first = run_cold(place, ColdRequest(), Deadline.after(60)).run
    with LiveSuite(snapshot, place, first) as suite:
        yield root, suite


def outcomes(suite, path):
    """Of the tests that run after a change of this file."""
    run = suite.run(suite.take_in([path]), Deadline.after(60))
    return {key: str(result.outcome) for key, result in run.results.items()}


def test_only_tests_that_import_the_change_run(live):
    root, suite = live
    (root / "left.py").write_text("def one():\n    return 3\n")
    assert outcomes(suite, "left.py") == {"test_left.py::test_one": "failed"}


def test_a_detour_counts(live):
    root, suite = live
    (root / "left_helper.py").write_text("VALUE = 5\n")
    assert outcomes(suite, "left_helper.py") == {"test_right.py::test_two": "failed"}


def test_a_new_test_file_is_found(live):
    root, suite = live
    (root / "test_new.py").write_text("def test_new():\n    pass\n")
    assert outcomes(suite, "test_new.py") == {"test_new.py::test_new": "passed"}


def test_a_conftest_affects_all(live):
    root, suite = live
    (root / "conftest.py").write_text("# changed\n")
    assert len(outcomes(suite, "conftest.py")) == 2


def test_a_deleted_module_is_noticed(live):
    root, suite = live
    (root / "left.py").unlink()
    assert outcomes(suite, "left.py") == {"test_left.py": "error"}


def test_a_file_that_no_test_sees_starts_nothing(live):
    root, suite = live
    (root / "notes.txt").write_text("hello")
    assert outcomes(suite, "notes.txt") == {}


def test_one_change_after_the_other(live):
    root, suite = live
    for value, outcome in ((3, "failed"), (1, "passed"), (4, "failed")):
        (root / "left.py").write_text(f"def one():\n    return {value}\n")
        assert outcomes(suite, "left.py") == {"test_left.py::test_one": outcome}

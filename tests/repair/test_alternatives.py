"""Other edits at the place of a patch."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Hints, Patch
from lsp_repair.domain.runs import NodeId, Outcome, TestResult
from lsp_repair.repair.alternatives import alternatives, changed_lines, executing_tests, pinned
from lsp_repair.screening.screening_state import Ladder
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.warm_server import WarmRequest, WarmServer, start_warm

OLD = b"def f(a, b):\n    if (a >\n            b):\n        return a\n    return b\n"


def test_changed_lines_are_whole_statements_of_the_text_before():
    assert changed_lines(OLD, OLD.replace(b"            b)", b"            b + 1)")) == {2, 3}
    assert changed_lines(OLD, OLD.replace(b"return a", b"return -a")) == {4}


def test_around_an_insertion_both_sides_count():
    assert changed_lines(OLD, OLD.replace(b"    return b", b"    b = 1\n    return b")) == {4, 5}


def test_alternatives_edit_the_old_text_or_the_patched_one_and_are_neither_of_them():
    new = OLD.replace(b"return a", b"return a + 1")
    found = list(alternatives(Patch((FileChange("a.py", OLD, new),)), Hints(())))
    texts = [each.after for _, each in found]
    assert {side for side, _ in found} == {False, True}
    assert len(texts) == len(set(texts))
    assert OLD not in texts
    assert new not in texts
    assert all(each.source.data == OLD for _, each in found)
    assert OLD.replace(b"return a", b"return b") in texts
    assert OLD.replace(b"return a", b"return a + 2") in texts


@pytest.fixture
def screen(tmp_path):
    """Of a project whose first test executes the last line of `a.py`, and whose second one does not."""
    (tmp_path / "a.py").write_bytes(OLD)
    tests = "from a import f\n\ndef test_executes():\n    assert f(1, 2) == 2\n\ndef test_does_not():\n    pass\n"
    (tmp_path / "test_a.py").write_text(tests)
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
    place = Place(tmp_path, Path(sys.executable), environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    server = start_warm(place, WarmRequest(()), Deadline.after(60))
    assert isinstance(server, WarmServer)
    with server:
        yield WarmScreen(server, str(tmp_path), Ladder((), (), ()), Deadline.after(60))


def test_tests_that_execute_a_place_are_counted_when_the_time_for_alternatives_is_over(screen):
    traced = TestResult(NodeId("test_a.py::test_executes"), Outcome.PASSED, executed={"a.py": frozenset({5})})
    over = replace(screen, deadline=Deadline.after(0))
    patch = Patch((FileChange("a.py", OLD, OLD.replace(b"return b", b"return a")),))
    assert executing_tests(patch, [traced], over) == 1


@pytest.mark.parametrize(
    ("names", "by"),
    [(["executes"], 1), (["does_not"], 0), (["executes", "does_not"], 2)],
    ids=["right", "wrong", "both"],
)
def test_what_coverage_recorded_pins_a_place_only_if_a_run_confirms_it(screen, names, by):
    said = [
        TestResult(
            NodeId(f"test_a.py::test_{name}"),
            Outcome.PASSED,
            executed={"a.py": frozenset({5})},
            is_from_coverage=True,
        )
        for name in names
    ]
    patch = Patch((FileChange("a.py", OLD, OLD.replace(b"return b", b"return a")),))
    assert pinned(patch, Hints(()), said, screen).by == by

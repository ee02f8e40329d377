"""What is said of the place of a fault goes no further than the evidence."""

from types import SimpleNamespace

import pytest

from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.localisation import Localisation, Location
from lsp_repair.domain.runs import Failure, Frame, NodeId
from lsp_repair.repair.unseen import Unseen
from lsp_repair.repair.where import reported_locations, where

FAILURE = Failure(NodeId("test_it.py::test_it"), "call", "AssertionError", "")
SOURCE = b"".join(f"def f{number}():\n    x = {number}\n    return x\n".encode() for number in range(8))


def said(locations, failure=FAILURE, proposals=()):
    return where(failure, locations, lambda _path, line: f"line {line}", proposals)


def test_a_function_far_ahead_of_the_others_is_named_alone():
    text = said([Location("a.py", 2, 1.0, "f"), Location("a.py", 3, 0.9, "f"), Location("a.py", 9, 0.4, "g")])
    assert "most likely in `f`, near a.py:2 (`line 2`)" in text
    assert "`g`" not in text


def test_where_several_are_nearly_as_suspicious_each_is_named():
    text = said([Location("a.py", 2, 1.0, "f"), Location("a.py", 3, 1.0, "f"), Location("b.py", 9, 0.9, "g")])
    assert text == "The fault may be in one of these functions: `f` (a.py:2), `g` (b.py:9)."


def test_the_place_of_the_raise_is_said_to_be_that():
    frame = Frame("a.py", 2, "f", in_project=True)
    raised = Failure(NodeId("test_it.py::test_it"), "call", "KeyError", "'x'", (frame,))
    assert said([Location("a.py", 2, 1.0, "f")], raised).endswith("the error was raised there.")


def test_without_any_line_no_place_is_named():
    assert said([]) == "No code outside the tests was seen to run in the failing test."


def test_programs_besides_are_named_where_the_fault_may_be_in_them():
    unseen = Unseen(("git", "python"), ("python",), originals=("/home/me/tool/a.py",))
    place, installed, programs = " ".join(unseen.sentences(sees_nothing=True)), *unseen.sentences(sees_nothing=False)
    assert place.endswith("not seen: `git`, `python`.")
    assert "`/home/me/tool/a.py` from where the project is installed" in installed
    assert programs == "The test starts programs whose executed lines are not seen: `python`."


@pytest.mark.parametrize(("grade", "claims"), [(Grade.PROVED, True), (Grade.POSSIBLE, False)])
def test_only_a_proved_repair_says_where_the_fault_is(grade, claims):
    patch = SimpleNamespace(changes=[SimpleNamespace(first_difference=("a.py", 7))])
    proposal = SimpleNamespace(patch=patch, evidence=SimpleNamespace(grade=grade))
    text = said([Location("a.py", 2, 1.0, "f")], proposals=[proposal])
    assert "a.py:7" in text
    assert ("The fault is most likely" in text) is claims


def test_the_best_line_of_further_functions_follows_the_ten_best_lines():
    scores = {3 * number + 2: 0.5 - number / 100 for number in range(1, 8)} | dict.fromkeys(range(1, 4), 1.0)
    scores |= {3 * number + 3: 0.4 for number in range(1, 8)}
    found = reported_locations(Localisation({"a.py": scores}), {"a.py": SOURCE}.get)
    assert [each.function for each in found[:4]] == ["f0", "f0", "f0", "f1"]
    assert len(found) == 10

    scored = {1.0: range(1, 4), 0.9: range(4, 7), 0.8: range(7, 10), 0.7: range(10, 13), 0.2: [14], 0.1: [17]}
    crowded = {line: score for score, lines in scored.items() for line in lines}
    found = reported_locations(Localisation({"a.py": crowded}), {"a.py": SOURCE}.get)
    assert [each.function for each in found[10:]] == ["f4"]

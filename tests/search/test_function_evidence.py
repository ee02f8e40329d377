"""Which of the functions that a failing test executes is looked at first."""

import pytest

from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.runs import Failure, Frame, NodeId
from lsp_repair.search.function_evidence import words
from lsp_repair.search.suspicion import localised

SOURCE = b"""\
LIMIT = 3


class Basket:
    def __init__(self):
        self.items = []

    def total(self):
        return sum(self.items)


def parse_price(text):
    text = text.strip()
    number = text.rstrip("c")
    return int(number)


def helper(text):
    return text
"""


def ranked(test, lines, latest=(), failure=None):
    failure = failure or Failure(NodeId(test), "call", "AssertionError", "")
    executed = Localisation({"shop.py": dict.fromkeys(lines, 1.0)})
    found = localised(executed, (failure,), "shop.py".__eq__, {"shop.py": SOURCE}.get, latest)
    return [at.line for at in found.ranked(99)]


def test_a_test_names_what_it_tests():
    assert ranked("test_all.py::test_total", [6, 9, 19])[0] == 9
    assert ranked("test_all.py::test_helper", [6, 9, 19])[0] == 19


def test_words_of_classes_count_as_well():
    assert ranked("test_all.py::TestBasket::test_it", [6, 9, 19])[0] == 9


def test_a_function_of_many_executed_lines_comes_before_a_trivial_one():
    assert ranked("test_all.py::test_it", [9, 13, 14, 15, 19])[:3] == [13, 14, 15]


def test_what_was_executed_last_before_the_failure_breaks_ties():
    latest = [[("shop.py", 15), ("shop.py", 14), ("shop.py", 13)]]
    assert ranked("test_all.py::test_it", [13, 14, 15], latest) == [15, 14, 13, *ranked_at_import()]


def ranked_at_import():
    """Lines of modules and headers, which no test executes itself."""
    return [line for line in ranked("test_all.py::test_it", [13, 14, 15]) if line not in {13, 14, 15}]


def test_lines_that_run_at_import_come_last_but_stay():
    assert 1 in ranked_at_import()


@pytest.mark.parametrize(
    ("path", "function", "first"),
    [
        ("shop.py", "helper", 19),
        ("shop.py", "assertPrice", 13),
        ("test_all.py", "test_it", 13),
        ("unittest/case.py", "fail", 13),
    ],
)
def test_an_assertion_of_the_products_own_was_raised_near_its_cause(path, function, first):
    frame = Frame(path, 19, function, in_project=True)
    failure = Failure(NodeId("test_all.py::test_it"), "call", "AssertionError", "", (frame,))
    assert ranked("", [13, 19], failure=failure)[0] == first


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("parse_time", {"parse", "time"}),
        ("TestParseTime", {"parse", "time"}),
        ("test_utf8_x", {"utf8"}),
        ("__init__", {"init"}),
    ],
)
def test_words_of_a_name(name, found):
    assert words(name) == found

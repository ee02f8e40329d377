"""What `first_order` promises about the list as a whole."""

import time

import pytest

from lsp_repair.domain.patches import Hints
from lsp_repair.domain.runs import Failure, Frame, NodeId
from lsp_repair.search.generation import MAX_CANDIDATES

SEARCH = """\
def search(xs, wanted):
    low, high = 0, len(xs)
    while low < high:
        middle = (low + high) // 2
        if xs[middle] == wanted:
            return middle
        if xs[middle] < wanted:
            low = middle
        else:
            high = middle - 1
    return -1
"""


def _failure(error: str, message: str, *lines: int, path: str = "mod.py") -> Failure:
    frames = tuple(Frame(path, line, "f", in_project=True) for line in lines)
    return Failure(NodeId("t.py::t"), "call", error, message, frames)


def test_candidates_come_best_first(propose):
    scores = [each.score for each in propose(SEARCH)]
    assert scores == sorted(scores, reverse=True)


def test_no_two_candidates_give_the_same_file(propose):
    afters = [each.after for each in propose(SEARCH)]
    assert len(afters) - len(set(afters)) <= len(afters) // 100


def test_a_line_that_is_not_suspicious_is_left_alone(propose):
    for candidate in propose(SEARCH, scores={8: 1.0}):
        assert b"return -1\n" in candidate.after
        assert candidate.line in {1, 7, 8}


def test_a_more_suspicious_line_comes_first(propose):
    first = propose(SEARCH, scores={3: 0.2, 7: 1.0})[0]
    assert first.line == 7


def test_a_traceback_makes_its_line_suspicious_without_any_executed_lines(propose):
    hints = Hints((_failure("IndexError", "list index out of range", 5),))
    assert propose(SEARCH, hints, {})[0].line == 5


def test_the_traceback_of_a_tests_own_assertion_does_not(propose):
    assert propose(SEARCH, Hints((_failure("AssertionError", "assert 1 == 2", 5, path="test_mod.py"),)), {}) == []


def test_an_assertion_of_the_products_own_was_raised_there(propose):
    assert propose(SEARCH, Hints((_failure("AssertionError", "", 5),)), {})[0].line == 5


def test_a_traceback_in_another_file_does_not(propose):
    assert propose(SEARCH, Hints((_failure("IndexError", "list index", 5, path="other.py"),)), {}) == []


def test_nothing_suspicious_gives_nothing(propose):
    assert propose(SEARCH, scores={}) == []


def test_the_title_says_what_and_where(propose):
    titles = {each.title for each in propose(SEARCH)}
    assert "`<` → `<=` in `search`" in titles
    assert "insert `if not xs: return -1` in `search`" in titles
    assert "`middle` → `middle + 1` in `search`" in titles


def test_a_file_of_thousands_of_lines_stays_bounded(propose):
    functions = (SEARCH.replace("def search", f"def search{number}") for number in range(200))
    started = time.process_time()
    candidates = propose("\n".join(functions))
    assert 0 < len(candidates) <= MAX_CANDIDATES
    assert time.process_time() - started < 5


def test_a_file_that_does_not_parse_is_only_repaired_where_that_is_the_failure(propose):
    broken = "def f(x)\n    return x\n"
    assert propose(broken) == []
    assert (
        propose(broken, Hints((_failure("SyntaxError", "expected ':'", 1),)))[0].after == b"def f(x):\n    return x\n"
    )


def test_a_broken_file_keeps_its_line_ends(propose):
    hints = Hints((_failure("SyntaxError", "expected ':'", 1),))
    assert propose(b"def f(x)\r\n    return x\r\n", hints)[0].after == b"def f(x):\r\n    return x\r\n"


@pytest.mark.parametrize("error", ["NameError", "TypeError", "AttributeError", "ImportError", "KeyError"])
def test_an_error_whose_message_says_nothing_is_no_obstacle(propose, error):
    assert propose(SEARCH, Hints((_failure(error, "", 5),)))

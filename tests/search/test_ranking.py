"""What a person would rather have comes first."""

import pytest

from lsp_repair.domain.patches import Candidate, Edit, Hints, SourceFile
from lsp_repair.search.ranking import rank

SOURCE = SourceFile("mod.py", b"def f(x):\n    y = 1\n    return x < y\n")


def _candidate(text: str, template: str = "cmp-op", start: int = 24, end: int = 24) -> Candidate:
    return Candidate(SOURCE, (Edit(start, end, text.encode()),), template, 2, "title", 0.5)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(
            _candidate("<=", start=37, end=38), _candidate("", "stmt-delete", 10, 20), id="edit over deletion"
        ),
        pytest.param(_candidate("x + 1"), _candidate("    x += 1\n", "insert:incr"), id="expression over statement"),
        pytest.param(
            _candidate("    if not x:\n        return 0\n", "insert:guard"),
            _candidate("    if not x:\n        return 42\n", "insert:guard"),
            id="guard over a guard that knows the answer",
        ),
        pytest.param(
            _candidate("(ValueError, KeyError)", "except-widen"),
            _candidate("(ValueError, Exception)", "except-widen"),
            id="one more exception over all of them",
        ),
        pytest.param(_candidate("x"), _candidate("x" * 300), id="short over long"),
    ],
)
def test_order(better, worse):
    hints = Hints((), (42, 0))
    assert rank(better, hints) > rank(worse, hints)


def test_a_string_of_the_test_is_data_and_no_way_around_it():
    hints = Hints((), ("closed",))
    assert rank(_candidate('"closed"', "test-literal"), hints) > rank(_candidate('"closed"', "return-const"), hints)


def test_a_literal_that_stood_there_before_is_nobody_s_answer():
    hints = Hints((), (1,))
    kept = Candidate(SOURCE, (Edit(14, 19, b"y = 11"),), "const", 2, "title", 0.5)
    assert rank(kept, hints) == rank(kept, Hints(()))

"""Lines that never ran in the failing test but may hold the fault all the same."""

import pytest

TABLE = """\
import os

LIMIT = 10


class Basket:
    size = 3

    def fits(self, count=1, *, strict=True):
        return count + self.size < LIMIT


def unrelated():
    return 10
"""


@pytest.mark.parametrize(
    "fixed",
    [
        pytest.param(TABLE.replace("LIMIT = 10", "LIMIT = 11"), id="constant the line reads"),
        pytest.param(TABLE.replace("size = 3", "size = 4"), id="class variable the line reads"),
        pytest.param(TABLE.replace("count=1", "count=0"), id="default of the function's parameter"),
        pytest.param(TABLE.replace("strict=True", "strict=False"), id="default of a keyword"),
    ],
)
def test_what_a_suspicious_line_depends_on_is_suspicious_too(propose, fixed):
    assert fixed.encode() in {each.after for each in propose(TABLE, scores={10: 1.0})}


def test_it_is_less_suspicious_than_the_line_itself(propose):
    assert propose(TABLE, scores={10: 1.0})[0].line == 10


def test_other_functions_and_imports_stay_out(propose):
    for candidate in propose(TABLE, scores={1: 1.0, 10: 1.0}):
        assert candidate.after.startswith(b"import os\n")
        assert candidate.after.endswith(b"def unrelated():\n    return 10\n")

"""Two edits as one splice of the original file."""

import pytest

from lsp_repair.domain.patches import Candidate, Edit, SourceFile
from lsp_repair.search.search import composed, shifted_scores

DATA = b"0123456789\nabcdefghij\n"


def _pair(first: Edit, second: Edit) -> tuple[Candidate, Candidate]:
    base = Candidate(SourceFile("m.py", DATA), (first,), "a", 1, "first", 0.5)
    return base, Candidate(SourceFile("m.py", base.after), (second,), "b", 2, "second", 0.3)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(Edit(2, 4, b"xyz"), Edit(8, 9, b""), id="second behind the first"),
        pytest.param(Edit(8, 9, b""), Edit(2, 4, b"xyz"), id="second before the first"),
        pytest.param(Edit(2, 6, b"xyz"), Edit(3, 4, b"--"), id="second inside the first"),
        pytest.param(Edit(3, 4, b"x\ny"), Edit(1, 9, b"Z"), id="second around the first"),
        pytest.param(Edit(5, 5, b"new\n"), Edit(5, 5, b"more\n"), id="two insertions at one place"),
    ],
)
def test_the_splice_gives_what_both_edits_give(first, second):
    base, later = _pair(first, second)
    both = composed(base, later)
    assert both.source.data == DATA
    assert both.after == later.after
    assert len(both.edits) == 1


def test_lines_behind_an_inserted_line_move_with_their_scores():
    base, _ = _pair(Edit(0, 0, b"new\n"), Edit(0, 0, b""))
    assert shifted_scores(base, {1: 0.2, 2: 0.9}) == {1: 0.2, 3: 0.9, 2: 0.5}


def test_the_titles_name_both():
    base, later = _pair(Edit(2, 4, b"xyz"), Edit(8, 9, b""))
    assert composed(base, later).title == "first; second"

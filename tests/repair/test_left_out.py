"""Old code without the calls that a patch takes out."""

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.repair.left_out import without_lost_calls

OLD = b"def clean(text):\n    text = strip_marks(PATTERN, text)\n    return text\n"


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        (b"strip_marks(PATTERN, text)", b"join_lines(text)", {b"(text)", b"(PATTERN)"}),
        (b"strip_marks(PATTERN, text)", b"strip_marks(PATTERN, text.lower())", set()),
        (b"strip_marks(PATTERN, text)", b"text", set()),
        (b"return text", b"return text.strip()", set()),
    ],
)
def test_what_goes_into_a_lost_call_stands_in_its_place(before, after, left_out):
    patch = Patch((FileChange("a.py", OLD, OLD.replace(before, after)),))
    found = {each.changes[0].after for each in without_lost_calls(patch)}
    assert found == {OLD.replace(b"strip_marks(PATTERN, text)", each) for each in left_out}


def test_a_new_file_takes_nothing_out():
    assert without_lost_calls(Patch((FileChange("a.py", None, OLD),))) == ()

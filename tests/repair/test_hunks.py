"""Changes between two states of files, and every mixture of them."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.domain.patches import spliced
from lsp_repair.repair.history.hunks import Hunk, hunks, mixed, reverting

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"def f():\n", b"c\r\n", b"d"]), max_size=12).map(b"".join)


@given(LINES, LINES)
def test_all_hunks_make_the_new_text_and_none_the_old_one(old, new):
    parts = hunks({"m.py": old}, {"m.py": new})
    assert mixed({"m.py": old}, {"m.py": new}, parts) == {"m.py": new}
    assert mixed({"m.py": old}, {"m.py": new}, []) == {"m.py": old}


@given(LINES, LINES, st.data())
def test_taking_some_back_leaves_the_others(old, new, data):
    parts = hunks({"m.py": old}, {"m.py": new})
    undone = [part for part in parts if data.draw(st.booleans())]
    kept = [part for part in parts if part not in undone]
    expected = mixed({"m.py": old}, {"m.py": new}, kept)["m.py"]
    assert spliced(new, reverting(old, new, undone)) == expected


def test_a_new_definition_behind_a_changed_line_is_a_change_of_its_own():
    old, new = b"def f():\n    return 1\n", b"def f():\n    return 2\n\n\ndef g():\n    return 3\n"
    assert hunks({"m.py": old}, {"m.py": new}) == (Hunk("m.py", (1, 2), (1, 2)), Hunk("m.py", (2, 2), (2, 6)))


def test_what_was_removed_is_shown_at_the_line_that_follows():
    (only,) = hunks({"m.py": b"a\nb\nc\n"}, {"m.py": b"a\nc\n"})
    assert only.lines == (2, 2)

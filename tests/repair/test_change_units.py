"""What two states differ in comes in parts, each of which can be applied alone, and is found in today's text."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.repair.history.blamed_units import in_todays
from lsp_repair.repair.history.change_units import FileUnit, applied, units
from lsp_repair.repair.history.hunks import Hunk

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"def f():\n"]), max_size=8).map(b"".join)
STATES = st.fixed_dictionaries({path: st.none() | LINES for path in ("a.py", "b.py", "c.py", "a.json", "b.json")})


@given(STATES, STATES)
def test_all_parts_make_the_new_state_and_none_the_old_one(old, new):
    parts = units(old, new)
    assert applied(old, new, parts) == new
    assert applied(old, new, []) == old


def test_a_deletion_and_an_addition_of_similar_text_are_one_rename():
    body = b"".join(b"line %d\n" % each for each in range(9))
    old = {"old.py": body, "new.py": None, "gone.py": b"x\n", "other.json": None, "empty.py": b""}
    new = {"old.py": None, "new.py": body + b"more\n", "gone.py": None, "other.json": body, "empty.py": None}
    assert {(each.change, each.old, each.new) for each in units(old, new)} == {
        ("renamed", "old.py", "new.py"),
        ("deleted", "gone.py", None),
        ("deleted", "empty.py", None),
        ("added", None, "other.json"),
    }


def test_lines_of_code_are_parts_and_data_is_a_whole():
    old, new = {"a.py": b"a\nb\nc\n", "a.json": b"a\nb\nc\n"}, {"a.py": b"x\nb\ny\n", "a.json": b"x\nb\ny\n"}
    assert units(old, new) == (
        Hunk("a.py", (0, 1), (0, 1)),
        Hunk("a.py", (2, 3), (2, 3)),
        FileUnit("a.json", "a.json"),
    )


def test_lines_are_numbered_as_they_are_today():
    then, hunk = b"a\nb\nc\nd\n", Hunk("m.py", (1, 2), (1, 3))
    assert in_todays(hunk, then, then) == (hunk, True)
    assert in_todays(hunk, then, b"new\n" + then) == (Hunk("m.py", (1, 2), (2, 4)), True)
    assert in_todays(hunk, then, b"a\nb\nx\nd\n") == (Hunk("m.py", (1, 2), (1, 2)), False)
    assert in_todays(hunk, then, b"a\nx\ny\nd\n") == (None, False)
    assert in_todays(hunk, then, None) == (None, False)


def test_what_was_removed_is_between_the_lines_that_are_left():
    then, hunk = b"a\nb\n", Hunk("m.py", (1, 2), (1, 1))
    assert in_todays(hunk, then, b"x\na\nb\n") == (Hunk("m.py", (1, 2), (2, 2)), True)
    assert in_todays(hunk, then, b"a\nx\nb\n") == (Hunk("m.py", (1, 2), (2, 2)), False)

"""Other edits at the place of a patch."""

from lsp_repair.domain.patches import FileChange, Hints, Patch
from lsp_repair.repair.alternatives import alternatives, changed_lines

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

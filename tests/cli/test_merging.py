"""Two proposals for one file, written one after the other."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.cli.delivering import merged

BASE = b"one\ntwo\nthree\nfour\nfive\nsix\n"


def test_distant_changes_are_both_kept():
    current = BASE.replace(b"one", b"ONE\nmore")
    after = BASE.replace(b"six", b"SIX")
    assert merged(BASE, current, after) == b"ONE\nmore\ntwo\nthree\nfour\nfive\nSIX\n"


def test_changes_of_the_same_line_do_not_mix():
    assert merged(BASE, BASE.replace(b"two", b"2"), BASE.replace(b"two", b"II")) is None


def test_touching_changes_do_not_mix():
    assert merged(BASE, BASE.replace(b"two", b"2"), BASE.replace(b"three", b"3")) is None


@given(st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\r\n"]), max_size=8), st.integers(0, 8))
def test_merging_with_an_unchanged_text_gives_the_change(lines, at):
    base = b"".join(lines)
    after = b"".join([*lines[:at], b"new\n", *lines[at:]])
    assert merged(base, base, after) == after

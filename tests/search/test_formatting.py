"""Bytes outside an edit stay as they are: line ends, byte order marks, encodings, comments."""

import ast
import codecs

import pytest

from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.patches import Candidate, Hints

SOURCE = "def mean(xs):\n    # Mittel\n    return sum( xs )/len(xs)  # no guard\n"


def _titled(candidates: list[Candidate], title: str) -> Candidate:
    return next(each for each in candidates if each.title == title)


def test_blanks_and_comments_around_an_operator_stay(propose):
    candidate = _titled(propose(SOURCE), "`/` → `//` in `mean`")
    assert candidate.after == SOURCE.replace(")/len", ")//len").encode()


def test_inserted_lines_end_like_the_file(propose):
    data = SOURCE.replace("\n", "\r\n")
    candidate = _titled(propose(data), "insert `if not xs: return 0` in `mean`")
    assert candidate.after.decode() == data.replace("    return", "    if not xs:\r\n        return 0\r\n    return", 1)


def test_no_candidate_of_a_crlf_file_has_another_line_end(propose):
    for candidate in propose(SOURCE.replace("\n", "\r\n")):
        assert candidate.after.count(b"\n") == candidate.after.count(b"\r\n")


def test_lines_moved_in_a_file_without_a_last_line_end_stay_apart(propose):
    afters = {each.after for each in propose("def f(a, b):\n    a = b\n    b = a")}
    assert b"def f(a, b):\n    b = a\n    a = b\n" in afters


def test_a_line_inserted_behind_an_unended_last_line_starts_a_new_one(propose):
    candidates = propose("def f(a, b):\n    a = b")
    assert b"def f(a, b):\n    a = b\n    a += 1\n" in {each.after for each in candidates}


def test_tabs_are_the_unit_of_inserted_blocks_where_the_file_uses_them(propose):
    candidates = propose("def f(xs):\n\treturn xs[0]\n")
    assert b"def f(xs):\n\tif not xs:\n\t\treturn 0\n\treturn xs[0]\n" in {each.after for each in candidates}


def test_a_byte_order_mark_stays_first_and_shifts_nothing(propose):
    data = codecs.BOM_UTF8 + SOURCE.encode()
    candidate = _titled(propose(data), "`/` → `//` in `mean`")
    assert candidate.after == codecs.BOM_UTF8 + SOURCE.replace(")/len", ")//len").encode()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "euc_jp", "shift_jis"])
def test_edits_behind_other_characters_hit_their_place_in_every_encoding(propose, encoding):
    word = "語" if encoding in {"euc_jp", "shift_jis"} else "é"
    text = f'# coding: {encoding}\ndef f(a, b):\n    return "{word}{word}" + a if a < b else "{word}"\n'
    candidate = next(each for each in propose(text.encode(encoding)) if each.title == "`<` → `<=` in `f`")
    assert candidate.after.decode(encoding) == text.replace("a < b", "a <= b")


def test_what_the_file_cannot_encode_is_not_proposed(propose):
    text = '# coding: ascii\ndef f():\n    return "menu"\n'
    candidates = propose(text, Hints((), ("menü",)))
    assert candidates
    assert all(each.after.isascii() for each in candidates)


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\x00", b"# coding: unheard-of\nx = 1\n", b"# coding: utf-8\nx = '\xe9'\n", b"def f(:\n", b"", b"\x00"],
)
def test_a_file_that_cannot_be_read_has_no_candidates(propose, data):
    assert propose(data) == []


def test_an_encoding_that_does_not_give_the_same_bytes_back_is_refused():
    assert decoded(b"# coding: iso-2022-jp\nx = '\x1b(B'\n") is None


def test_code_over_several_lines_is_moved_with_brackets_around_it(propose):
    text = "def f(a, b):\n    return g(a,  # one\n             b)\n"
    for candidate in propose(text):
        ast.parse(candidate.after)
    assert b"def f(a, b):\n    return abs(g(a,  # one\n             b))\n" in {each.after for each in propose(text)}


def test_annotations_decorators_and_docstrings_are_not_edited(propose):
    text = '@dec(1)\ndef f(x: "int" = 2) -> "int":\n    """Say 3."""\n    return x\n'
    kept = ("@dec(1)", ': "int"', '-> "int"', '"""Say 3."""')
    for candidate in propose(text):
        assert all(part in candidate.after.decode() for part in kept) or candidate.template == "decorator-drop"

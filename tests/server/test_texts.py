"""Edits are right in the units that were agreed, whatever the file's encoding, line ends and last line are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.server.state.buffers import spliced

WORD = "'\U0001f600 ü'"
TEXT = f"def is_cheap(price, limit):\n    {WORD}; return price < limit  # \U0001f600 ü"
"""What is wrong stands behind an astral character, in a last line without an end."""
OLD = "# coding: latin-1\ndef is_cheap(price, limit):\n    return price < limit\n# ü\n"
TESTS = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "test_shop.py": (
        "from shop import is_cheap\n\n\n"
        "def test_the_limit_is_cheap():\n    assert is_cheap(5, 5)\n\n\n"
        "def test_less_is_and_more_is_not():\n    assert is_cheap(4, 5)\n    assert not is_cheap(6, 5)\n"
    ),
}
PUSHED = {
    "workspace": {"configuration": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
}


@pytest.fixture
def speaking(editor, project):
    """A session in these units, with its fix found."""

    def start(units, data, encoding="utf-8-sig"):
        root = project(TESTS | {"shop.py": data})
        session = editor(root, capabilities=PUSHED | {"general": {"positionEncodings": [units]}})
        session.units = session.initialized["capabilities"]["positionEncoding"]
        assert session.units == units
        session.open("shop.py", encoding)
        session.idle(failing=1, proposals=1)
        return session

    return start


def accept(session):
    """Take the fix at the place of its cause; where that is."""
    (cause,) = session.diagnostics[session.uri("shop.py")]
    actions = session.actions("shop.py", cause["range"]["start"]["line"])
    session.choose(next(each for each in actions if each["title"].startswith("Accept fix:")))
    session.idle(failing=0)
    return cause["range"]


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize(
    ("units", "text", "mark"),
    [
        ("utf-8", TEXT, b""),
        ("utf-16", TEXT.replace("\n", "\r\n"), b"\xef\xbb\xbf"),
        ("utf-32", TEXT.replace("\n", "\r\n"), b""),
    ],
    ids=["utf-8", "utf-16 with a mark", "utf-32"],
)
def test_edits_of_both_sides_are_right_in_every_unit_line_end_and_mark(speaking, units, text, mark):
    session = speaking(units, mark + text.encode())
    where = accept(session)
    last = text.rpartition("\n")[2]
    assert where["end"] == {"line": 1, "character": length(last, units)}
    assert session.texts["shop.py"] == text.replace("<", "<=")

    column = length(last.partition("<")[0], units)
    span = {"start": {"line": 1, "character": column}, "end": {"line": 1, "character": column + 2}}
    document = {"uri": session.uri("shop.py"), "version": session.versions["shop.py"] + 1}
    change = {"textDocument": document, "contentChanges": [{"range": span, "text": "!="}]}
    session.notify("textDocument/didChange", change)
    session.execute("lspRepair.run", {"root": str(session.root)})
    failures = session.until_found("test_shop.py", "fails")
    assert {each["code"] for each in failures} == {"AssertionError"}


@pytest.mark.slow
def test_a_file_in_its_declared_encoding_is_edited_as_text(speaking):
    session = speaking("utf-16", OLD.encode("latin-1"), "latin-1")
    accept(session)
    assert session.texts["shop.py"] == OLD.replace("<", "<=")


CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
characters = st.sampled_from(
    ["a", "\n", "\r\n", "\r", "\t", "ü", "€", "\U0001f600", "\ud800", "\x0c", "\u2028", "\x85", "\ufeff"]
)


def length(text, units):
    codec, size = CODECS[units]
    return len(text.encode(codec, "surrogatepass")) // size


def place(before, units):
    """Line and column of the end of a text, as an editor counts."""
    lines = re.split("\r\n|\r|\n", before)
    return len(lines) - 1, length(lines[-1], units)


@given(st.lists(characters), st.lists(characters), st.lists(characters), st.sampled_from(sorted(CODECS)))
def test_what_is_typed_lands_where_the_editor_has_it(before, replaced, after, units):
    first, second, rest = ("".join(each) for each in (before, replaced, after))
    for one, other in ((first, second + rest), (first + second, rest)):
        if one.endswith("\r") and other.startswith("\n"):
            return
    start, end = place(first, units), place(first + second, units)
    edited = spliced(first + second + rest, start, end, "new\x0cer", lambda text: length(text, units))
    assert edited == f"{first}new\x0cer{rest}"


@given(
    st.lists(characters),
    st.tuples(st.integers(0, 9), st.integers(0, 99)),
    st.tuples(st.integers(0, 9), st.integers(0, 99)),
)
def test_places_behind_the_end_of_line_and_text_are_their_ends(made, start, end):
    text = "".join(made)
    edited = spliced(text, start, end, "|", lambda each: length(each, "utf-16"))
    first, last = edited.split("|")
    assert text.startswith(first)
    assert text.endswith(last)
    assert spliced(text, (len(made) + 1, 0), (2**31 - 1, 2**31 - 1), "|", len) == f"{text}|"


def test_a_place_inside_of_a_surrogate_pair_is_behind_it():
    assert spliced("a\U0001f600b", (0, 2), (0, 2), "|", lambda each: length(each, "utf-16")) == "a\U0001f600|b"

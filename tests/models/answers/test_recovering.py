"""Right fixes are recovered from whatever form a person would understand, and nothing else is ever applied."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.answers.changes import Mismatch, Recovered, Unclear
from lsp_repair.models.answers.recovering import Shown, recovered
from lsp_repair.models.excerpts import FileView
from tests.models.answers import block_styles, inexact_styles, tool_styles, traps, unforeseen_styles, whole_styles
from tests.models.answers.true_fixes import CART, FIXES, ONE_LINE, OTHER, TWO_FILES

TABLES = (block_styles, whole_styles, tool_styles, inexact_styles, unforeseen_styles)
ROWS = [row for table in TABLES for row in table.ROWS]
KNOWN_GAPS = {("signed lines in a python fence", "several hunks")}
"""A fence that does not say that it is a diff, and whose lines could be code."""


def read(reply, files, spans=None, **how):
    redactor = Redactor()
    views = {path: FileView(path, text.encode(), redactor) for path, text in files.items()}
    return recovered(reply, Shown(views, redactor, spans or {}), **how)


@pytest.mark.parametrize("others", [{}, {"shop/orders.py": OTHER}], ids=["alone", "beside another file"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_right_fix_is_recovered_byte_for_byte(row, others):
    tried = [fix for fix in FIXES if fix.name in row.fixes and (row.name, fix.name) not in KNOWN_GAPS]
    assert len(tried) >= 3
    for fix in tried:
        found = read(row.write(fix), {**fix.before, **others})
        assert isinstance(found, Recovered), (fix.name, found)
        assert dict(found.files) == {path: fix.after[path].encode() for path in fix.changed}, fix.name


def test_there_are_many_styles():
    assert len({row.name for row in ROWS}) == len(ROWS) > 250


@pytest.mark.parametrize("name", traps.TRAPS)
def test_a_trap_changes_nothing(name):
    files, reply = traps.TRAPS[name]
    assert isinstance(read(reply, files), Mismatch)


@pytest.mark.parametrize("name", traps.CUT)
def test_what_is_cut_off_is_never_applied(name):
    files, reply = traps.CUT[name]
    assert isinstance(read(reply, files, cut=True), Mismatch)


@pytest.mark.parametrize(
    "way",
    [
        block_styles.aider,
        tool_styles.JSON["list"],
        lambda fix: tool_styles.fenced(tool_styles.git_diff(fix)),
        lambda fix: tool_styles._tags(fix, tool_styles.XML["edit"]),
        whole_styles.functions,
    ],
)
def test_what_is_whole_in_a_reply_that_was_cut_off_is_applied(way):
    found = read(way(ONE_LINE) + "\n\nThis works, because the", ONE_LINE.before, cut=True)
    assert isinstance(found, Recovered)
    assert found.files == {"shop/cart.py": ONE_LINE.after["shop/cart.py"].encode()}


def test_a_part_that_fits_nowhere_is_dropped_and_named():
    reply = block_styles.aider(ONE_LINE) + "\n\ntests/test_cart.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
    found = read(reply, ONE_LINE.before)
    assert isinstance(found, Recovered)
    assert [(each.what, "does not name a file" in each.why) for each in found.dropped] == [("tests/test_cart.py", True)]


def test_what_is_unclear_is_asked_back_first_and_left_out_at_last():
    both = (
        block_styles.aider(ONE_LINE)
        + "\n\nshop/cart.py\n<<<<<<< SEARCH\n        result = 0\n=======\n        result = 1\n>>>>>>> REPLACE\n"
    )
    assert isinstance(read(both, ONE_LINE.before), Unclear)
    found = read(both, ONE_LINE.before, last=True)
    assert isinstance(found, Recovered)
    assert found.files == {"shop/cart.py": ONE_LINE.after["shop/cart.py"].encode()}
    assert ["occur several times" in each.why for each in found.dropped] == [True]


def test_lines_that_were_shown_are_meant():
    reply = "shop/cart.py\n<<<<<<< SEARCH\n        result = 0\n=======\n        result = 1\n>>>>>>> REPLACE\n"
    found = read(reply, {"shop/cart.py": CART}, {"shop/cart.py": [(21, 27)]})
    assert isinstance(found, Recovered)
    assert found.files["shop/cart.py"].decode() == CART[::-1].replace("0 = tluser", "1 = tluser", 1)[::-1]


@pytest.mark.parametrize(
    "path", ["path/io.py", "file/io.py", "path.py", "filename.py", "path/to/file.py", "src/path/file.py"]
)
@pytest.mark.parametrize(
    "template", ["{p}\n{b}", "```python\n# {p}\n{b}\n```", "**`{p}`**\n```\n{b}\n```", "File: `{p}`\n{b}"]
)
def test_ordinary_names_are_no_labels(path, template):
    block = "<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE"
    found = read(template.format(p=path, b=block), {path: "a = 1\n", "other.py": "a = 1\nb = 1\n"})
    assert isinstance(found, Recovered)
    assert found.files == {path: b"a = 2\n"}


def test_a_path_may_hold_spaces():
    found = read(
        "`my folder/x.py`\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE",
        {"my folder/x.py": "a = 1\n", "y.py": "a = 1\n"},
    )
    assert isinstance(found, Recovered)
    assert found.files == {"my folder/x.py": b"a = 2\n"}


def test_json_with_quotes_that_are_not_escaped_loses_nothing():
    reply = '{"path": "shop/cart.py", "search": "        return result - 1", "replace": "        return "x" + str(result)", "why": "y"}'
    found = read(reply, {"shop/cart.py": CART})
    assert isinstance(found, Recovered)
    assert found.files["shop/cart.py"].decode() == CART.replace("return result - 1", 'return "x" + str(result)')


def test_a_file_that_does_not_parse_is_repaired_by_a_whole_function():
    broken = "def f(a:\n    return a\n\n\ndef g():\n    return 2\n"
    found = read("```python\ndef f(a):\n    return a\n```", {"x.py": broken})
    assert isinstance(found, Recovered)
    assert found.files == {"x.py": broken.replace("f(a:", "f(a):").encode()}


def test_a_whole_file_never_takes_away_what_it_leaves_out():
    short = "shop/tax.py\n```python\ndef with_tax(net, rate=VAT):\n    return round(net * (1 + rate), 2)\n```"
    found = read(short, {"shop/tax.py": TWO_FILES.before["shop/tax.py"]})
    assert isinstance(found, Recovered)
    assert found.files == {"shop/tax.py": TWO_FILES.after["shop/tax.py"].encode()}


WORDS = st.sampled_from(
    [
        "<<<<<<< SEARCH\n",
        "=======\n",
        ">>>>>>> REPLACE\n",
        "```python\n",
        "```\n",
        "@@ -1 +1 @@\n",
        "--- a\n",
        "+++ b\n",
        "*** Begin Patch\n",
        '{"path": "',
        '"search": "',
        "[{",
        "}]",
        "<edit>",
        "</edit>",
        "<search>",
        "</search>",
        "shop/cart.py\n",
        "        return result - 1\n",
        "def total(self):\n",
        "    ...\n",
        "# ... rest unchanged\n",
        "-",
        "+",
        " ",
        "\n",
        "`",
        "change `a` to `b`",
        "Before:\n",
        "After:\n",
        "search:\n",
        "replace: ",
        "\n",
        "12: ",
        "“",
        "&lt;",
        "<think>",
        "<",
        "channel",
        ">final<",
        "message",
        ">",
    ]
)
REPLIES = st.one_of(
    st.text(max_size=300),
    st.lists(WORDS, max_size=60).map("".join),
    st.binary(max_size=200).map(lambda data: data.decode("latin-1")),
)


@settings(max_examples=150, deadline=None)
@given(reply=REPLIES, cut=st.booleans(), last=st.booleans())
def test_no_reply_raises_or_takes_long(reply, cut, last):
    started = time.process_time()
    assert isinstance(
        read(reply, {"shop/cart.py": CART, "shop/orders.py": OTHER}, cut=cut, last=last), Recovered | Mismatch
    )
    assert time.process_time() - started < 1


HUGE = {
    "marks": "<<<<<<< SEARCH\n" * 4_900,
    "marks and middles": "<<<<<<< SEARCH\n=======\n" * 2_400,
    "brackets": "[" * 150_000,
    "objects": '{"a":' * 30_000,
    "fences": "```python\nx = 1\n```\n" * 1_600,
    "tags": "<edit>" * 30_000,
    "attributes": '<a b="c" ' * 20_000,
    "hunks": "@@ -1 +1 @@\n-a\n+b\n" * 1_600,
    "documents": "cat > a <<EOF\n" * 4_900,
    "messages": "<|channel|>final<|message|>x" * 5_000,
    "keys": "search:\n" * 4_900,
    "elisions": "<<<<<<< SEARCH\n" + "a\n...\n" * 150 + "=======\n" + "b\n...\n" * 150 + ">>>>>>> REPLACE\n",
    "one line": "a/" * 90_000,
    "spaces": " " * 190_000,
    "quotes": '"' * 190_000,
    "spans": "change `a` to `b` " * 9_000,
    "braces around names": '{"search": "' + "\\" * 90_000,
    "dots": "...\n" * 4_900,
    "comments": "# " * 90_000,
    "thoughts": "<thought>\n" * 4_900,
    "open strings": "```json\n{" + '"a": "b" "c",' * 3_000 + "\n```",
    "imports": "import a\n" * 4_900,
    "definitions": "def f(a):\n    return a\n" * 2_400,
}


@pytest.mark.parametrize("name", HUGE)
def test_no_huge_reply_takes_more_than_a_second(name):
    code = "def f(a):\n    return a - 1\n\n\ny = 1\n" * 40
    started = time.process_time()
    assert isinstance(read(HUGE[name], {"a.py": code, "b.py": code}), Mismatch)
    assert time.process_time() - started < 1

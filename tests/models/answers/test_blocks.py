"""Search/replace blocks: read from what models really write, applied to exactly the bytes that are meant."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.answers.changes import Dropped, Mismatch, Place, Reply, Swap
from lsp_repair.models.answers.reading.block_reader import read_blocks
from lsp_repair.models.answers.reading.cleaning import cleaned
from lsp_repair.models.answers.recovering import Shown, recovered
from lsp_repair.models.excerpts import FileView

CART = b"""class Cart:
    def total(self):
        result = 0
        for each in self.items:
            result += each.price
        return result - 1

    def count(self):
        result = 0
        for each in self.items:
            result += 1
        return result - 1
"""


def block(search, new, path="cart.py"):
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE\n"


def applied(reply, files, redactor=None, spans=None):
    """What the files are after a reply, or why it cannot be applied."""
    redactor = redactor or Redactor()
    files = {"cart.py": files} if isinstance(files, bytes) else files
    views = {path: FileView(path, data, redactor) for path, data in files.items()}
    found = recovered(reply, Shown(views, redactor, spans or {}))
    return found if isinstance(found, Mismatch) else found.files if len(files) > 1 else found.files["cart.py"]


def read(reply):
    """The blocks of a reply: path, old and new lines."""
    return [
        (each.place.path, each.old, each.new) if isinstance(each, Swap) else each.why
        for each in read_blocks(Reply(cleaned(reply), ()))
    ]


def problem(*arguments, **more):
    found = applied(*arguments, **more)
    assert isinstance(found, Mismatch)
    return found.problem


ONE = ("src/cart.py", ("a = 1",), ("a = 2",))


@pytest.mark.parametrize(
    "line",
    [
        "src/cart.py",
        "`src/cart.py`",
        "**src/cart.py**",
        "### `src/cart.py`:",
        "File: src/cart.py",
        "**File:** `src/cart.py`",
        "file src/cart.py",
        "# src/cart.py",
        "  src/cart.py",
    ],
)
def test_a_path_is_read_with_what_models_put_around_it(line):
    assert read(block("a = 1", "a = 2", line)) == [ONE]


@pytest.mark.parametrize("path", ["path/__init__.py", "file/io.py", "paths.py", "filename.py"])
def test_a_path_that_begins_like_a_label_is_read_whole(path):
    assert read(block("a = 1", "a = 2", path)) == [(path, ("a = 1",), ("a = 2",))]


@pytest.mark.parametrize(
    "reply",
    [
        "Here is the fix.\n\n" + block("a = 1", "a = 2", "src/cart.py") + "\nIt works now.",
        "src/cart.py\n```python\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n```",
        "```\n" + block("a = 1", "a = 2", "src/cart.py") + "```",
        block("a = 1", "a = 2", "src/cart.py").replace("\n", "\r\n"),
        block("a = 1", "a = 2", "src/cart.py").rstrip("\n"),
        "<think>\n" + block("x", "y", "other.py") + "</think>\n" + block("a = 1", "a = 2", "src/cart.py"),
        "I would\n" + block("x", "y", "other.py") + "</think>\n" + block("a = 1", "a = 2", "src/cart.py"),
        "src/cart.py\n<<<<< SEARCH\na = 1\n=====\na = 2\n>>>>> REPLACE",
        "src/cart.py\n<<<<<<<<< SEARCH \na = 1\n========= \na = 2\n>>>>>>>>> REPLACE ",
    ],
)
def test_a_block_is_found_in_what_stands_around_it(reply):
    assert read(reply) == [ONE]


def test_several_blocks_keep_their_order_and_the_last_path_stays():
    reply = block("a", "b", "one.py") + "\nand\n" + block("c", "d", "two.py") + block("e", "f", "").lstrip("\n")
    assert [each[:2] for each in read(reply)] == [
        ("one.py", ("a",)),
        ("two.py", ("c",)),
        ("two.py", ("e",)),
    ]


def test_a_block_without_its_middle_is_dropped_and_takes_no_other_along():
    why = "it has no ======= or no >>>>>>> REPLACE line"
    assert read("cart.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n") == [why]
    assert read("cart.py\n<<<<<<< SEARCH\na\n" + block("c", "d")) == [why, ("cart.py", ("c",), ("d",))]


def test_a_block_may_lack_its_last_mark_unless_the_reply_was_cut_off():
    reply = "cart.py\n<<<<<<< SEARCH\na\n=======\nb\n"
    assert read(reply) == [("cart.py", ("a",), ("b",))]
    assert read(reply + block("c", "d")) == [("cart.py", ("a",), ("b",)), ("cart.py", ("c",), ("d",))]
    assert isinstance(read_blocks(Reply(reply, (), cut=True))[0], Dropped)
    assert read_blocks(Reply(block("c", "d") + reply, (), cut=True))[0] == Swap(Place("cart.py"), ("c",), ("d",))


@pytest.mark.parametrize("reply", ["", "I do not know.", "```python\nb = 2\n```", "<think>" + block("a", "b")])
def test_a_reply_without_any_change_changes_nothing(reply):
    assert isinstance(applied(reply, b"a = 1\n"), Mismatch)


@pytest.mark.parametrize(
    "code",
    [
        'DOC = """\nTitle\n=====\n"""',
        'def f():\n    """Title\n    =======\n    """',
        'FORMAT = """\n    <<<<<<< SEARCH\n    old\n    =======\n    new\n    >>>>>>> REPLACE\n    """',
    ],
)
def test_marks_inside_of_code_are_code(code):
    found = applied(block(code, f"{code}\nx = 1"), code.encode())
    assert found == f"{code}\nx = 1".encode()


def test_thoughts_that_are_code_are_code():
    assert applied(block('a = "<think>"', 'b = "</think>"'), b'a = "<think>"\n') == b'b = "</think>"\n'


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ("x" * 5_000_000, "long"),
        (block("a", "b\n" * 2_000), "too much"),
        (block("a", "b") * 50, "too much"),
        ("<<<<<<< SEARCH\n" * 5_000, "too much"),
        ("<<<<<<< SEARCH\n=======\n" * 5_000, "too long"),
    ],
)
def test_gigantic_replies_are_refused(reply, word):
    found = problem(reply, b"z\n")
    assert word in found
    assert len(found) < 300


def test_an_exact_block_changes_its_lines_and_no_others():
    assert applied(block("            result += 1", "            result += 2"), CART) == CART.replace(b"+= 1", b"+= 2")


def test_spaces_at_line_ends_do_not_matter_and_stay_where_nothing_changes():
    data = b"def f(a):   \n    x = 1\t\n    return a\n"
    found = applied(block("def f(a):\n    x = 1\n    return a  ", "def f(a):\n    x = 1\n    return -a"), data)
    assert found == b"def f(a):   \n    x = 1\t\n    return -a\n"


def test_indentation_that_was_left_out_is_added():
    found = applied(block("for each in self.items:\n    result += 1", "for each in self.items:\n    result += 2"), CART)
    assert found == CART.replace(b"+= 1", b"+= 2")


def test_indentation_that_was_added_is_taken_away():
    assert applied(
        block("    def f():\n        return 1", "    def f():\n        return 2"), b"def f():\n    return 1\n"
    ) == (b"def f():\n    return 2\n")


def test_spaces_for_tabs_become_tabs():
    data = b"def f(a):\n\tif a:\n\t\treturn 1\n\treturn 2\n"
    reply = block("    if a:\n        return 1", "    if a:\n        a += 1\n        return 1\n    a = 3")
    assert applied(reply, data) == b"def f(a):\n\tif a:\n\t\ta += 1\n\t\treturn 1\n\ta = 3\n\treturn 2\n"
    whole = block("def f(a):\n  if a:\n    return 1", "def f(a):\n  if a:\n    return 4")
    assert applied(whole, data) == data.replace(b"return 1", b"return 4")


def test_tabs_stay_tabs():
    assert applied(block("\tx = 1", "\tx = 2"), b"def f():\n\tx = 1\n") == b"def f():\n\tx = 2\n"


def test_other_steps_of_indentation_become_those_of_the_file():
    reply = block("def f(a):\n  if a:\n    return 1", "def f(a):\n  if a:\n    return 2")
    assert applied(reply, b"def f(a):\n    if a:\n        return 1\n") == b"def f(a):\n    if a:\n        return 2\n"


def test_of_several_places_the_one_that_was_shown_is_meant():
    reply = block("        return result - 1", "        return result")
    first, second = CART.replace(b" - 1", b"", 1), CART[:-10] + CART[-10:].replace(b" - 1", b"")
    assert applied(reply, CART, spans={"cart.py": [(8, 12)]}) == second
    assert applied(reply, CART, spans={"cart.py": [(2, 6)]}) == first
    assert "occur several times" in problem(reply, CART)


def test_a_block_that_added_lines_moves_what_was_shown_behind_it():
    reply = block("class Cart:", "\n".join(["import x"] * 10 + ["class Cart:"])) + block(
        "        return result - 1", "        return result"
    )
    found = applied(reply, CART, spans={"cart.py": [(8, 12)]})
    assert found.endswith(b"        return result\n")
    assert found.count(b"result - 1") == 1


def test_lines_that_fit_several_places_only_loosely_are_refused():
    assert "several times" in problem(block("result = 0", "result = 1"), CART)


def test_two_blocks_change_one_file():
    reply = block("            result += each.price", "            result += 2 * each.price") + block(
        "            result += 1", "            result += 3"
    )
    assert applied(reply, CART) == CART.replace(b"+= each", b"+= 2 * each").replace(b"+= 1", b"+= 3")


def test_blocks_change_several_files():
    reply = block("a = 1", "a = 2", "src/one.py") + block("b = 1", "b = 2", "two.py")
    files = {"src/one.py": b"a = 1\n", "src/two.py": b"b = 1\n"}
    assert applied(reply, files) == {"src/one.py": b"a = 2\n", "src/two.py": b"b = 2\n"}


def test_lines_can_be_taken_away_and_put_in_front():
    assert applied("cart.py\n<<<<<<< SEARCH\nb\n=======\n>>>>>>> REPLACE", b"a\nb\nc\n") == b"a\nc\n"
    assert applied(block("a", "z\na"), b"a\nb\n") == b"z\na\nb\n"


@pytest.mark.parametrize(
    ("data", "after"),
    [
        (b"a = 1\r\nb = 2\r\nc = 3\r\n", b"a = 1\r\nb = 4\r\nx = 5\r\nc = 3\r\n"),
        (b"a = 1\nb = 2\r\nc = 3\n", b"a = 1\nb = 4\r\nx = 5\r\nc = 3\n"),
        (b"a = 1\r\nb = 2\nc = 3\r\n", b"a = 1\r\nb = 4\nx = 5\nc = 3\r\n"),
        (b"a = 1\nb = 2", b"a = 1\nb = 4\nx = 5"),
        (b"a = 1\r\nb = 2", b"a = 1\r\nb = 4\r\nx = 5"),
        (codecs.BOM_UTF8 + b"b = 2\n", codecs.BOM_UTF8 + b"b = 4\nx = 5\n"),
    ],
)
def test_line_ends_and_marks_of_a_file_stay(data, after):
    assert applied(block("b = 2", "b = 4\nx = 5"), data) == after


def test_lines_after_a_last_line_without_its_end_are_put_on_their_own():
    assert applied(block("b = 2", "b = 2\nx = 5"), b"a = 1\r\nb = 2") == b"a = 1\r\nb = 2\r\nx = 5"
    assert applied("cart.py\n<<<<<<< SEARCH\na\nb\n=======\na\n>>>>>>> REPLACE", b"z\r\na\r\nb") == b"z\r\na"


@pytest.mark.parametrize("name", ["latin-1", "cp1252", "koi8-r", "shift_jis", "gb18030", "utf-8"])
def test_a_declared_encoding_is_kept(name):
    text = {"koi8-r": "мир", "shift_jis": "日本", "gb18030": "中文"}.get(name, "größer")
    data = f"# coding: {name}\na = '{text}'\nb = 1\n".encode(name)
    assert applied(block("b = 1", f"b = '{text}'"), data) == f"# coding: {name}\na = '{text}'\nb = '{text}'\n".encode(
        name
    )


@pytest.mark.parametrize("search", ["b = 1", "# coding: latin-1"])
def test_what_the_encoding_lacks_is_refused(search):
    reply = block(search, "b = '€'" if search == "b = 1" else "# coding: utf-8")
    assert "cannot encode" in problem(reply, "# coding: latin-1\na = 'ü'\nb = 1\n".encode("latin-1"))


@pytest.mark.parametrize("data", [b"a = '\xff\xfe'\n", b"# coding: nonsense\na = 1\n"])
def test_a_file_that_does_not_decode_is_never_changed(data):
    assert "not in cart.py" in problem(block("a = 1", "a = 2"), data)


def test_secrets_come_back_and_lines_that_stay_keep_their_bytes():
    secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    data = f"KEY = '{secret}'\nX = 'a\u200bb'  \nn = 1\n".encode()
    reply = block("KEY = '[REDACTED-1]'\nX = 'ab'\nn = 1", "KEY = str('[REDACTED-1]')\nX = 'ab'\nn = 2")
    assert applied(reply, data) == f"KEY = str('{secret}')\nX = 'a\u200bb'  \nn = 2\n".encode()


def test_a_key_of_several_lines_is_never_doubled():
    body = "MIIEowIBAAKCAQEAx7Vn0pQ2mJ8rT5dYk1cW9sLfGhZbNqUeXoAiRvStCwDyEzFu"
    data = f'K = """-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"""\nn = 1\n'.encode()
    reply = block('K = """[REDACTED-1]', 'KEY = """[REDACTED-1]') + block(
        '[REDACTED-1:3]"""\nn = 1', '[REDACTED-1:3]"""\nn = 2'
    )
    assert applied(reply, data) == data.replace(b"K = ", b"KEY = ").replace(b"n = 1", b"n = 2")


def test_invisible_characters_of_a_reply_never_reach_a_file():
    assert applied(block("a = 1", "a = 2  # \u202eevil\u200b\x1b[8m\x00"), b"a = 1\n") == b"a = 2  # evil\n"


@pytest.mark.parametrize(
    "path",
    [
        "../src/cart.py",
        "/src/cart.py",
        "/etc/passwd.py",
        "src/../../src/cart.py",
        "C:/src/cart.py",
        "..\\src\\cart.py",
        "tests/test_cart.py",
        "test_cart.py",
        "conftest.py",
        "other.py",
        "rt.py",
    ],
)
def test_only_files_that_were_shown_are_changed(path):
    found = problem(block("a = 1", "a = 2", path), {"src/cart.py": b"a = 1\n", "src/stock.py": b"a = 1\n"})
    assert path.replace("\\", "/") in found
    assert "src/cart.py, src/stock.py" in found


@pytest.mark.parametrize("path", ["./src/cart.py", "cart.py", "project/src/cart.py", "a/src/cart.py", "src\\cart.py"])
def test_a_path_that_can_mean_one_shown_file_only_means_it(path):
    files = {"src/cart.py": b"a = 1\n", "src/stock.py": b"a = 1\n"}
    assert applied(block("a = 1", "a = 2", path), files) == {"src/cart.py": b"a = 2\n"}


def test_a_path_that_can_mean_two_files_means_none():
    assert "does not name a file" in problem(block("a", "b", "cart.py"), {"x/cart.py": b"a\n", "y/cart.py": b"a\n"})


def test_without_a_path_the_only_file_is_meant():
    assert applied(block("a", "b", ""), b"a\n") == b"b\n"
    assert "are in several files (x.py, y.py)" in problem(block("a", "b", ""), {"x.py": b"a\n", "y.py": b"a\n"})
    assert applied(block("a", "b", ""), {"x.py": b"c\n", "y.py": b"a\n"}) == {"y.py": b"b\n"}


@pytest.mark.parametrize("search", ["", "\n", "   \n\t"])
def test_an_empty_search_part_is_refused(search):
    assert "SEARCH part for cart.py is empty" in problem(block(search, "x"), CART)


def test_lines_that_are_nowhere_are_told_with_the_nearest_that_was_shown():
    found = problem(block("        for each in self.item:", "x"), CART, spans={"cart.py": [(2, 6)]})
    assert found.endswith("'for each in self.item:'; did you mean 'for each in self.items:'?")
    assert "did you mean" not in problem(block("class Card:", "x"), CART, spans={"cart.py": [(2, 6)]})


def test_a_message_quotes_no_more_than_the_beginning_of_a_line():
    assert len(problem(block("x" * 100_000, "y"), b"x" * 90_000)) < 500


def test_every_place_of_a_long_file_is_looked_at():
    data = b"x = 1\n" * 50_000 + b"y = 1\n"
    assert applied(block("y = 1", "y = 2"), data) == data[:-6] + b"y = 2\n"


LINE = st.one_of(
    st.sampled_from(["", "x = 1", "x = 1", "    return x", "\treturn y", "def f():", "}", "# ====="]),
    st.text(alphabet=st.sampled_from("ab =1\u00e9\u4e2d#'()"), max_size=8).map(lambda text: text + "z"),
)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), lines=st.lists(LINE, min_size=1, max_size=12), end=st.sampled_from(["\n", "\r\n"]))
def test_replaced_lines_are_exactly_those_bytes(data, lines, end):
    """Any file, any part of it replaced by anything: the intended bytes, and nothing else."""
    last = data.draw(st.booleans())
    start = data.draw(st.integers(0, len(lines) - 1))
    stop = data.draw(st.integers(start + 1, len(lines)))
    new = data.draw(st.lists(LINE, min_size=1, max_size=4))
    if not any(each.strip() for each in lines[start:stop]) or new == [""] or new == lines[start:stop]:
        return
    content = end.join(lines) + (end if last else "")
    end = end if end in content else "\n"
    mark = codecs.BOM_UTF8 if data.draw(st.booleans()) else b""
    reply = block("\n".join(lines[start:stop]), "\n".join(new))
    found = applied(reply, mark + content.encode(), spans={"cart.py": [(start + 1, start + 1)]})
    requested = end.join([*lines[:start], *new, *lines[stop:]]) + (end if last else "")
    assert found == mark + requested.encode()


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("<>=SEARCHREPLACE \n\r`cart.py/a\u202e[]-1"), max_size=200), st.binary(max_size=60)
)
def test_any_reply_to_any_file_is_blocks_or_a_reason(reply, data):
    found = applied(f"cart.py\n<<<<<<< SEARCH\n{reply}\n=======\n{reply}\n>>>>>>> REPLACE", data)
    assert isinstance(found, bytes | Mismatch)

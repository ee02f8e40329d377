"""Edits are right in the units that were agreed, whatever the file's encoding, line ends and last line are."""

import pytest

LINES = ["def is_cheap(price, limit):", "    return price < limit"]
TESTS = """from shop import is_cheap


def test_the_limit_is_cheap():
    assert is_cheap(5, 5)


def test_less_is_and_more_is_not():
    assert is_cheap(4, 5)
    assert not is_cheap(6, 5)
"""


def capabilities(units):
    return {
        "general": {"positionEncodings": [units]},
        "workspace": {"configuration": True, "workspaceEdit": {"documentChanges": True}},
    }


def fixed(editor, project, data, *, units="utf-16", encoding="utf-8-sig"):
    """The text after the fix was accepted."""
    root = project({"pyproject.toml": "[tool.pytest.ini_options]\n", "shop.py": data, "test_shop.py": TESTS})
    session = editor(root, capabilities=capabilities(units))
    session.units = session.initialized["capabilities"]["positionEncoding"]
    assert session.units == units
    session.open("shop.py", encoding)
    session.idle(failing=1, proposals=1)
    (cause,) = session.diagnostics[session.uri("shop.py")]
    actions = session.actions("shop.py", cause["range"]["start"]["line"])
    session.choose(next(each for each in actions if each["title"].startswith("Accept fix:")))
    session.idle(failing=0)
    return session.texts["shop.py"], cause["range"]


@pytest.mark.parametrize("units", ["utf-8", "utf-16", "utf-32"])
def test_the_last_line_without_an_end_is_replaced_whole_in_every_unit(editor, project, units):
    text = "\n".join([*LINES[:1], "    '😀 ü'", "    return price < limit  # 😀 ü"])
    after, where = fixed(editor, project, text.encode(), units=units)
    assert after == text.replace("<", "<=")
    codec, size = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[units]
    assert where["end"]["character"] == len("    return price < limit  # 😀 ü".encode(codec)) // size


def test_line_ends_of_windows_are_kept(editor, project):
    text = "\r\n".join([*LINES, ""])
    assert fixed(editor, project, text.encode())[0] == text.replace("<", "<=")


def test_a_byte_order_mark_is_the_editors(editor, project):
    text = "\n".join([*LINES, ""])
    assert fixed(editor, project, b"\xef\xbb\xbf" + text.encode())[0] == text.replace("<", "<=")


def test_a_file_in_its_declared_encoding_is_edited_as_text(editor, project):
    text = "\n".join(["# coding: latin-1", *LINES, "# ü", ""])
    assert fixed(editor, project, text.encode("latin-1"), encoding="latin-1")[0] == text.replace("<", "<=")

"""What is shown stays at its line while the user types, for clients that are told and for clients that ask."""

import pytest

PULLING = {
    "workspace": {"configuration": True, "diagnostics": {"refreshSupport": True}},
    "textDocument": {"diagnostic": {}, "hover": {"contentFormat": ["plaintext"]}},
}
ABOVE = "# one\n# two\n# three\n"


@pytest.fixture
def typed(editor, project):
    """A session in which three lines were typed above everything, and not saved."""
    session = editor(project())
    session.open("shop.py")
    session.idle(failing=1, proposals=1)
    session.change("shop.py", ABOVE + session.texts["shop.py"])
    return session


def lines_of(lenses):
    return {each["range"]["start"]["line"] for each in lenses}


def test_look_ups_follow_the_lines(typed):
    document = {"textDocument": {"uri": typed.uri("shop.py")}}
    assert lines_of(typed.request("textDocument/codeLens", document)) == {4}
    assert typed.request("textDocument/hover", {**document, "position": {"line": 1, "character": 0}}) is None
    assert typed.request("textDocument/hover", {**document, "position": {"line": 4, "character": 0}})
    assert [each["title"] for each in typed.actions("shop.py", 1)] == []
    assert any("Explain" in each["title"] for each in typed.actions("shop.py", 4))


def test_what_is_told_later_is_told_of_the_new_lines(typed):
    (accept,) = [each for each in typed.actions("shop.py", 4) if each["title"].startswith("Reject fix")]
    typed.choose(accept)
    typed.wait(lambda: "Fix available" not in str(typed.diagnostics[typed.uri("shop.py")]))
    assert [each["range"]["start"]["line"] for each in typed.diagnostics[typed.uri("shop.py")]] == [4]


def pulled(session, previous=None):
    asked = {"textDocument": {"uri": session.uri("shop.py")}} | ({"previousResultId": previous} if previous else {})
    return session.request("textDocument/diagnostic", asked)


@pytest.mark.slow
def test_a_client_that_asks_is_told_of_closed_files_and_answered_for_open_ones(editor, project):
    session = editor(project(), capabilities=PULLING)
    session.open("shop.py")
    session.idle(failing=1, proposals=1)
    session.wait(lambda: "workspace/diagnostic/refresh" in {each["method"] for each in session.requests})
    assert session.uri("test_shop.py") in session.diagnostics
    assert not session.diagnostics.get(session.uri("shop.py"))
    found = pulled(session)
    assert [each["range"]["start"]["line"] for each in found["items"]] == [1]
    assert pulled(session, found["resultId"])["kind"] == "unchanged"
    session.change("shop.py", ABOVE + session.texts["shop.py"])
    assert [each["range"]["start"]["line"] for each in pulled(session)["items"]] == [4]
    session.notify("textDocument/didClose", {"textDocument": {"uri": session.uri("shop.py")}})
    session.until_found("shop.py", "Fix available")


@pytest.mark.slow
def test_a_client_that_does_not_ask_is_not_answered_twice(editor, project):
    session = editor(project(), settings=None)
    session.open("shop.py")
    session.idle(failing=1, proposals=1)
    session.until_found("shop.py", "Fix available")
    assert pulled(session)["items"] == []


@pytest.mark.slow
def test_an_editor_without_markdown_gets_no_marks(editor, project):
    session = editor(project(), capabilities=PULLING)
    session.open("shop.py")
    session.idle(failing=1, proposals=1)
    asked = {"textDocument": {"uri": session.uri("shop.py")}, "position": {"line": 1, "character": 0}}
    contents = session.request("textDocument/hover", asked)["contents"]
    assert contents["kind"] == "plaintext"
    assert "fails: AssertionError" in contents["value"]
    assert not any(mark in contents["value"] for mark in ("**", "\\"))

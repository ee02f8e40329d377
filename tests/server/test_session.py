"""A session in an editor: what fails is shown, what was proved is offered, and nothing changes before the click."""

import sqlite3

FIXED = ("quantity <= ", "quantity < ")


def code_of(editor):
    return next(path for path in editor.texts if "test" not in path)


def accept(actions):
    return next(each for each in actions if each["title"].startswith("Accept fix:"))


def test_a_failure_is_diagnosed_explained_and_its_fix_is_accepted(editor, broken, tmp_path):
    root = broken("stockroom_reorder")
    session = editor(root)
    source = next(
        path for path in root.rglob("*.py") if "needs_reorder" in path.read_text() and "test" not in path.name
    )
    path = source.relative_to(root).as_posix()
    before = source.read_bytes()
    session.open(path)
    session.idle(failing=1, proposals=1)
    (cause,) = session.diagnostics[session.uri(path)]
    assert cause["source"] == "lsp-repair"
    assert "Fix available" in cause["message"]
    assert cause["relatedInformation"]
    line = cause["range"]["start"]["line"]
    hover = session.request(
        "textDocument/hover", {"textDocument": {"uri": session.uri(path)}, "position": {"line": line, "character": 4}}
    )
    assert "fix available" in hover["contents"]["value"]
    action = accept(session.actions(path, line))
    assert action["isPreferred"]
    assert "0 tokens" in action["title"]
    assert source.read_bytes() == before
    session.choose(action)
    assert "<=" in session.texts[path]
    session.idle(failing=0)
    assert session.diagnostics[session.uri(path)] == []
    assert source.read_bytes() == before  # the editor has not saved it yet
    with sqlite3.connect(tmp_path / "state" / "ledger.sqlite3") as ledger:
        assert ledger.execute("SELECT kind FROM decision").fetchall() == [("accepted",)]

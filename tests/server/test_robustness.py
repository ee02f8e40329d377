"""Whatever a client sends, the server answers, leaves alone what is not its own, and goes on."""

from itertools import product

import pytest

COMMANDS = ["selected", "reject", "revert", "showDiff", "explain", "repair", "retryWithHint", "run", "trust", "cancel"]
GARBAGE = [
    [],
    [None],
    [3],
    ["text"],
    [[]],
    [{}],
    [{"root": 3}],
    [{"root": "/nowhere", "proposal": None}],
    [{"root": "ROOT", "proposal": {"a": []}, "failure": [1], "hint": 7, "models": "yes", "proposals": [None, {}]}],
]
OWN = ["lspRepair/failures", "lspRepair/diff", "lspRepair/accept", "lspRepair/costReport"]


def at(uri, line=0):
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}


@pytest.fixture(scope="module")
def session(shared_desk):
    """Nothing runs here: the folder is not trusted."""
    return shared_desk.editor(shared_desk.project(), options={"status": True}, capabilities={})


def test_capabilities_of_the_future_do_not_stop_the_start(editor, project):
    kinds = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "from.the.future"]}}}
    future = {
        "general": {"positionEncodings": ["utf-128", "utf-16"]},
        "textDocument": {"codeAction": kinds, "publishDiagnostics": {"tagSupport": {"valueSet": [1, 2, 99]}}},
        "workspace": {"workspaceEdit": {"resourceOperations": ["teleport"], "failureHandling": "pray"}},
        "somethingNew": {"really": True},
    }
    session = editor(project(), options={}, capabilities=future)
    assert session.initialized["capabilities"]["positionEncoding"] == "utf-16"


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "git:/a/b.py?ref", "vscode-notebook-cell:/n.ipynb#W0", "nonsense"]
)
def test_what_is_no_file_is_left_alone(session, uri):
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "def test_it():\n    assert 0\n"}
    session.notify("textDocument/didOpen", {"textDocument": item})
    session.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert session.request("textDocument/hover", at(uri)) is None
    assert session.request("textDocument/codeLens", {"textDocument": {"uri": uri}}) == []
    session.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert uri not in session.diagnostics


@pytest.mark.parametrize("path", ["not/there.py", "gone.py", "data", "../outside.py", "strange #1 %20 ü.py"])
def test_files_that_are_not_there_are_answered(session, path):
    assert session.request("textDocument/hover", at(session.uri(path))) is None
    session.notify("textDocument/didSave", {"textDocument": {"uri": session.uri(path)}})
    session.notify("textDocument/didClose", {"textDocument": {"uri": session.uri(path)}})
    changes = [{"uri": session.uri(path), "type": 3}]
    session.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    assert session.request("textDocument/hover", at(session.uri(path))) is None


def test_garbage_for_a_command_is_answered_and_decides_nothing(session):
    for command, garbage in product(COMMANDS, GARBAGE):
        arguments = [
            each | {"root": str(session.root)} if isinstance(each, dict) and each.get("root") == "ROOT" else each
            for each in garbage
        ]
        session.reply(
            session.ask("workspace/executeCommand", {"command": f"lspRepair.{command}", "arguments": arguments})
        )
    for command in COMMANDS:
        session.reply(session.ask("workspace/executeCommand", {"command": f"lspRepair.{command}"}))
    assert session.request("textDocument/hover", at(session.uri("shop.py"))) is None


def test_garbage_for_our_own_requests_is_answered(session):
    for method, params in product(OWN, [None, {}, {"root": 3, "proposal": None}, []]):
        session.reply(session.ask(method, params))
    assert session.request("textDocument/hover", at(session.uri("shop.py"))) is None


def test_parameters_that_make_no_sense_get_an_error_instead_of_silence(session):
    assert "error" in session.reply(session.ask("textDocument/hover", {"textDocument": 3}))
    assert "error" in session.reply(session.ask("textDocument/codeAction", None))
    assert "error" in session.reply(session.ask("no/such", {}))


def test_frames_that_are_no_messages_are_passed_over(session):
    for body in (b"{", b"[]", b"3", b'"text"', b"\xff\xfe", b"{}", b'{"jsonrpc": "1.0"}'):
        session.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    session.send_raw(b"Content-Type: text\r\n\r\n")
    assert session.request("textDocument/hover", at(session.uri("shop.py"))) is None


def test_a_cancelled_request_is_still_answered(session):
    number = session.ask("workspace/executeCommand", {"command": "lspRepair.run", "arguments": [{}]})
    session.notify("$/cancelRequest", {"id": number})
    session.notify("$/cancelRequest", {"id": 12345})
    assert session.reply(number)


def test_a_line_of_ten_megabytes_is_borne(session):
    text = "x = '" + "a" * 10_000_000 + "'\n"
    item = {"uri": session.uri("long.py"), "languageId": "python", "version": 1, "text": text}
    session.notify("textDocument/didOpen", {"textDocument": item})
    edit = {"range": {"start": {"line": 0, "character": 6}, "end": {"line": 0, "character": 7}}, "text": "b"}
    document = {"uri": session.uri("long.py"), "version": 2}
    session.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [edit]})
    assert session.actions("long.py", 0) == []


def test_files_that_do_not_decode_and_files_that_go_do_not_stop_the_verdicts(editor, project):
    files = {"pyproject.toml": "[tool.pytest.ini_options]\n", "data.py": b"\xff\xfe\x00"}
    root = project(files | {"test_it.py": "def test_it():\n    assert 1 == 2\n"})
    session = editor(root, autonomy="diagnose")
    session.idle(failing=1)
    for gone in ("data.py", "test_it.py"):
        (session.root / gone).unlink()
        session.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": session.uri(gone), "type": 3}]})
    session.idle(failing=0)
    assert session.diagnostics[session.uri("test_it.py")] == []


@pytest.mark.slow
def test_two_servers_on_one_workspace_do_not_disturb_each_other(editor, project):
    root = project()
    sessions = [editor(root), editor(root)]
    for session in sessions:
        session.idle(failing=1, proposals=1)


def test_a_name_that_no_file_can_have_disturbs_nothing(editor, project):
    session = editor(project(), autonomy="diagnose")
    session.idle(failing=1)
    for uri in ("file://[/x.py", "file:///%00.py", "file:///\ud800.py", "file:///" + "a" * 5000):
        item = {"uri": uri, "languageId": "python", "version": 1, "text": "x = 1\n"}
        session.notify("textDocument/didOpen", {"textDocument": item})
        session.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        event = {"added": [{"uri": uri, "name": "x"}], "removed": []}
        session.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        assert session.request("textDocument/hover", at(uri)) is None
    session.open("shop.py")
    session.save("shop.py", session.texts["shop.py"].replace("<", "<="))
    session.idle(failing=0)


def test_a_change_of_what_was_never_opened_is_passed_over(session):
    before = len(session.reported("window/logMessage"))
    document = {"uri": session.uri("shop.py"), "version": 2}
    session.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": ""}]})
    assert session.actions("shop.py", 0) == []
    assert len(session.reported("window/logMessage")) == before


def test_a_request_at_the_wrong_time_gets_an_error_instead_of_silence(editor, project):
    session = editor(project(), options={}, capabilities={})
    session.reply(session.ask("shutdown", None))
    assert session.reply(session.ask("textDocument/hover", at(session.uri("shop.py"))))["error"]["code"] == -32600
    session.notify("exit", None)
    assert session.process.wait(15) == 0


def test_nonsense_is_logged_without_a_traceback(editor, project):
    session = editor(project(), options={}, capabilities={})
    session.send_raw(b"Content-Length: 1\r\n\r\n{")
    session.reply(session.ask("textDocument/hover", {"textDocument": 3}))
    session.reply(session.ask("workspace/executeCommand", {"command": "lspRepair.noSuch"}))
    session.reply(session.ask("no/such", {}))
    session.close()
    assert session.stderr
    assert "Traceback" not in "".join(session.stderr)

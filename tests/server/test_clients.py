"""What each client announces is enough for diagnostics and code actions, whatever else it can or cannot do."""

import json
from importlib.resources import files

import pytest

KINDS = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}}}
LSP_MODE = {
    "general": {"positionEncodings": ["utf-32", "utf-16"]},
    "workspace": {
        "applyEdit": True,
        "codeLens": {"refreshSupport": True},
        "configuration": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "executeCommand": {"dynamicRegistration": False},
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
        "workspaceFolders": True,
    },
    "textDocument": {
        "codeAction": {"dynamicRegistration": True, "isPreferredSupport": True, "dataSupport": True, **KINDS},
        "hover": {"contentFormat": ["markdown", "plaintext"], "dynamicRegistration": True},
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}, "versionSupport": True},
        "synchronization": {"willSave": True, "didSave": True, "willSaveWaitUntil": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
HELIX = {
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": False},
        "inlayHint": {"refreshSupport": False},
        "workspaceEdit": {"documentChanges": True, "failureHandling": "abort", "normalizesLineEndings": False},
        "workspaceFolders": True,
    },
    "textDocument": {
        "codeAction": {"isPreferredSupport": True, "disabledSupport": True, "dataSupport": True, **KINDS},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {"versionSupport": True, "tagSupport": {"valueSet": [1, 2]}},
    },
    "window": {"workDoneProgress": True},
}
UNITS = {"VS Code": "utf-16", "Neovim 0.7": "utf-16", "eglot": "utf-32", "lsp-mode": "utf-32", "Helix": "utf-8"}
RECORDED = {"VS Code": "visual_studio_code", "Neovim 0.7": "neovim_v0.7", "eglot": "emacs"}


def announced(client):
    """As pytest-lsp recorded it, or as their sources have it."""
    if client not in RECORDED:
        return LSP_MODE if client == "lsp-mode" else HELIX
    recorded = [each for each in files("pytest_lsp.clients").iterdir() if each.name.startswith(RECORDED[client])]
    return json.loads(max(recorded, key=lambda each: each.name).read_text("utf-8"))["capabilities"]


@pytest.mark.slow(keep=2)
@pytest.mark.parametrize("client", UNITS)
def test_every_client_gets_diagnostics_actions_and_progress_in_its_own_way(editor, project, client):
    can = announced(client)
    session = editor(project(), capabilities=can, autonomy="diagnose")
    assert session.initialized["capabilities"]["positionEncoding"] == UNITS[client]
    session.open("test_shop.py")
    (failure,) = session.until_found("test_shop.py", "fails")
    assert (failure["range"]["start"]["line"], failure["source"]) == (4, "lsp-repair")
    assert "Explain failure" in [each["title"] for each in session.actions("test_shop.py", 4)]
    session.idle(failing=1)
    assert bool(session.asked("workspace/configuration")) == bool(can["workspace"].get("configuration"))
    watches = can["workspace"].get("didChangeWatchedFiles", {}).get("dynamicRegistration", False)
    assert bool(session.asked("client/registerCapability")) == watches
    created = [each["token"] for each in session.asked("window/workDoneProgress/create")]
    assert bool(created) == bool(can.get("window", {}).get("workDoneProgress"))
    assert {each["token"] for each in session.reported("$/progress")} == set(created)
    assert session.reported("window/logMessage") == []
    session.close()
    assert session.process.returncode == 0
    assert session.stderr == []

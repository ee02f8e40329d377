"""An editor that is raw JSON over pipes: no client library stands between the tests and the protocol."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
    "window": {"showMessage": {"messageActionItem": {"additionalPropertiesSupport": False}}},
}


class Editor:
    """Starts a server, speaks to it, keeps texts as an editor does."""

    def __init__(self, root, environ, *, options=None, capabilities=None, settings=None, arguments=()):
        self.root = root
        self.settings = settings or {}
        self.notifications = []
        self.diagnostics = {}
        self.requests = []
        self.answers = {}
        self.texts = {}
        self.versions = {}
        self._replies = {}
        self._number = 0
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lsp_repair", "serve", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
        )
        self.stderr = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()
        self.initialized = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "capabilities": CAPABILITIES if capabilities is None else capabilities,
                "initializationOptions": {"trusted": True, "status": True} if options is None else options,
            },
        )
        self.notify("initialized", {})

    def _read_errors(self):
        for line in self.process.stderr:
            self.stderr.append(line.decode("utf-8", "replace"))

    def _read(self):
        stream = self.process.stdout
        while True:
            length = 0
            while (line := stream.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                break
            self._heard(json.loads(stream.read(length)))
        with self._news:
            self._news.notify_all()

    def _heard(self, message):
        with self._news:
            if "method" not in message:
                self._replies[message["id"]] = message
            elif "id" in message:
                self.requests.append(message)
                self._answer(message)
            else:
                self.notifications.append(message)
                if message["method"] == "textDocument/publishDiagnostics":
                    self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
            self._news.notify_all()

    def _answer(self, message):
        result = self.answers.get(message["method"])
        if message["method"] == "workspace/configuration":
            result = [self.settings]
        if message["method"] == "workspace/applyEdit":
            self.apply(message["params"]["edit"])
            result = {"applied": True}
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _send(self, message):
        data = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def notify(self, method, params):
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method, params, timeout=60):
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        self.wait(lambda: number in self._replies, timeout, method)
        reply = self._replies.pop(number)
        assert "error" not in reply, reply
        return reply["result"]

    def wait(self, condition, timeout=90, what="the server"):
        """Until it holds; every message of the server is a reason to look again."""
        with self._news:
            assert self._news.wait_for(lambda: condition() or self.process.poll() is not None, timeout), (
                f"waited for {what}",
                self.status,
                self.stderr[-20:],
            )
            assert condition(), (what, self.process.poll(), self.stderr[-20:])

    @property
    def status(self):
        told = [each["params"] for each in self.notifications if each["method"] == "lspRepair/status"]
        return told[-1] if told else None

    def idle(self, **wanted):
        """Until nothing runs and the status is as wanted."""
        self.wait(
            lambda: self.status and self.status["phase"] == "idle" and wanted.items() <= self.status.items(),
            what=f"idle with {wanted}",
        )

    def uri(self, path):
        return (self.root / path).as_uri()

    def open(self, path):
        data = (self.root / path).read_bytes()
        self.texts[path], self.versions[path] = data.decode("utf-8"), 1
        item = {"uri": self.uri(path), "languageId": "python", "version": 1, "text": self.texts[path]}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, path, text):
        self.texts[path] = text
        self.versions[path] += 1
        document = {"uri": self.uri(path), "version": self.versions[path]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def save(self, path):
        (self.root / path).write_bytes(self.texts[path].encode("utf-8"))
        self.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})

    def apply(self, edit):
        """As editors do: the last edit of a file first; a version that is not ours is refused."""
        for change in edit["documentChanges"]:
            path = next(each for each in self.texts if self.uri(each) == change["textDocument"]["uri"])
            assert change["textDocument"]["version"] in {None, self.versions[path]}
            text = self.texts[path]
            for each in sorted(change["edits"], key=lambda one: -one["range"]["start"]["line"]):
                start, end = (_offset(text, each["range"][side]) for side in ("start", "end"))
                text = text[:start] + each["newText"] + text[end:]
            self.change(path, text)

    def actions(self, path, line, only=None):
        spot = {"line": line, "character": 0}
        context = {"diagnostics": []} | ({"only": only} if only else {})
        asked = {"textDocument": {"uri": self.uri(path)}, "range": {"start": spot, "end": spot}, "context": context}
        return self.request("textDocument/codeAction", asked)

    def choose(self, action):
        """As an editor does when a code action is picked."""
        if action.get("edit"):
            self.apply(action["edit"])
        if action.get("command"):
            return self.execute(action["command"]["command"], *action["command"]["arguments"])
        return None

    def execute(self, command, *arguments):
        return self.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})

    def close(self):
        if self.process.poll() is None:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(30)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def _offset(text, position):
    lines = text.split("\n")
    line = min(position["line"], len(lines))
    before = sum(len(each) + 1 for each in lines[:line])
    inside = lines[line] if line < len(lines) else ""
    units = inside.encode("utf-16-le")[: 2 * position["character"]]
    return min(len(text), before + len(units.decode("utf-16-le", "ignore")))


@pytest.fixture
def environ(tmp_path):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_", "LSP_REPAIR_"))}
    return kept | {
        "LSP_REPAIR_STATE": str(tmp_path / "state"),
        "LSP_REPAIR_CACHE": str(tmp_path / "cache"),
        "LSP_REPAIR_CONFIG": str(tmp_path / "config.toml"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


@pytest.fixture
def broken(tmp_path):
    def copy(name):
        return Path(shutil.copytree(FIXTURES / name / "project", tmp_path / name))

    return copy


@pytest.fixture
def editor(environ):
    started = []

    def start(root, **how):
        how.setdefault("settings", {"python": sys.executable})
        started.append(Editor(root, environ, **how))
        return started[-1]

    yield start
    for each in started:
        each.close()

"""An editor that is raw JSON over pipes: no client library stands between the tests and the protocol."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from strangers import environ_of

CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {"relatedInformation": True},
    },
    "window": {"showMessage": {"messageActionItem": {"additionalPropertiesSupport": False}}},
}
TRUSTED = {"trusted": True, "status": True}

SHOP = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "shop.py": "def is_cheap(price, limit):\n    return price < limit\n",
    "test_shop.py": (
        "from shop import is_cheap\n\n\n"
        "def test_the_limit_is_cheap():\n    assert is_cheap(5, 5)\n\n\n"
        "def test_less_is_and_more_is_not():\n    assert is_cheap(4, 5)\n    assert not is_cheap(6, 5)\n"
    ),
}
"""One failing test, with one right answer: `<=`."""


class Editor:
    """Starts a server, speaks to it, keeps texts as an editor does."""

    def __init__(
        self, root, environ, *, options=None, capabilities=None, settings=None, folders=None, silent_on=(), **answering
    ):
        self.root = root
        self.settings = settings or {}
        self.scoped = answering.get("scoped", {})
        self.refuses, self.silent_on = answering.get("refuses", set()), set(silent_on)
        self.units = "utf-16"
        self.notifications = []
        self.diagnostics = {}
        self.requests = []
        self.answers = answering.get("answers", {})
        self.texts = {}
        self.versions = {}
        self._replies = {}
        self.answered = []
        """The numbers of all answers, in their order."""
        self._number = 0
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [*answering.get("through", ()), sys.executable, "-m", "lsp_repair", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
        )
        self.stderr = []
        self._readers = [threading.Thread(target=each, daemon=True) for each in (self._read, self._read_errors)]
        for each in self._readers:
            each.start()
        self.initialized = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": each.as_uri(), "name": each.name} for each in folders or [root]],
                "capabilities": CAPABILITIES if capabilities is None else capabilities,
                "initializationOptions": TRUSTED if options is None else options,
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
            self._received(json.loads(stream.read(length)))
        with self._news:
            self._news.notify_all()

    def _received(self, message):
        with self._news:
            if "method" not in message:
                self.answered.append(message["id"])
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
        if message["method"] in self.silent_on:
            return
        if message["method"] in self.refuses:
            self._send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32603, "message": "no"}})
            return
        if message["method"] == "workspace/configuration":
            items = message["params"]["items"]
            result = [self._settings_of(each) for each in items]
        if message["method"] == "workspace/applyEdit" and result is None:
            self.apply(message["params"]["edit"])
            result = {"applied": True}
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _settings_of(self, item):
        scoped = self.scoped.get(item.get("scopeUri"))
        return self.settings | scoped if scoped else self.settings

    def _send(self, message):
        data = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def notify(self, method, params):
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method, params, timeout=60):
        reply = self.reply(self.ask(method, params), timeout)
        assert "error" not in reply, reply
        return reply["result"]

    def ask(self, method, params):
        """Send a request and do not wait."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return self._number

    def reply(self, number, timeout=60):
        """The whole answer to a request, an error too."""
        self.wait(lambda: number in self._replies, timeout, number)
        return self._replies.pop(number)

    def answer_of(self, method, params):
        """Ask until the answer is not empty."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := self.request(method, params):
                return found
        return pytest.fail(f"{method} stays empty")

    def send_raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait(self, condition, timeout=60, what="the server"):
        """Until it holds; every message of the server is a reason to look again."""
        with self._news:
            assert self._news.wait_for(lambda: condition() or self.process.poll() is not None, timeout), (
                f"waited for {what}",
                self.status,
                self.reported("window/logMessage"),
                self.stderr[-20:],
            )
            assert condition(), (what, self.process.poll(), self.stderr[-20:])

    @property
    def status(self):
        reported = [each["params"] for each in self.notifications if each["method"] == "lspRepair/status"]
        return reported[-1] if reported else None

    def idle(self, **requested):
        """Until nothing runs and the status is as wanted."""
        self.wait(
            lambda: self.status and self.status["phase"] == "idle" and requested.items() <= self.status.items(),
            what=f"idle with {requested}",
        )

    def uri(self, path):
        return (self.root / path).as_uri()

    def reported(self, method):
        """Parameters of all notifications of this kind."""
        return [each["params"] for each in self.notifications if each["method"] == method]

    def asked(self, method):
        """Parameters of all requests of the server of this kind."""
        return [each["params"] for each in self.requests if each["method"] == method]

    def until_found(self, path, *words):
        """Until a file has diagnostics that say all of this."""
        self.wait(lambda: all(word in str(self.diagnostics.get(self.uri(path), "")) for word in words), what=words)
        return self.diagnostics[self.uri(path)]

    def open(self, path, encoding="utf-8-sig"):
        """Editors keep the byte order mark to themselves."""
        data = (self.root / path).read_bytes()
        self.texts[path], self.versions[path] = data.decode(encoding), 1
        item = {"uri": self.uri(path), "languageId": "python", "version": 1, "text": self.texts[path]}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, path, text):
        self.texts[path] = text
        self.versions[path] += 1
        document = {"uri": self.uri(path), "version": self.versions[path]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def save(self, path, text=None):
        if text is not None:
            self.change(path, text)
        (self.root / path).write_bytes(self.texts[path].encode("utf-8"))
        self.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})

    def save_again(self, path):
        self.open(path)
        self.save(path)

    def apply(self, edit):
        """As editors do: the last edit of a file first; a version that is not ours is refused."""
        for change in edit["documentChanges"]:
            path = next(each for each in self.texts if self.uri(each) == change["textDocument"]["uri"])
            assert change["textDocument"]["version"] in {None, self.versions[path]}
            text = self.texts[path]
            for each in sorted(change["edits"], key=lambda one: -one["range"]["start"]["line"]):
                start, end = (_offset(text, each["range"][side], self.units) for side in ("start", "end"))
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
            self.reply(self.ask("shutdown", None))
            self.notify("exit", None)
            self.process.wait(30)
        self.process.stdin.close()
        for each in self._readers:
            each.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


UNIT_BYTES = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def _offset(text, position, units):
    """Strict: a column behind the end of its line is a fault of the server."""
    lines = text.split("\n")
    inside = lines[position["line"]].removesuffix("\r")
    codec, size = UNIT_BYTES[units]
    whole = inside.encode(codec)
    assert position["character"] * size <= len(whole), (position, inside)
    before = sum(len(each) + 1 for each in lines[: position["line"]])
    return before + len(whole[: size * position["character"]].decode(codec))


class Desk:
    """A folder for projects, and what the tool keeps beside them."""

    def __init__(self, place):
        self.place = place
        self.started = []
        self.environ = environ_of(place)
        # A quick machine finds further proposals in its time; they are no matter here, whatever settings a test gives.
        Path(self.environ["LSP_REPAIR_CONFIG"]).write_text("max_proposals = 1\n")

    def project(self, files=SHOP, name="project"):
        """A small project, made of what is given by path."""
        for path, text in files.items():
            file = self.place / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return self.place / name

    def editor(self, root, *, autonomy=None, more=None, **how):
        """A session; `autonomy` is told in both ways that settings have, for what no repair is needed for."""
        how.setdefault("settings", {"python": sys.executable} | ({"autonomy": autonomy} if autonomy else {}))
        if autonomy:
            how["options"] = how.get("options", TRUSTED) | {"settings": {"autonomy": autonomy}}
        self.started.append(Editor(root, self.environ | (more or {}), **how))
        return self.started[-1]

    def decisions(self):
        """What the ledger holds of the user's decisions, in their order."""
        with closing(sqlite3.connect(self.place / "state" / "ledger.sqlite3")) as ledger:
            return [kind for (kind,) in ledger.execute("SELECT kind FROM decision ORDER BY id")]

    def close(self):
        for each in self.started:
            each.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory):
    """For a session that several tests speak to: each leaves it as it found it, or says what it left."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture
def environ(desk):
    return desk.environ


@pytest.fixture
def project(desk):
    return desk.project


@pytest.fixture
def decisions(desk):
    return desk.decisions


@pytest.fixture
def editor(desk):
    return desk.editor

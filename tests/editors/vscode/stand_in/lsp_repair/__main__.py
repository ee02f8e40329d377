"""Speaks docs/protocol.md about one file of the demo: `value > threshold` fails, `value >= threshold` passes."""

import json
import os
import sys
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlparse

WRONG, RIGHT = "value > threshold", "value >= threshold"
TEST = "tests/test_discount.py::test_an_order_that_just_reaches_a_step_gets_its_discount"
TITLE = "`>` → `>=` in `percent_off` — fixes 1 test, 10 still pass (full suite), 0 tokens"
EXPLANATION = (
    "The test expects `10` and got `5`; it is too small by 5. The fault most likely is here: "
    "the failing tests execute this line more than the passing ones."
)
REPORT = os.environ.get("STAND_IN_REPORT")
LOG = os.environ.get("STAND_IN_LOG")
PACE = float(os.environ.get("STAND_IN_PACE", "0.2"))


class StandIn:
    def __init__(self):
        self.root = ""
        self.texts = {}
        self.versions = {}
        self.proved = {}
        self.rejected = False
        self.red = False
        self.ids = 0
        self.waiting = {}
        self.writing = threading.Lock()
        self.trusted = False

    # --- the wire

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self.writing:
            sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sys.stdout.buffer.flush()

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params, then=None):
        self.ids += 1
        self.waiting[self.ids] = then
        self.send({"id": self.ids, "method": method, "params": params})

    def serve(self):
        while True:
            length = 0
            while (line := sys.stdin.buffer.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                return
            message = json.loads(sys.stdin.buffer.read(length))
            self.log(message)
            if message.get("method") == "exit":
                return
            self.take(message)

    def log(self, message):
        if LOG:
            with Path(LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")

    def take(self, message):
        if "method" not in message:
            then = self.waiting.pop(message["id"], None)
            if then:
                then(message.get("result"))
            return
        name = message["method"].replace("/", "_").replace("$", "")
        handler = getattr(self, name, None)
        result = handler(message.get("params") or {}) if handler else None
        if "id" in message:
            self.send({"id": message["id"], "result": result})

    # --- the protocol

    def initialize(self, params):
        self.root = path_of(params["rootUri"])
        self.trusted = params.get("initializationOptions", {}).get("trusted") is True
        commands = (
            "selected",
            "reject",
            "revert",
            "showDiff",
            "explain",
            "repair",
            "retryWithHint",
            "run",
            "trust",
            "cancel",
        )
        return {
            "capabilities": {
                "textDocumentSync": {"openClose": True, "change": 1, "save": {"includeText": False}},
                "codeActionProvider": {"codeActionKinds": ["quickfix"]},
                "codeLensProvider": {},
                "hoverProvider": True,
                "executeCommandProvider": {"commands": [f"lspRepair.{each}" for each in commands]},
            }
        }

    def initialized(self, _):
        self.ask("workspace/configuration", {"items": [{"section": "lspRepair", "scopeUri": uri_of(self.root)}]})
        self.tell("idle" if self.trusted else "untrusted")

    def textDocument_didOpen(self, params):  # noqa: N802
        document = params["textDocument"]
        self.texts[document["uri"]], self.versions[document["uri"]] = document["text"], document["version"]

    def textDocument_didChange(self, params):  # noqa: N802
        uri = params["textDocument"]["uri"]
        self.texts[uri], self.versions[uri] = params["contentChanges"][-1]["text"], params["textDocument"]["version"]

    def textDocument_didSave(self, params):  # noqa: N802
        if self.trusted:
            threading.Thread(target=self.look, args=(params["textDocument"]["uri"],), daemon=True).start()

    def textDocument_codeAction(self, params):  # noqa: N802
        uri = params["textDocument"]["uri"]
        if not self.offered(uri):
            return []
        diagnostics = [each for each in params["context"]["diagnostics"] if each.get("source") == "lsp-repair"]
        reference = {"root": self.root, "proposal": "p1"}
        failure = {"root": self.root, "failure": "f1"}
        return [
            {
                "title": TITLE.replace("`", ""),
                "kind": "quickfix",
                "isPreferred": True,
                "diagnostics": diagnostics,
                "edit": self.edit(uri),
                "command": command("selected", reference),
            },
            {
                "title": "Show the diff",
                "kind": "quickfix",
                "diagnostics": diagnostics,
                "command": command("showDiff", reference),
            },
            {
                "title": "Reject this fix",
                "kind": "quickfix",
                "diagnostics": diagnostics,
                "command": command("reject", reference),
            },
            {
                "title": "Repair with a hint…",
                "kind": "quickfix",
                "diagnostics": diagnostics,
                "command": command("retryWithHint", failure),
            },
        ]

    def textDocument_codeLens(self, params):  # noqa: N802
        uri = params["textDocument"]["uri"]
        if not self.offered(uri):
            return []
        line = self.line(uri) - 2
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}
        return [
            {
                "range": place,
                "command": {**command("showDiff", {"root": self.root, "proposal": "p1"}), "title": "1 proved fix"},
            }
        ]

    def textDocument_hover(self, _):  # noqa: N802
        return None

    def workspace_executeCommand(self, params):  # noqa: N802
        (argument,) = params["arguments"]
        name = params["command"].removeprefix("lspRepair.")
        if name == "reject":
            self.rejected = True
            self.tell("idle")
        elif name in {"repair", "retryWithHint"}:
            self.rejected = False
            threading.Thread(target=self.look, args=(self.discount(),), daemon=True).start()
        elif name == "run" and "crash" in argument:
            os._exit(1)
        elif name == "run" and "environment" in argument:
            variable = argument["environment"]
            self.log({"method": "stand-in/environment", "params": {"value": os.environ.get(variable)}})
        elif name == "run" and "chat" in argument:
            self.ask("lspRepair/chat", {"messages": argument["chat"]})
        elif name == "run":
            threading.Thread(target=self.look, args=(self.discount(),), daemon=True).start()
        elif name == "explain":
            self.notify("window/showMessage", {"type": 3, "message": EXPLANATION})
            return EXPLANATION
        return argument.get("hint")

    def lspRepair_failures(self, _):  # noqa: N802
        uri = self.discount()
        if not self.red or uri not in self.texts:
            return {"folders": [{"root": self.root, "failures": []}]}
        proposal = {"id": "p1", "title": TITLE, "flagged": False, "origin": "search", "costUsd": "0"}
        failure = {
            "id": "f1",
            "tests": [TEST],
            "title": "test_an_order_that_just_reaches_a_step_gets_its_discount",
            "explanation": EXPLANATION,
            "status": "unrepaired" if self.rejected else "proposed",
            "locations": [{"uri": uri, "line": self.line(uri)}],
            "proposals": [] if self.rejected else [proposal],
        }
        folders = [{"root": self.root, "failures": [failure]}]
        if os.environ.get("STAND_IN_RICH"):
            second = {
                **proposal,
                "id": "p2",
                "title": "`SHIPPING[country]` → `SHIPPING.get(country, WORLDWI…` in `shipping` — fixes 2 tests, 10 still pass (full suite), 812 tokens",
                "flagged": True,
                "origin": "model",
                "costUsd": "0.0021",
            }
            failure["proposals"].append(
                {
                    **proposal,
                    "id": "p3",
                    "title": "`threshold` → `threshold - 1` in `percent_off` — fixes 1 test, 10 still pass (full suite), 0 tokens",
                }
            )
            folders[0]["failures"].append(
                {
                    **failure,
                    "id": "f2",
                    "tests": [
                        "tests/test_invoice.py::test_shipping_to_the_rest_of_the_world",
                        "tests/test_invoice.py::test_invoice_abroad",
                    ],
                    "title": "KeyError: 'NZ'",
                    "proposals": [second],
                }
            )
            folders[0]["failures"].append(
                {**failure, "id": "f3", "title": "test_the_clock", "status": "flaky", "proposals": []}
            )
        return {"folders": folders}

    def lspRepair_diff(self, params):  # noqa: N802
        uri = self.discount()
        if params["proposal"] not in {"p1", "p2", "p3"} or self.rejected:
            return None
        before = self.texts[uri]
        return {
            "title": "`>` → `>=` in `percent_off`",
            "files": [{"uri": uri, "before": before, "after": before.replace(WRONG, RIGHT)}],
        }

    def lspRepair_accept(self, _):  # noqa: N802
        return {"edit": self.edit(self.discount())}

    def lspRepair_costReport(self, _):  # noqa: N802
        return {"html": Path(REPORT).read_text("utf-8") if REPORT else "<p>nothing was spent</p>"}

    # --- the canned failure

    def discount(self):
        return next(
            (each for each in self.texts if each.endswith("/discount.py")), uri_of(self.root + "/shop/discount.py")
        )

    def offered(self, uri):
        return self.red and not self.rejected and WRONG in self.texts.get(uri, "")

    def line(self, uri):
        before, _, _ = self.texts[uri].partition(WRONG)
        return before.count("\n")

    def span(self, uri):
        line = self.line(uri)
        start = self.texts[uri].splitlines()[line].index(WRONG)
        return {"start": {"line": line, "character": start}, "end": {"line": line, "character": start + len(WRONG)}}

    def edit(self, uri):
        change = {"range": self.span(uri), "newText": RIGHT}
        return {"documentChanges": [{"textDocument": {"uri": uri, "version": self.proved[uri]}, "edits": [change]}]}

    def look(self, uri):
        self.tell("testing")
        time.sleep(PACE)
        self.red = WRONG in self.texts.get(uri, "")
        self.proved[uri] = self.versions.get(uri)
        if self.red:
            self.tell("repairing", proposals=0)
            time.sleep(PACE)
        found = (
            {
                "range": self.span(uri),
                "severity": 1,
                "source": "lsp-repair",
                "code": "wrong-value",
                "message": EXPLANATION,
            }
            if self.red
            else None
        )
        self.notify("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": [found] if found else []})
        self.tell("idle")

    def tell(self, phase, proposals=None):
        failing = int(self.red)
        offered = int(self.red and not self.rejected) if proposals is None else proposals
        text = f"13 tests, {failing} failing" if phase != "untrusted" else "the tests may not run yet"
        status = {
            "root": self.root,
            "phase": phase,
            "failing": failing,
            "proposals": offered,
            "costUsd": "0",
            "text": text,
        }
        self.notify("lspRepair/status", status)


def command(name, argument):
    return {"title": name, "command": f"lspRepair.{name}", "arguments": [argument]}


def path_of(uri):
    return unquote(urlparse(uri).path)


def uri_of(path):
    return Path(path).as_uri()


if sys.argv[1:] == ["serve"]:
    StandIn().serve()

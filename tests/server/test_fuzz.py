"""Whatever is sent in whatever order, the server answers each request once, writes no file and keeps its head."""

import os
from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

EXAMPLES = int(os.environ.get("LSP_REPAIR_FUZZ_EXAMPLES", "8"))
"""Set it for a longer run; examples are then drawn anew each time."""
FILES = {
    "pyproject.toml": b"[tool.pytest.ini_options]\n",
    "shop.py": b"def is_cheap(price, limit):\n    return price < limit\n",
    "test_shop.py": b"from shop import is_cheap\n\n\ndef test_the_limit():\n    assert is_cheap(5, 5)\n",
    "mark.py": b"\xef\xbb\xbfx = 1\r\ny = 2\r\n",
    "folder.py/inner.py": b"",
    "bytes.py": b"\xff\xfe\x00\x00",
    "strange #1 %20 \xc3\xbc.py".encode().decode(): b"x = 1\n",
}
PATHS = [*FILES, "gone.py", "not/there.py", "folder.py", "../outside.py", ".venv/lib/site-packages/x.py"]
FOREIGN = [
    "untitled:Untitled-1",
    "git:/a/b.py?ref",
    "nonsense",
    "",
    "file:",
    "file://[/x.py",
    "file:///%00.py",
    "file:///\ud800.py",
    "LONG",
]
TEXTS = [
    "",
    "x = 1",
    "\ufeffx = 1\r\ny = 2\r\n",
    "a\rb\nc\r\n\r",
    "'\U0001f600' # \U0001f600\n\U0001f600",
    "'\ud83d' + '\ude00'\n",
    "x = '\0'\n",
    "a\x0cb\u2028c\x85d\n",
    "def test_it(:\n",
    "# coding: latin-1\nx = '\u20ac'\n",
    "# coding: nonsense\n",
    "DEEP",
    "HUGE",
    "<html>\n\t<b>not python</b>\n",
    "def test_new():\n    assert 1 == 2\n",
]
LONG = {
    "DEEP": "y = " + "(" * 5000,
    "HUGE": "z = '" + "\U0001f600" * 100_000 + "'",
    "LONG": "file:///" + "a" * 5000 + ".py",
}
"""What a report of hypothesis names only."""
COMMANDS = ["selected", "reject", "revert", "showDiff", "explain", "repair", "retryWithHint", "run", "trust", "cancel"]
OWN = ["lspRepair/failures", "lspRepair/diff", "lspRepair/accept", "lspRepair/costReport"]
UNKNOWN = ["no/such", "$/no/such", "textDocument/definition", "lspRepair/chat", "textDocument/didOpen"]
TOLD = [
    "textDocument/didOpen",
    "textDocument/didChange",
    "$/setTrace",
    "no/such",
    "$/progress",
    "window/workDoneProgress/cancel",
]

scraps = st.sampled_from([None, 0, -1, 2**40, 1.5, True, "", "text", "\ud800", [], {}, [None], {"a": [1]}, "lspRepair"])
numbers = st.sampled_from([0, 0, 1, 1, 2, 3, 5, 6, 7, 100, 2**31 - 1])
positions = st.fixed_dictionaries({"line": numbers, "character": numbers})
ranges = st.fixed_dictionaries({"start": positions, "end": positions})
texts = st.sampled_from(TEXTS)
edits = st.lists(
    st.one_of(
        st.fixed_dictionaries({"text": texts}),
        st.fixed_dictionaries({"range": ranges, "text": texts}),
        st.fixed_dictionaries({"range": ranges, "rangeLength": numbers, "text": texts}),
    ),
    max_size=3,
)
versions = st.sampled_from([1, 2, 3, 0, -5, 2**31 - 1])
paths = st.sampled_from([*PATHS, *FOREIGN])
config = st.dictionaries(
    st.sampled_from(
        ["autonomy", "python", "runOn", "codeLens", "inlayHints", "maxUsdPerFix", "timeLimitSeconds", "??"]
    ),
    st.one_of(scraps, st.sampled_from(["off", "diagnose", "manual", "/nowhere/python", "save"])),
    max_size=3,
)
arguments = st.lists(
    st.one_of(
        scraps,
        st.dictionaries(
            st.sampled_from(["proposal", "proposals", "failure", "hint", "models", "root"]),
            st.one_of(scraps, st.sampled_from(["test_shop.py::test_the_limit", "ROOT"])),
            max_size=4,
        ),
    ),
    max_size=2,
)


class Clients(RuleBasedStateMachine):
    """A client that keeps to no rule, and what any client may count on."""

    def __init__(self, start):
        super().__init__()
        self.session = start()
        self.asked = []

    @initialize()
    def a_project_with_a_failing_test(self):
        self.session.until_found("test_shop.py", "fails")

    def address(self, path):
        return (
            path if path in FOREIGN else f"{self.session.root.as_uri()}/{path.replace('%', '%25').replace('#', '%23')}"
        )

    def document(self, path, **more):
        return {"textDocument": {"uri": self.address(path), **more}}

    def ask(self, method, params):
        self.asked.append(self.session.ask(method, params))

    @rule(path=paths, text=texts, version=versions)
    def open(self, path, text, version):
        self.session.notify(
            "textDocument/didOpen", self.document(path, languageId="python", version=version, text=LONG.get(text, text))
        )

    @rule(path=paths, version=versions, made=edits)
    def change(self, path, version, made):
        changes = [each | {"text": LONG.get(each["text"], each["text"])} for each in made]
        self.session.notify(
            "textDocument/didChange", self.document(path, version=version) | {"contentChanges": changes}
        )

    @rule(path=paths, text=st.none() | texts)
    def save(self, path, text):
        self.session.notify(
            "textDocument/didSave", self.document(path) | ({"text": LONG.get(text, text)} if text else {})
        )

    @rule(path=paths)
    def close(self, path):
        self.session.notify("textDocument/didClose", self.document(path))

    @rule(hit=st.lists(st.tuples(paths, st.sampled_from([1, 2, 3])), max_size=3))
    def watched_files_change(self, hit):
        reported = [{"uri": self.address(path), "type": kind} for path, kind in hit]
        self.session.notify("workspace/didChangeWatchedFiles", {"changes": reported})

    @rule(answer=config | scraps, pushed=scraps | st.fixed_dictionaries({"lspRepair": config | scraps}))
    def settings_change(self, answer, pushed):
        self.session.settings = answer
        self.session.notify("workspace/didChangeConfiguration", {"settings": pushed})

    @rule(path=st.sampled_from(["", "folder.py", "gone", "shop.py", *FOREIGN]), added=st.booleans())
    def folders_change(self, path, added):
        folder = [{"uri": self.address(path).rstrip("/"), "name": "folder"}]
        event = {"added": folder, "removed": []} if added else {"added": [], "removed": folder}
        self.session.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    @rule(path=paths, where=ranges, only=st.none() | st.lists(st.sampled_from(["quickfix", "source", "", "x"])))
    def look_up(self, path, where, only):
        context = {"diagnostics": []} | ({} if only is None else {"only": only})
        self.ask("textDocument/codeAction", self.document(path) | {"range": where, "context": context})
        self.ask("textDocument/hover", self.document(path) | {"position": where["end"]})
        self.ask("textDocument/codeLens", self.document(path))
        self.ask("textDocument/inlayHint", self.document(path) | {"range": where})

    @rule(name=st.sampled_from([*COMMANDS, "noSuch"]), given=arguments | st.none())
    def command(self, name, given):
        asked = {"command": f"lspRepair.{name}"} | ({} if given is None else {"arguments": self.rooted(given)})
        self.ask("workspace/executeCommand", asked)

    def rooted(self, given):
        root = str(self.session.root)
        return [{"root": root} | each if isinstance(each, dict) else each for each in given]

    @rule(method=st.sampled_from(OWN), params=scraps | st.fixed_dictionaries({"proposal": scraps}))
    def own_request(self, method, params):
        self.ask(method, {"root": str(self.session.root)} | params if isinstance(params, dict) else params)

    @rule(method=st.sampled_from([*UNKNOWN, "textDocument/hover", "workspace/executeCommand"]), params=scraps)
    def senseless_request(self, method, params):
        self.ask(method, params)

    @rule(method=st.sampled_from(TOLD), params=scraps)
    def senseless_notification(self, method, params):
        self.session.notify(method, params)

    @rule(number=st.integers(0, 20))
    def cancel(self, number):
        self.session.notify("$/cancelRequest", {"id": self.session.ask("lspRepair/failures", {})})
        self.asked.append(self.session.ask("workspace/executeCommand", {"command": "lspRepair.run", "arguments": [{}]}))
        self.session.notify("$/cancelRequest", {"id": self.asked[-1]})
        self.session.notify("$/cancelRequest", {"id": number})

    @rule(number=st.integers(0, 20) | st.just("none of ours"))
    def answer_what_was_not_asked(self, number):
        self.session._send({"jsonrpc": "2.0", "id": f"{number}?", "result": None})

    @invariant()
    def it_answers(self):
        asked = {"textDocument": {"uri": self.session.uri("shop.py")}, "position": {"line": 1, "character": 0}}
        answer = self.session.reply(self.session.ask("textDocument/hover", asked), 30)
        assert "error" not in answer, answer

    def teardown(self):
        session = self.session
        if session.process.poll() is not None:
            pytest.fail("".join(session.stderr))
        for number in self.asked:
            answer = session.reply(number, 30)
            assert answer.get("error", {}).get("code") != INTERNAL, answer
        session.close()
        assert [each for each, times in Counter(session.answered).items() if times > 1] == []
        faults = [
            each["message"]
            for each in session.reported("window/logMessage")
            if not each["message"].startswith(NONSENSE)
        ]
        assert faults == []
        assert "Traceback" not in "".join(session.stderr), "".join(session.stderr)
        assert on_disk(session.root) == FILES


INTERNAL = -32603
NONSENSE = ("JsonRpcInvalidParams", "JsonRpcMethodNotFound", "JsonRpcInternalError: ValueError: Invalid IPv6 URL")


def on_disk(root):
    return {each.relative_to(root).as_posix(): each.read_bytes() for each in root.rglob("*") if each.is_file()}


@pytest.mark.timeout(0)
def test_any_client_in_any_order(editor, project):
    numbers = count()

    def start():
        return editor(project(FILES, f"project{next(numbers)}"), settings={"autonomy": "diagnose"})

    long = "LSP_REPAIR_FUZZ_EXAMPLES" in os.environ
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        derandomize=not long,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if long else [Phase.generate],
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(lambda: Clients(start), settings=how)

"""Machines that give no namespaces, or nothing at all: what is refused there, with what is missing, and what is not."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from endings import read_from

WEAKER = Path(__file__).parent / "weaker.py"
PATCH = """--- a/shop.py
+++ b/shop.py
@@ -1,2 +1,2 @@
 def total(a, b):
-    return a - b
+    return a + b
"""


@pytest.fixture
def shop(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "shop.py").write_text("def total(a, b):\n    return a - b\n")
    (root / "test_shop.py").write_text("from shop import total\n\ndef test_it():\n    assert total(2, 3) == 5\n")
    (tmp_path / "sum.patch").write_text(PATCH)
    return root


@pytest.fixture
def on(environ, tmp_path):
    """The command on such a machine: exit code, JSON, and what was printed."""

    def run(machine: str, *words: object):
        result = tmp_path / "result.json"
        command = [sys.executable, str(WEAKER), machine, sys.executable, "-m", "lsp_repair", *map(str, words)]
        command += ["--python", sys.executable, "--json", str(result)]
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=200, check=False
        )
        assert result.exists(), done.stderr
        return done.returncode, json.loads(result.read_text()), done.stdout + done.stderr

    return run


@pytest.mark.slow
def test_without_namespaces_the_users_code_is_repaired_and_the_tier_is_partial(on, shop):
    code, document, _ = on("no-namespaces", "fix", shop)
    assert (code, document["isolation"]["tier"], document["isolation"]["mechanism"]) == (0, "partial", "landlock")
    assert document["failures"][0]["status"] == "proposed"
    assert document["isolation"]["effects"]["home"] == "blocked"


@pytest.mark.parametrize("machine", ["no-namespaces", "no-sandbox"])
def test_a_foreign_patch_is_not_run_there(on, shop, tmp_path, machine):
    code, document, printed = on(machine, "check", shop, "--patch", tmp_path / "sum.patch")
    assert (code, document["error"]["code"], document["verdict"]) == (3, "isolation", "unproven")
    assert "strong" in printed


def test_the_user_may_say_otherwise(on, shop, tmp_path):
    code, document, _ = on(
        "no-namespaces", "check", shop, "--patch", tmp_path / "sum.patch", "--min-isolation", "partial"
    )
    assert (code, document["verdict"], document["isolation"]["tier"]) == (0, "plausible", "partial")


def test_a_repository_that_demands_more_is_heard_in_spite_of_it(on, shop):
    (shop / "pyproject.toml").write_text('[tool.lsp-repair]\nmin_isolation = "strong"\n')
    code, document, _ = on("no-namespaces", "fix", shop, "--min-isolation", "weak")
    assert (code, document["error"]["code"]) == (3, "isolation")


def test_without_any_sandbox_nothing_runs_unasked(on, shop):
    code, document, printed = on("no-sandbox", "fix", shop)
    assert (code, document["error"]["code"], document["failures"]) == (3, "isolation", [])
    assert "--min-isolation weak" in printed


@pytest.mark.slow
def test_the_weak_tier_is_taken_where_the_user_says_so_and_called_by_its_name(on, shop):
    code, document, printed = on("no-sandbox", "fix", shop, "--min-isolation", "weak")
    assert (code, document["isolation"]["tier"]) == (0, "weak")
    assert set(document["isolation"]["effects"].values()) == {"open"}
    assert "isolation weak" in printed


def test_explaining_runs_no_candidate_and_demands_nothing(on, shop):
    code, document, _ = on("no-sandbox", "explain", shop)
    assert (code, document["isolation"]["tier"]) == (1, "weak")
    assert document["failures"][0]["explanation"]


@pytest.mark.slow
def test_the_demo_works_on_every_machine(environ):
    done = subprocess.run(
        [sys.executable, str(WEAKER), "no-sandbox", sys.executable, "-m", "lsp_repair", "demo"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "isolation weak" in done.stdout


def answered(environ, words: list[str], answer: bytes) -> tuple[int, bytes]:
    """The command at a terminal, where somebody types; exit code and what was shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, str(WEAKER), "no-sandbox", sys.executable, "-m", *words], environ)
    os.write(terminal, answer)
    shown = b""
    while True:
        try:
            chunk = read_from(terminal, 4096)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


@pytest.mark.slow
def test_at_a_terminal_consent_is_asked_for_once(environ, shop):
    words = ["lsp_repair", "fix", str(shop), "--python", sys.executable]
    code, shown = answered(environ, words, b"n\n")
    assert (code, b"without a sandbox" in shown) == (3, True)
    code, shown = answered(environ, words, b"y\n")
    assert (code, b"isolation weak" in shown) == (0, True)
    code, shown = answered(environ, words, b"")
    assert (code, b"allow it from now on" in shown) == (0, False)


def test_consent_can_be_given_without_a_terminal_for_the_editor(environ, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "lsp_repair", "trust", "--weak-isolation"],
        env=environ,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0
    assert json.loads((tmp_path / "state" / "consents.json").read_text()) == ["weak-isolation"]

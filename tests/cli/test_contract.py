"""The JSON that other programs read, key by key and type by type, on every exit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
NUMBER = (int, float)
USAGE = {"input_tokens": int, "cached_tokens": int, "output_tokens": int, "reasoning_tokens": int}
FIX = {
    "schema": int,
    "root": (str, type(None)),
    "python": (str, type(None)),
    "seconds": NUMBER,
    "cpu_seconds": NUMBER,
    "tests": {"collected": int, "passed": int, "failed": int, "errors": int, "skipped": int},
    "failures": list,
    "candidates": {"tried": int, "made": int},
    "usage": USAGE,
    "cost_usd": (str, type(None)),
}
FAILURE = {
    "tests": list,
    "fingerprint": str,
    "status": str,
    "reason": (str, type(None)),
    "explanation": str,
    "candidates": {"tried": int, "made": int},
    "locations": list,
    "proposals": list,
    "question": (dict, type(None)),
    "attempts": list,
}
BEHAVIOUR = {"examples": list, "unchanged": int, "compared": int}
PROPOSAL = {
    "id": str,
    "origin": str,
    "title": str,
    "diff": str,
    "files": list,
    "grade": str,
    "behaviour": BEHAVIOUR,
    "evidence": {
        "targets_passed": list,
        "still_passing": int,
        "level": str,
        "runs": int,
        "not_applicable": list,
        "flags": list,
        "findings": list,
        "notes": list,
        "pinned_by": int,
        "alternatives_rejected": int,
    },
    "usage": USAGE,
    "cost_usd": (str, type(None)),
}
CHECK = {
    "schema": int,
    "root": (str, type(None)),
    "python": (str, type(None)),
    "seconds": NUMBER,
    "targets": list,
    "verdict": str,
    "reasons": list,
    "grade": (str, type(None)),
    "behaviour": (dict, type(None)),
    "pinned_by": (int, type(None)),
    "alternatives_rejected": (int, type(None)),
}
ERROR = {"code": str, "message": str, "hint": str}


def assert_shape(document, shape, where=""):
    for key, expected in shape.items():
        assert key in document, f"{where}{key} is missing"
        if isinstance(expected, dict):
            assert_shape(document[key], expected, f"{where}{key}.")
        else:
            assert isinstance(document[key], expected), f"{where}{key} is {document[key]!r}"


@pytest.fixture
def command(tmp_path):
    """Run a command with `--json -`; gives its exit code and the document, which has to be all of stdout."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))} | {
        "LSP_REPAIR_STATE": str(tmp_path / "state"),
        "LSP_REPAIR_CACHE": str(tmp_path / "cache"),
        "LSP_REPAIR_CONFIG": str(tmp_path / "config.toml"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }

    def run(*words: object) -> tuple[int, dict[str, object]]:
        done = subprocess.run(
            [sys.executable, "-m", "lsp_repair", *map(str, words), "--json", "-"],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.fixture
def project(tmp_path):
    return Path(shutil.copytree(FIXTURES / "stockroom_reorder" / "project", tmp_path / "stockroom"))


def test_a_repair(command, project):
    code, document = command("fix", project, "--python", sys.executable)
    statuses = {failure["status"] for failure in document["failures"]}
    assert code == (0 if statuses == {"proposed"} else 1)
    assert_shape(document, FIX)
    assert document["schema"] == 2
    assert document["root"] == str(project)
    assert document["isolation"]["tier"] in {"strong", "partial", "weak"}
    assert set(document["isolation"]["effects"].values()) <= {"blocked", "open", "not probed"}
    for failure in document["failures"]:
        assert_shape(failure, FAILURE)
        assert failure["status"] in {"proposed", "possible", "unrepaired", "unproven", "flaky", "environment"}
        for location in failure["locations"]:
            assert_shape(location, {"path": str, "line": int, "suspiciousness": NUMBER})
        for proposal in failure["proposals"]:
            assert_shape(proposal, PROPOSAL)
            assert proposal["origin"] == "search"
            assert proposal["grade"] in {"proved", "possible"}
            for example in proposal["behaviour"]["examples"]:
                assert_shape(example, {"call": str, "before": str, "after": str})
            assert proposal["evidence"]["level"] in {"affected", "file", "full"}
            assert proposal["cost_usd"] == "0"


def test_a_check_that_passes_and_one_that_is_refused(command, project, tmp_path):
    code, document = command("fix", project, "--python", sys.executable)
    patch = tmp_path / "fix.patch"
    patch.write_text(document["failures"][0]["proposals"][0]["diff"])
    code, document = command("check", project, "--patch", patch, "--python", sys.executable, "--min-isolation", "weak")
    assert (code, document["verdict"]) == (0, "plausible")
    assert_shape(document, {**CHECK, "evidence": PROPOSAL["evidence"]})
    patch.write_text("--- a/tests/none.py\n+++ b/tests/none.py\n@@ -1 +1 @@\n-a\n+b\n")
    code, document = command("check", project, "--patch", patch, "--python", sys.executable, "--min-isolation", "weak")
    assert (code, document["verdict"]) == (1, "rejected")
    assert_shape(document, CHECK)
    assert document["reasons"]


@pytest.mark.parametrize("words", [["nowhere"], [".", "--python", "/no/such/python"], [".", "--test", "t.py::x"]])
def test_an_error_has_the_whole_document_with_code_message_and_way_out(command, words):
    code, document = command("fix", *words)
    assert code in {2, 4}
    assert_shape(document, {**FIX, "error": ERROR})

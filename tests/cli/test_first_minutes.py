"""What a newcomer types first is answered in words."""

import json
import os
import subprocess
import sys

import pytest

from lsp_repair.cli.arguments import SHELLS


@pytest.fixture
def command(tmp_path):
    def run(*words: str, **environ: str):
        own = {
            "LSP_REPAIR_CONFIG": "none.toml",
            "XDG_STATE_HOME": str(tmp_path / "s"),
            "XDG_CACHE_HOME": str(tmp_path / "c"),
        }
        return subprocess.run(
            [sys.executable, "-m", "lsp_repair", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **own, **environ},
        )

    return run


def test_the_command_alone_prints_its_help(command):
    ran = command()
    assert (ran.returncode, ran.stdout.startswith("usage: lsp-repair")) == (2, True)


def test_a_test_is_named_as_for_pytest(command, tmp_path):
    (tmp_path / "test_a.py").write_text("def test_one():\n    assert 1 == 2\n\n\ndef test_two():\n    assert 1 == 2\n")
    ran = command("explain", "test_a.py::test_two", "--json", "-", "--python", sys.executable)
    assert [each["tests"] for each in json.loads(ran.stdout)["failures"]] == [["test_a.py::test_two"]]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_given_completions(command, shell):
    ran = command("completion", shell)
    assert ran.returncode == 0
    assert "explain" in ran.stdout


def test_what_the_ledger_keeps_is_not_removed_without_a_word(command, tmp_path):
    command("report")
    kept = list((tmp_path / "s").rglob("ledger.sqlite3"))
    assert kept
    ran = command("clean", "--state")
    assert (ran.returncode, kept[0].exists()) == (2, True)
    assert "--yes" in ran.stderr + ran.stdout
    assert command("clean", "--state", "--yes").returncode == 0
    assert not kept[0].exists()


def test_doctor_tells_programs_too_what_was_chosen_and_what_is_left_out(command, tmp_path):
    (tmp_path / "test_a.py").write_text("def test_one():\n    pass\n")
    (tmp_path / ".env").write_text("A=b\n")
    ran = command("doctor", ".", "--python", sys.executable, "--json", "-")
    said = json.loads(ran.stdout)
    assert (ran.returncode, said["python"], said["chosen_by"]) == (0, sys.executable, "--python")
    assert said["withheld"] == [{"path": ".env", "why": "may contain secrets"}]
    assert said["isolation"]["tier"] in {"strong", "partial", "weak"}


def test_a_report_page_is_named_by_its_path_alone(command, tmp_path):
    ran = command("report", "--html", "page.html")
    assert ran.stdout.strip() == str(tmp_path / "page.html")

"""A real model that is too weak to repair anything: the tool survives it, counts right, and says so."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
from endings import running

CODE = '''"""Figures."""


def roman(number):
    """A number in Roman figures."""
    return str(number)
'''
TESTS = """from figures import roman


def test_roman():
    assert [roman(each) for each in (9, 14, 40)] == ["IX", "XIV", "XL"]


def test_text():
    assert isinstance(roman(3), str)
"""
FILES = {
    "figures.py": CODE,
    "test_figures.py": TESTS,
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
}
STRATEGIES = (
    "cascade:rounds=1",
    "self-repair",
    "self-repair:n_fr=1,n_p=2",
    "reflexion:trials=2,tests=2",
    "sequential:k=1,correction=both",
    "direct:n=2",
)
MODEL = '[repair_model]\nmodel = "smollm2"\nbase_url = "{url}"\nprice = 0\nmax_output_tokens = {limit}\n'


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text, "utf-8")
    return root


@pytest.fixture
def configure(tmp_path):
    return lambda server, limit=60: (tmp_path / "config.toml").write_text(MODEL.format(url=server.url, limit=limit))


@pytest.fixture
def calls(tmp_path):
    """Outcome, prompt and sampled tokens of every call in the books."""

    def read():
        with sqlite3.connect(tmp_path / "state" / "ledger.sqlite3") as ledger:
            return ledger.execute("SELECT outcome, input_tokens, output_tokens, estimated FROM charge").fetchall()

    return read


def eventually(condition, seconds=30.0):
    """Asked again and again, for it is another process's word."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        pause.wait(0.02)
    return False


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_ends_and_the_books_are_the_servers_own_count(
    lsp_repair, real_server, configure, project, calls, strategy
):
    server = real_server()
    configure(server)
    ran = lsp_repair("fix", project, "--strategy", strategy, "--time-limit", "200", "--max-tokens", "none")
    assert ran.code in {0, 1}
    booked = calls()
    assert booked
    assert {outcome for outcome, *_ in booked} <= {"ok", "truncated"}
    assert {estimated for *_, estimated in booked} == {0}
    assert (sum(each[1] for each in booked), sum(each[2] for each in booked)) == server.counted
    assert ran.json["usage"]["input_tokens"] == server.counted[0]
    assert {path.name: path.read_text() for path in project.iterdir() if path.is_file()} == FILES


def command(project):
    return [
        sys.executable,
        "-m",
        "lsp_repair",
        "fix",
        str(project),
        "--strategy",
        "self-repair",
        "--python",
        sys.executable,
    ]


def test_ctrl_c_while_the_model_samples_ends_both(real_server, configure, project, environ, calls):
    server = real_server()
    configure(server, limit=4_000)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command(project), env=environ, **quiet) as process:
        assert eventually(lambda: server.is_busy, 90)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert eventually(lambda: not server.is_busy)
    ((outcome, _, sampled, estimated),) = calls()
    assert (outcome, sampled, estimated) == ("cancelled", 4_000, 1)


def test_a_server_that_is_started_anew_in_the_middle_is_asked_again(real_server, configure, project, environ, calls):
    server = real_server()
    configure(server, limit=400)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command(project), env=environ, limit=240, **quiet) as process:
        assert eventually(lambda: server.is_busy, 90)
        server.stop()
        server.begin()
        assert process.wait(timeout=230) in {0, 1}
    outcomes = [outcome for outcome, *_ in calls()]
    assert outcomes[0] in {"network", "truncated"}
    assert outcomes[-1] in {"ok", "truncated"}
    assert len(outcomes) > 2
    assert server.counted[1] > 0


def test_a_small_context_gets_a_small_prompt(lsp_repair, real_server, configure, project, calls):
    padding = "".join(
        f"    # {number}: the number is one of those that occur in the years of emperors\n" for number in range(60)
    )
    (project / "figures.py").write_text(CODE.replace("    return", padding + "    return", 1))
    server = real_server(640)
    configure(server)
    lsp_repair("fix", project, "--strategy", "direct:n=2", "--time-limit", "120", "--max-tokens", "none")
    outcomes = [outcome for outcome, *_ in calls()]
    assert outcomes[0] == "too-long"
    assert outcomes[-1] in {"ok", "truncated"}
    assert outcomes.count("too-long") <= 3


def test_a_model_that_the_server_does_not_have_is_not_needed_for_its_answer(
    lsp_repair, real_server, configure, project
):
    """llama.cpp serves its one model under every name, and says which."""
    server = real_server()
    configure(server)
    ran = lsp_repair("explain", project)
    assert "explained this failure" in ran.out or "gave no explanation" in ran.out
    assert "tokens" in ran.out


def test_the_check_says_that_the_model_is_too_weak(lsp_repair, real_server, configure, tmp_path):
    server = real_server()
    configure(server)
    ran = lsp_repair("models", "check", "--json", tmp_path / "check.json", "--time-limit", "220")
    (found,) = json.loads((tmp_path / "check.json").read_text())["models"]
    assert (ran.code, found["fit"]) == (1, False)
    assert "not fit" in ran.out
    is_exact = found["complete"] and not any("cancelled" in each["detail"] for each in found["answers"])
    assert found["tokens"] == sum(server.counted) if is_exact else found["tokens"] >= sum(server.counted)

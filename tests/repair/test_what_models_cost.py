"""What a command says of its models: what was asked and what it cost, or why nothing was; prices that nobody knows."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest
from endings import running
from endpoint import error
from figures_project import lay_out

FEEDBACK = "Greatest and smallest are mixed up."
PRICE = "price = { input = 1, output = 4 }\n"


@pytest.fixture
def project(tmp_path):
    return lay_out(tmp_path)


@pytest.fixture
def configure(tmp_path):
    def write(server, price=PRICE, more=""):
        table = f'[repair_model]\nmodel = "strong"\nbase_url = "{server.url}"\n{price}{more}'
        (tmp_path / "config.toml").write_text(table)

    return write


def test_explain_says_who_explained_it_and_what_that_cost(lsp_repair, project, scripted, configure):
    server = scripted(lambda _: FEEDBACK)
    configure(server)
    ran = lsp_repair("explain", project)
    assert FEEDBACK in ran.out
    assert f"strong@{server.url} explained this failure: " in ran.out
    assert f"${ran.json['cost_usd']}" in ran.out
    (failure,) = ran.json["failures"]
    assert "explained this failure" in failure["detail"]
    assert len(server.requests) == 1


UNHEARD = {
    "refused": (error(401, "Incorrect API key"), ["unauthorised", "needs a key", "0 tokens"]),
    "not there": (error(404, "The model `strong` does not exist"), ["not-found", "does not exist", "0 tokens"]),
    "cut": (("", "length"), ["gave no explanation", "max_output_tokens", "tokens, $0.0"]),
    "empty": ("", ["gave no explanation", "malformed"]),
}


@pytest.mark.parametrize("name", UNHEARD)
def test_explain_says_why_there_is_no_word_of_the_model(lsp_repair, project, scripted, configure, name):
    reply, words = UNHEARD[name]
    server = scripted(lambda _: reply)
    configure(server)
    ran = lsp_repair("explain", project)
    for each in words:
        assert each in ran.out
    assert "mixed up" not in ran.out


def test_explain_says_that_a_hint_takes_the_models_place(lsp_repair, project, scripted, configure):
    server = scripted(lambda _: FEEDBACK)
    configure(server)
    ran = lsp_repair("explain", project, "--hint", "they are swapped")
    assert "was not asked: the hint takes its place" in ran.out
    assert server.requests == []


def test_explain_says_that_every_file_is_kept_from_models(lsp_repair, project, scripted, configure):
    server = scripted(lambda _: FEEDBACK)
    configure(server)
    (project / ".aiignore").write_text("figures.py\n")
    ran = lsp_repair("explain", project)
    assert "no model was asked: every suspicious file is kept from models" in ran.out
    assert server.requests == []


def test_explain_without_a_model_says_that_none_is_configured(lsp_repair, project):
    assert "models: none is configured" in lsp_repair("explain", project).err


@pytest.mark.parametrize("command", ["explain", "fix"])
def test_a_run_that_is_interrupted_says_what_was_asked_and_what_it_cost(
    project, scripted, configure, environ, tmp_path, command
):
    server = scripted(None)
    configure(server)
    words = [sys.executable, "-m", "lsp_repair", command, str(project), "--python", sys.executable]
    words += ["--json", str(tmp_path / "cut.json"), *(["--strategy", "self-repair"] if command == "fix" else [])]
    with running(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert server.arrived()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 130
    assert f"stopped after strong@{server.url} was asked once: " in out
    assert " tokens, $0.0" in out
    document = json.loads((tmp_path / "cut.json").read_text())
    assert document["error"]["code"] == "interrupted"
    assert document["cost_usd"] != "0"


@pytest.mark.slow
def test_a_run_whose_time_is_over_says_what_was_asked(lsp_repair, project, scripted, configure):
    server = scripted(None)
    configure(server)
    ran = lsp_repair("fix", project, "--strategy", "self-repair", "--time-limit", "12")
    assert "was asked once" in ran.out


def test_a_model_of_unknown_price_on_this_machine_is_refused_with_the_flag_that_helps(
    lsp_repair, project, scripted, configure
):
    server = scripted(lambda _: FEEDBACK)
    configure(server, price="")
    ran = lsp_repair("explain", project)
    assert "--price 0 if it is free" in ran.out
    assert server.requests == []
    assert lsp_repair("explain", project, "--price", "0").json["cost_usd"] == "0"
    assert len(server.requests) == 1


def test_a_price_for_one_command_is_what_is_booked_and_never_replaces_a_known_one(
    lsp_repair, project, scripted, configure
):
    server = scripted(lambda _: FEEDBACK)
    configure(server, price="")
    ran = lsp_repair("explain", project, "--price", "2/8")
    ((prompt, sampled),) = server.reported_usage
    assert float(ran.json["cost_usd"]) == pytest.approx((2 * prompt + 8 * sampled) / 1e6)
    configure(server)
    again = lsp_repair("explain", project, "--price", "0")
    assert float(again.json["cost_usd"]) > 0


@pytest.mark.parametrize("price", ["free", "1", "1/", "-1/2", "1/none", "none"])
def test_a_price_that_is_none_is_wrong_usage(lsp_repair, project, price):
    ran = lsp_repair("explain", project, f"--price={price}")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


def test_in_a_terminal_the_question_is_asked_once_and_the_answer_kept(project, scripted, configure, environ, tmp_path):
    server = scripted(lambda _: FEEDBACK)
    configure(server, price="")
    command = [sys.executable, "-m", "lsp_repair", "explain", str(project), "--python", sys.executable]
    assert typed([*command, "--json", str(tmp_path / "first.json")], environ, b"y\n").count(b"Is it free? [y/N]") == 1
    assert len(server.requests) == 1
    assert json.loads((tmp_path / "first.json").read_text())["cost_usd"] == "0"
    assert b"Is it free?" not in typed(command, environ, b"")
    assert len(server.requests) == 2


def typed(command, environ, words):
    """What a command wrote to a terminal on which these words are typed."""
    ours, its = pty.openpty()
    with running(command, env=environ | {"TERM": "dumb"}, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        os.write(ours, words)
        written = b""
        while True:
            try:
                read = os.read(ours, 4096)
            except OSError:
                break
            written += read
        process.wait(timeout=100)
    os.close(ours)
    return written

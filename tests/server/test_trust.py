"""Without the user's trust nothing of a workspace runs, and the way out is said once."""

import subprocess
import sys

import pytest

CAN_ASK = {"window": {"showMessage": {}}, "workspace": {"configuration": True}}
WAY = "lsp-repair trust"


@pytest.fixture
def marking(project, tmp_path):
    """A project whose interpreter leaves a file behind where it is started: its tests could not, in their sandbox."""
    ran = tmp_path / "ran"
    text = "def test_it():\n    assert 1 == 2\n"
    return project({"pyproject.toml": "[tool.pytest.ini_options]\n", "test_it.py": text, "conftest.py": ""}), ran


@pytest.fixture
def untrusted(tmp_path):
    """Options of an editor that has not said whom it trusts."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n: > {tmp_path / "ran"}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return {"status": True, "settings": {"autonomy": "diagnose", "python": str(python)}}


def until_refused(session):
    session.wait(lambda: session.status and session.status["phase"] == "untrusted")


def test_nothing_runs_and_the_way_out_is_said_once_to_who_cannot_be_asked(editor, untrusted, marking):
    root, ran = marking
    session = editor(root, options=untrusted, settings=untrusted["settings"], capabilities={})
    session.open("test_it.py")
    until_refused(session)
    session.save("test_it.py")
    session.execute("lspRepair.run", {"root": str(root)})
    session.wait(lambda: session.reported("window/showMessage"))
    (message,) = session.reported("window/showMessage")
    assert f"{WAY} {root}" in message["message"]
    assert session.asked("window/showMessageRequest") == []
    session.close()
    assert not ran.exists()


def test_who_does_not_answer_the_question_is_not_waited_for(editor, untrusted, marking):
    root, ran = marking
    session = editor(
        root,
        options=untrusted,
        settings=untrusted["settings"],
        capabilities=CAN_ASK,
        silent_on={"window/showMessageRequest"},
    )
    session.open("test_it.py")
    session.wait(lambda: session.asked("window/showMessageRequest"))
    assert session.actions("test_it.py", 0) == []
    session.close()
    assert not ran.exists()


@pytest.mark.parametrize("answer", [None, {"title": "Not now"}])
def test_no_is_no(editor, untrusted, marking, answer):
    root, ran = marking
    session = editor(root, options=untrusted, settings=untrusted["settings"], capabilities=CAN_ASK)
    session.answers["window/showMessageRequest"] = answer
    session.wait(lambda: session.asked("window/showMessageRequest"))
    session.save_again("test_it.py")
    until_refused(session)
    session.close()
    assert len(session.asked("window/showMessageRequest")) == 1
    assert not ran.exists()


def test_yes_is_kept(editor, untrusted, marking):
    root, ran = marking
    session = editor(
        root,
        options=untrusted,
        settings=untrusted["settings"],
        capabilities=CAN_ASK,
        answers={"window/showMessageRequest": {"title": "Trust"}},
    )
    session.idle(failing=1)
    assert ran.exists()
    again = editor(root, options=untrusted, settings=untrusted["settings"], capabilities=CAN_ASK)
    again.idle(failing=1)
    assert again.asked("window/showMessageRequest") == []


def test_trust_given_on_the_command_line_counts_from_the_next_save(editor, untrusted, marking, environ):
    root, ran = marking
    session = editor(root, options=untrusted, settings=untrusted["settings"], capabilities={})
    session.open("test_it.py")
    until_refused(session)
    assert not ran.exists()
    subprocess.run([sys.executable, "-m", "lsp_repair", "trust", str(root)], env=environ, check=True, timeout=120)
    session.save("test_it.py")
    session.idle(failing=1)
    assert ran.exists()


def test_trust_given_by_the_command_counts_at_once(editor, untrusted, marking):
    root, ran = marking
    session = editor(root, options=untrusted, settings=untrusted["settings"], capabilities={})
    until_refused(session)
    session.execute("lspRepair.trust", {"root": str(root)})
    session.idle(failing=1)
    assert ran.exists()


@pytest.mark.slow
def test_an_editor_that_does_not_trust_the_folder_is_not_asked_again(editor, project):
    root = project()
    session = editor(root, options={"trusted": False, "status": True})
    session.save_again("shop.py")
    session.wait(lambda: session.status and session.status["phase"] == "untrusted")
    assert "the editor does not trust the folder" in session.status["text"]
    assert session.asked("window/showMessageRequest") == []
    session.execute("lspRepair.trust", {"root": str(root)})
    session.idle(failing=1)

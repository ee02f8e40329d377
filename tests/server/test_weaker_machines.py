"""Where no sandbox is: the editor asks once, and without a yes nothing is repaired."""

import json
import sys
from pathlib import Path

import pytest

WEAKER = Path(__file__).parents[1] / "repair" / "weaker.py"
NO_SANDBOX = (sys.executable, str(WEAKER), "no-sandbox")
DIALOGUE = "window/showMessageRequest"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="filters system calls")


def answering(button):
    return {DIALOGUE: None if button is None else {"title": button}}


@pytest.mark.slow
def test_the_editor_is_asked_and_a_yes_repairs_and_is_kept(editor, project, tmp_path):
    session = editor(project(), through=NO_SANDBOX, answers=answering("Allow without a sandbox"))
    session.idle(failing=1, proposals=1)
    (asked,) = session.asked(DIALOGUE)
    assert "lsp-repair trust --weak-isolation" in asked["message"]
    assert [each["title"] for each in asked["actions"]] == ["Allow without a sandbox", "Not now"]
    assert json.loads((tmp_path / "state" / "consents.json").read_text()) == ["weak-isolation"]
    again = editor(project(), through=NO_SANDBOX)
    again.idle(failing=1, proposals=1)
    assert again.asked(DIALOGUE) == []


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize("button", ["Not now", None])
def test_without_a_yes_failures_are_explained_and_nothing_is_repaired(editor, project, tmp_path, button):
    session = editor(project(), through=NO_SANDBOX, answers=answering(button))
    session.wait(lambda: session.asked(DIALOGUE), what="the dialogue")
    session.idle(failing=1, proposals=0)
    session.open("shop.py")
    session.save("shop.py", session.texts["shop.py"] + "\n")
    session.idle(failing=1, proposals=0)
    assert len(session.asked(DIALOGUE)) == 1
    assert not (tmp_path / "state" / "consents.json").exists()


@pytest.mark.slow
def test_a_client_without_dialogues_is_told_the_command(editor, project):
    session = editor(project(), through=NO_SANDBOX, capabilities={"workspace": {"configuration": True}})
    session.wait(
        lambda: any("trust --weak-isolation" in each["message"] for each in session.reported("window/showMessage")),
        what="the command",
    )
    assert session.asked(DIALOGUE) == []

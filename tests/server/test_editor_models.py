"""Models of the editor: asked through the client, metered like any other, cancelled with the repair."""

import sqlite3
import sys
from contextlib import closing

import pytest

from tests.server.test_settings import ANSWER, HARD

LENT = {"trusted": True, "status": True, "editorModels": True}
FREE = {"python": sys.executable, "repairModel": {"model": "fake", "preset": "editor", "price": 0}}
UNCAPPED = {f"maxUsdPer{each}": "none" for each in ("Fix", "Session", "Day")}
GOOD = {"text": ANSWER, "modelId": "fake-1"}


@pytest.fixture
def client_models(editor, project):
    """An editor whose models give the same answer to everything."""

    def start(answer=GOOD, *, settings=None, options=LENT, **how):
        session = editor(
            project(HARD),
            settings=settings or FREE,
            options=options,
            answers={"lspRepair/chat": answer},
            **how,
        )
        session.open("test_words.py")
        session.idle(failing=1, proposals=0)
        return session

    return start


def repair(session):
    offered = next(each for each in session.actions("test_words.py", 4) if "Repair this failure" in each["title"])
    session.execute("lspRepair.repair", offered["command"]["arguments"][0])
    return offered["title"]


def outcomes(tmp_path):
    with closing(sqlite3.connect(tmp_path / "state" / "ledger.sqlite3")) as ledger:
        return ledger.execute("SELECT model, host, outcome, pico FROM charge").fetchall()


def test_the_editors_model_gives_a_proved_fix_and_its_calls_are_in_the_books(client_models, tmp_path):
    session = client_models()
    assert session.asked("lspRepair/chat") == []
    repair(session)
    session.idle(failing=1, proposals=1)
    asked = session.asked("lspRepair/chat")
    assert {each["modelId"] for each in asked} == {"fake"}
    assert all(each["messages"] and each["maxOutputTokens"] > 0 for each in asked)
    assert outcomes(tmp_path) == [("fake", "editor", "ok", 0)] * len(asked)


@pytest.mark.slow
def test_an_editor_that_lends_its_models_is_asked_where_no_other_is_named(client_models):
    session = client_models(settings={"python": sys.executable, **UNCAPPED})
    repair(session)
    session.idle(failing=1, proposals=1)
    assert session.asked("lspRepair/chat")
    assert all("modelId" not in each for each in session.asked("lspRepair/chat"))


@pytest.mark.slow
def test_an_unknown_price_is_not_asked_below_a_cap(client_models):
    session = client_models(settings={"python": sys.executable})
    repair(session)
    session.idle(failing=1, proposals=0)
    assert session.asked("lspRepair/chat") == []
    assert "price" in session.execute(
        "lspRepair.explain", {"root": str(session.root), "failure": "test_words.py::test_words"}
    )


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize("answer", [{"error": "the user said no"}, {"text": 7}, {}, [1], "text"])
def test_an_editor_that_gives_no_text_stops_no_repair(client_models, answer):
    session = client_models(answer)
    repair(session)
    session.idle(failing=1, proposals=0)
    assert session.asked("lspRepair/chat")


@pytest.mark.slow
def test_cancelling_the_repair_cancels_the_request(client_models):
    session = client_models(silent_on={"lspRepair/chat"})
    repair(session)
    session.wait(lambda: session.asked("lspRepair/chat"))
    (number,) = [each["id"] for each in session.requests if each["method"] == "lspRepair/chat"]
    session.execute("lspRepair.cancel", {"root": str(session.root)})
    session.wait(lambda: session.reported("$/cancelRequest"))
    assert session.reported("$/cancelRequest") == [{"id": number}]


def test_an_editor_that_lends_nothing_is_not_asked_and_the_way_out_is_said(client_models):
    session = client_models(options={"trusted": True, "status": True})
    repair(session)
    session.wait(lambda: "useEditorModels" in str(session.status))
    assert session.asked("lspRepair/chat") == []


@pytest.mark.slow
def test_a_hint_without_a_model_says_that_it_has_no_reader(editor, project):
    session = editor(project(HARD))
    session.open("test_words.py")
    session.idle(failing=1, proposals=0)
    retry = next(each for each in session.actions("test_words.py", 4) if "hint" in each["title"])["command"]
    session.execute(retry["command"], retry["arguments"][0] | {"hint": "words that end in x take es"})
    session.wait(lambda: session.reported("window/showMessage"))
    assert "Your hint leads the built-in engine" in session.reported("window/showMessage")[-1]["message"]

"""How far the server goes, and at whose word."""

import sys

import pytest
from endpoint import said, serving

PUSHING = {"window": {"showMessage": {}}}
HARD = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "words.py": "def plural(word):\n    return word\n",
    "test_words.py": "from words import plural\n\n\ndef test_words():\n    assert plural('cat') == 'cats'\n"
    "    assert plural('box') == 'boxes'\n",
}
ANSWER = (
    "words.py\n```python\n<<<<<<< SEARCH\n    return word\n=======\n"
    "    return word + ('es' if word.endswith('x') else 's')\n>>>>>>> REPLACE\n```\n"
)


def phases(session):
    return {each["phase"] for each in session.reported("lspRepair/status")}


def test_off_runs_nothing(editor, project):
    session = editor(project(), settings={"python": sys.executable, "autonomy": "off"})
    session.save_again("shop.py")
    assert session.actions("shop.py", 1) == []
    session.close()
    assert phases(session) <= {"idle"}


def test_diagnose_looks_for_no_repairs(editor, project):
    session = editor(project(), settings={"python": sys.executable, "autonomy": "diagnose"})
    session.until_found("test_shop.py", "fails")
    session.idle(failing=1)
    assert "repairing" not in phases(session)


def test_explain_proposes_nothing(editor, project):
    session = editor(project(), settings={"python": sys.executable, "autonomy": "explain"})
    session.idle(failing=1, proposals=0)
    assert "repairing" in phases(session)
    session.until_found("shop.py", "Probable cause")


def test_a_change_of_the_settings_is_pulled_and_followed(editor, project):
    session = editor(project(), settings={"python": sys.executable, "autonomy": "off"})
    session.request("lspRepair/failures", {})
    for autonomy, failing in (("diagnose", 1), ("off", 0)):
        session.settings["autonomy"] = autonomy
        session.notify("workspace/didChangeConfiguration", {"settings": None})
        session.idle(failing=failing)
    assert session.diagnostics[session.uri("test_shop.py")] == []


@pytest.mark.slow
def test_a_client_that_cannot_be_asked_gives_settings_at_the_start_and_sends_changes(editor, project):
    given = {"trusted": True, "status": True, "settings": {"python": sys.executable, "autonomy": "diagnose"}}
    session = editor(project(), options=given, capabilities=PUSHING)
    session.idle(failing=1, proposals=0)
    session.notify("workspace/didChangeConfiguration", {"settings": {"lspRepair": {"autonomy": "propose"}}})
    session.idle(failing=1, proposals=1)


def test_a_client_that_refuses_the_question_has_no_settings(editor, project):
    session = editor(project(), refuses={"workspace/configuration"})
    session.wait(lambda: session.asked("workspace/configuration"))
    session.until_found("test_shop.py", "fails")


def test_each_folder_has_its_own_interpreter(editor, project):
    one, other = project(name="one"), project(name="other")
    scoped = {other.as_uri(): {"python": "/nowhere/python"}}
    session = editor(one, folders=[one, other], scoped=scoped, autonomy="diagnose")
    session.wait(lambda: {("one", "idle"), ("other", "broken")} <= ended(session))


def ended(session):
    return {(each["root"].rpartition("/")[2], each["phase"]) for each in session.reported("lspRepair/status")}


def test_a_setting_that_makes_no_sense_is_told_in_the_status(editor, project):
    session = editor(project(), settings={"python": sys.executable, "maxUsdPerFix": "plenty"})
    session.wait(lambda: session.status and session.status["phase"] == "broken")
    assert "max_usd_per_fix" in session.status["text"]


def test_tests_run_at_the_users_word_only_when_they_want_it_so(editor, project):
    session = editor(project(), settings={"python": sys.executable, "runOn": "manual", "autonomy": "diagnose"})
    session.save_again("shop.py")
    assert session.actions("shop.py", 1) == []
    assert phases(session) == set()
    session.execute("lspRepair.run", {"root": str(session.root)})
    session.idle(failing=1)


@pytest.fixture
def endpoint(tmp_path):
    with serving() as server:
        server.answers_with(lambda _: said(ANSWER))
        (tmp_path / "config.toml").write_text(
            f'repair_model = {{ model = "scripted", base_url = "{server.url}", price = 0 }}\n', "utf-8"
        )
        yield server


@pytest.mark.slow
def test_models_are_asked_at_the_users_word_with_the_hint_that_was_given_and_never_before(editor, project, endpoint):
    session = editor(project(HARD))
    session.open("test_words.py")
    session.idle(failing=1, proposals=0)
    assert endpoint.requests == []
    actions = session.actions("test_words.py", 4)
    repair = next(each for each in actions if "Repair this failure" in each["title"])
    assert "models may be asked, at most $0.10" in repair["title"]
    about = repair["command"]["arguments"][0]
    session.execute("lspRepair.repair", about | {"models": False})
    session.idle(failing=1, proposals=0)
    retry = next(each for each in actions if "hint" in each["title"])["command"]
    session.execute(retry["command"], *retry["arguments"])
    session.wait(lambda: session.reported("window/showMessage"))
    assert endpoint.requests == []
    session.execute("lspRepair.repair", about)
    session.idle(failing=1, proposals=1)
    unhinted = list(endpoint.requests)
    assert unhinted
    session.execute(retry["command"], retry["arguments"][0] | {"hint": "words that end in x take es"})
    session.wait(lambda: session.status["phase"] == "repairing")
    session.idle(failing=1, proposals=1)
    assert b"words that end in x take es" in endpoint.requests[len(unhinted)].body
    assert all(b"take es" not in each.body for each in unhinted)

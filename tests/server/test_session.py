"""A session in an editor: what fails is shown, what was proved is offered, and nothing changes before the click."""

import sys

import pytest

SPOT = {"line": 1, "character": 4}
SHOP_TEXT = "def is_cheap(price, limit):\n    return price < limit\n"
HOSTILE = "def test_it(case):\n    assert not case\n"


def accept(actions):
    return next(each for each in actions if each["title"].startswith("Accept fix:"))


def titles(actions):
    return [each["title"] for each in actions]


@pytest.fixture(scope="module")
def shop(shared_desk):
    session = shared_desk.editor(shared_desk.project())
    session.open("shop.py")
    session.open("test_shop.py")
    return session


@pytest.fixture
def session(shop):
    """The shop with its failure found, and its fix; what an earlier test mended is broken again."""
    if shop.texts["shop.py"] != SHOP_TEXT:
        shop.save("shop.py", SHOP_TEXT)
    shop.idle(failing=1, proposals=1)
    return shop


@pytest.fixture
def decisions(shared_desk):
    """Those of this test."""
    before = len(shared_desk.decisions())
    return lambda: shared_desk.decisions()[before:]


def hover(session, path, line):
    position = {"textDocument": {"uri": session.uri(path)}, "position": {"line": line, "character": 4}}
    answer = session.request("textDocument/hover", position)
    return answer and answer["contents"]["value"]


def test_a_failure_is_diagnosed_at_the_assertion_and_at_its_cause_which_name_each_other(session):
    (cause,) = session.diagnostics[session.uri("shop.py")]
    (failure,) = session.diagnostics[session.uri("test_shop.py")]
    assert cause["source"] == failure["source"] == "lsp-repair"
    assert (cause["range"]["start"]["line"], failure["range"]["start"]["line"]) == (1, 4)
    assert (cause["severity"], failure["severity"]) == (2, 1)
    assert "Fix available" in cause["message"]
    assert cause["relatedInformation"][0]["location"]["uri"] == session.uri("test_shop.py")
    assert failure["relatedInformation"][0]["location"]["uri"] == session.uri("shop.py")


def test_an_accepted_fix_is_the_editors_to_save_is_recorded_once_its_text_is_there_and_can_be_taken_back(
    session, decisions
):
    before = (session.root / "shop.py").read_bytes()
    action = accept(session.actions("shop.py", 1))
    assert action["isPreferred"]
    assert "0 tokens" in action["title"]
    session.choose(action)
    assert "<=" in session.texts["shop.py"]
    session.idle(failing=0)
    assert session.diagnostics[session.uri("shop.py")] == session.diagnostics[session.uri("test_shop.py")] == []
    assert (session.root / "shop.py").read_bytes() == before  # the editor has not saved it yet
    session.save("shop.py")
    session.idle(failing=0)
    for answer in ({"applied": False}, "an error"):  # an editor that does not take the edit back has reverted nothing
        session.answers["workspace/applyEdit"] = answer
        session.refuses = {"workspace/applyEdit"} if answer == "an error" else set()
        session.execute("lspRepair.revert", action["command"]["arguments"][0])
        assert decisions() == ["accepted"]
    session.answers.clear()
    session.refuses = set()
    session.execute("lspRepair.revert", action["command"]["arguments"][0])
    session.idle(failing=1)
    assert session.texts["shop.py"] == SHOP_TEXT
    assert decisions() == ["accepted", "reverted"]


def test_what_is_mended_by_hand_is_cleared_after_the_save(session):
    session.save("shop.py", SHOP_TEXT.replace("<", "<="))
    session.idle(failing=0)
    assert session.diagnostics[session.uri("shop.py")] == session.diagnostics[session.uri("test_shop.py")] == []


@pytest.mark.slow
def test_an_edit_that_did_not_arrive_as_it_was_proved_is_stale_and_the_failure_is_checked_again(session, decisions):
    action = accept(session.actions("shop.py", 1))
    session.change("shop.py", "def is_cheap(price, limit):\n    return price < limit  # mine\n")
    session.execute(action["command"]["command"], *action["command"]["arguments"])
    session.wait(lambda: any("checked again" in each["message"] for each in session.reported("window/showMessage")))
    session.idle(failing=1, proposals=1)
    assert decisions() == ["stale"]
    session.choose(accept(session.actions("shop.py", 1)))  # proved anew, on the text that is there now
    assert "<=" in session.texts["shop.py"]
    assert "# mine" in session.texts["shop.py"]


def test_a_text_that_was_changed_since_has_nothing_to_accept(session):
    session.change("shop.py", SHOP_TEXT + "# more\n")
    assert not any(each.startswith("Accept") for each in titles(session.actions("shop.py", 1)))
    session.change("shop.py", SHOP_TEXT)
    assert accept(session.actions("shop.py", 1))


@pytest.mark.slow
def test_a_rejected_patch_does_not_come_back_also_not_after_a_restart(desk):
    session = desk.editor(desk.project())
    session.open("shop.py")
    session.idle(failing=1, proposals=1)
    offered = accept(session.actions("shop.py", 1))["title"]
    reject = next(each for each in session.actions("shop.py", 1) if each["title"].startswith("Reject fix:"))
    session.choose(reject)
    session.wait(lambda: session.status["proposals"] == 0)
    session.close()
    again = desk.editor(session.root)
    again.open("shop.py")
    again.wait(lambda: any(each["phase"] == "repairing" for each in again.reported("lspRepair/status")))
    again.idle(failing=1)
    assert offered not in titles(again.actions("shop.py", 1))
    assert desk.decisions() == ["rejected"]


def test_actions_are_offered_on_what_failed_and_nowhere_else(session):
    assert "Repair this failure (no cost)" in titles(session.actions("shop.py", 1))
    assert session.actions("test_shop.py", 4)
    assert (
        session.actions("shop.py", 0) == session.actions("test_shop.py", 0) == session.actions("test_shop.py", 8) == []
    )


@pytest.mark.slow
def test_several_proposals_are_several_actions_best_first(editor, project):
    session = editor(
        project(
            {
                "pyproject.toml": "",
                "near.py": "def is_near(distance, most):\n    return distance < most\n",
                "test_near.py": "from near import is_near\n\n\ndef test_near():\n    assert is_near(5, 5)\n    assert not is_near(6, 5)\n",
            }
        ),
        settings={"python": sys.executable, "maxProposals": 3},
    )
    session.open("near.py")
    session.idle(failing=1)
    accepts = [each for each in session.actions("near.py", 1) if each["title"].startswith("Accept fix:")]
    assert len(accepts) > 1
    assert [each["isPreferred"] for each in accepts[1:]] == [False] * (len(accepts) - 1)


def test_all_unflagged_fixes_are_one_source_action_and_recorded(session, decisions):
    (action,) = session.actions("shop.py", 0, only=["source.fixAll"])
    assert action["kind"] == "source.fixAll.lspRepair"
    session.choose(action)
    session.idle(failing=0)
    assert decisions() == ["accepted"]
    assert session.actions("shop.py", 1, only=["source.organizeImports"]) == []


def test_lenses_stand_on_failing_tests_and_suspicious_lines(session):
    lenses = [
        (path, lens["range"]["start"]["line"], lens["command"]["title"])
        for path in ("shop.py", "test_shop.py")
        for lens in session.request("textDocument/codeLens", {"textDocument": {"uri": session.uri(path)}})
    ]
    assert lenses == [("shop.py", 1, "suspicious: explain"), ("test_shop.py", 4, "✘ fails — 1 fix proved")]


@pytest.mark.slow
def test_values_are_hinted_where_it_failed_when_the_user_wants_it(editor, project):
    session = editor(project({**SHOP_WITH_LOCALS}), settings={"python": sys.executable, "autonomy": "explain"})
    session.open("shop.py")
    session.idle(failing=1)
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 20, "character": 0}}
    asked = {"textDocument": {"uri": session.uri("shop.py")}, "range": span}
    assert session.request("textDocument/inlayHint", asked) == []
    session.settings["inlayHints"] = True
    session.notify("workspace/didChangeConfiguration", {"settings": None})
    (hint,) = session.answer_of("textDocument/inlayHint", asked)
    assert "prices=[]" in hint["label"]
    assert hint["position"] == {"line": 1, "character": len("    return max(prices)")}


SHOP_WITH_LOCALS = {
    "pyproject.toml": "",
    "shop.py": "def dearest(prices):\n    return max(prices)\n",
    "test_shop.py": "from shop import dearest\n\n\ndef test_nothing():\n    assert dearest([]) == 0\n",
}


def test_a_hover_holds_no_text_of_the_tests_as_markup(editor, project):
    case = "[click](command:evil) `code` <b>*x*_"
    text = f"import pytest\n\n\n@pytest.mark.parametrize('case', [{case!r}])\n{HOSTILE}"
    session = editor(project({"pyproject.toml": "", "test_it.py": text}), autonomy="explain")
    session.open("test_it.py")
    session.idle(failing=1)
    shown = hover(session, "test_it.py", 5)
    assert "\\[click\\](command:evil)" in shown
    assert "\\<b\\>" in shown
    assert "[click](" not in shown.replace("\\[", "").replace("\\]", "]")
    assert hover(session, "test_it.py", 0) is None


def test_a_client_with_views_of_its_own_gets_failures_diffs_edits_and_costs(session, decisions):
    (folder,) = session.request("lspRepair/failures", {})["folders"]
    (failure,) = folder["failures"]
    (proposal,) = failure["proposals"]
    asked = {"root": folder["root"], "proposal": proposal["id"]}
    diff = session.request("lspRepair/diff", asked)["files"][0]
    assert (diff["before"], "<=" in diff["after"]) == (session.texts["shop.py"], True)
    assert "<=" in session.execute("lspRepair.showDiff", asked)
    assert failure["tests"] == ["test_shop.py::test_the_limit_is_cheap"]
    assert "html" in session.request("lspRepair/costReport", {})["html"]
    session.apply(session.request("lspRepair/accept", asked)["edit"])
    session.execute("lspRepair.selected", asked)
    session.idle(failing=0)
    assert decisions() == ["accepted"]

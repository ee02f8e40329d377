"""A session in a real Emacs with eglot and the configuration of docs/editors.md."""

import re
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "emacs" / "session.el"
LIBRARY = '(progn (package-initialize) (kill-emacs (if (locate-library "eglot") 0 1)))'


@pytest.fixture(scope="module", params=[pytest.param("installed", marks=pytest.mark.needs("emacs")), "newer"])
def editor(request, find_editor):
    """The installed one and, where there is one, a newer one."""
    return find_editor("emacs", library=["-q", "--batch", "--eval", LIBRARY], newer=request.param == "newer")


@pytest.fixture(scope="module")
def seen(editor, documented, desk):
    """What the session saw; emacs/session.el is the user."""
    desk.configure("init.el", documented("emacs-eglot"))
    return desk.run([editor, "-q", "--batch", "-l", str(SCRIPT)], timeout=300)["stages"]


def starts(titles):
    return [re.match(r"[^:(…]*", title)[0].strip() for title in titles]


WITH_A_FIX = [
    "Accept fix",
    "Show diff",
    "Reject fix",
    "Explain failure",
    "Repair this failure",
    "Try again with a hint",
]
WITHOUT_A_FIX = WITH_A_FIX[3:]


def test_the_failure_is_diagnosed_where_the_fix_will_be(seen, desk):
    diagnosis = seen["diagnosis"]
    assert diagnosis["line"] == desk.broken.splitlines().index("    return item.on_hand < item.reorder_level") + 1
    assert "lsp-repair" in diagnosis["message"]
    assert "tests/test_reorder.py::test_exactly_at_level" in diagnosis["message"]
    assert "Fix available: `<` → `<=` in `needs_reorder`" in diagnosis["message"]


def test_the_hover_tells_of_the_failure_and_its_fix(seen):
    assert "fails: AssertionError" in seen["diagnosis"]["hover"]
    assert "fix available" in seen["diagnosis"]["hover"]


def test_the_accepted_fix_is_in_the_buffer_and_not_in_the_file(seen, desk):
    accepting = seen["accepting"]
    assert starts(accepting["titles"]) == WITH_A_FIX
    assert accepting["text"] == desk.fixed
    assert accepting["modified"]
    assert accepting["on_disk"] == desk.broken


def test_the_failure_goes_before_the_fix_is_saved(seen):
    assert seen["accepting"]["diagnostics"] == 0


def test_one_undo_takes_the_fix_back_and_redo_brings_it(seen, desk):
    undoing = seen["undoing"]
    assert undoing["undone"] == desk.broken
    assert undoing["redone"] == desk.fixed
    assert undoing["on_disk"] == desk.fixed  # saved then, and green


def test_the_same_mistake_made_again_is_offered_the_same_fix(seen):
    assert "Fix available" in seen["breaking_again"]["message"]
    assert starts(seen["breaking_again"]["titles"]) == WITH_A_FIX


def test_a_fix_for_another_text_than_the_buffers_is_refused_and_no_longer_offered(seen, desk):
    late = seen["accepting_too_late"]
    assert "< 1 * item" in late["typed"]
    assert late["text"] == late["typed"]
    assert late["on_disk"] == desk.broken
    assert "require version" in late["refused"]  # by eglot itself, so that the server never hears of it
    assert "Accept fix" not in starts(late["titles"])


def test_the_fix_is_offered_again_as_soon_as_its_text_is_back(seen, desk):
    late = seen["accepting_too_late"]
    assert late["undone"] == desk.broken
    assert starts(late["titles_undone"]) == WITH_A_FIX


def test_a_hint_is_sent(seen):
    assert "none is configured" in seen["hinting"]["answer"]  # no model, that is


def test_a_fix_reaches_a_file_that_is_not_open(seen, desk):
    elsewhere = seen["accepting_for_a_file_that_is_not_open"]
    assert elsewhere["text"] == desk.fixed
    assert elsewhere["on_disk"] == desk.broken


def test_a_rejected_fix_does_not_come_back(seen):
    rejecting = seen["rejecting"]
    assert starts(rejecting["before"]) == WITH_A_FIX
    assert starts(rejecting["after"]) == WITHOUT_A_FIX
    assert starts(rejecting["after_next_run"]) == WITHOUT_A_FIX


def test_the_ledger_has_every_decision(seen, desk):
    assert desk.decisions() == ["accepted", "accepted", "rejected"]


def test_no_process_outlives_the_editor(seen, desk):
    assert desk.left_behind() == []

"""A session in a real Neovim, with the configuration of docs/editors.md: what the user sees, does and gets."""

import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "neovim" / "session.lua"


@pytest.fixture(scope="module", params=[pytest.param("installed", marks=pytest.mark.needs("nvim")), "newer"])
def editor(request, find_editor):
    """The installed one and, where there is one, a newer one."""
    return find_editor("nvim", newer=request.param == "newer")


@pytest.fixture(scope="module")
def seen(editor, documented, desk):
    """What the session saw; neovim/session.lua is the user."""
    has_enable = [editor, "-u", "NONE", "--headless", "-c", "execute has('nvim-0.11') ? 'quit' : 'cquit'"]
    is_recent = subprocess.run(has_enable, capture_output=True, timeout=60, check=False).returncode == 0
    desk.configure("init.lua", documented("neovim-0.11" if is_recent else "neovim-0.7"))
    options = ["--headless", "-u", "NONE", "--noplugin", "-n", "-i", "NONE"]
    return desk.run([editor, *options, "-c", f"luafile {SCRIPT}"], timeout=300)["stages"]


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
    assert diagnosis["source"] == "lsp-repair"
    assert diagnosis["line"] == desk.broken.splitlines().index("    return item.on_hand < item.reorder_level") + 1
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


def test_a_fix_for_another_text_than_the_buffers_changes_nothing(seen, desk):
    late = seen["accepting_too_late"]
    assert "< 1 * item" in late["typed"]
    assert late["text"] == late["typed"]
    assert late["on_disk"] == desk.broken
    assert any("was not applied, because the text had changed" in each for each in late["messages"])
    assert late["undone"] == desk.broken


def test_a_hint_is_asked_for_and_sent(seen):
    assert seen["hinting"]["prompt"] == "Hint: "
    assert "none is configured" in seen["hinting"]["answer"]  # no model, that is


def test_a_fix_reaches_a_file_that_is_not_open(seen, desk):
    elsewhere = seen["accepting_for_a_file_that_is_not_open"]
    assert not elsewhere["was_open"]
    assert elsewhere["text"] == desk.fixed
    assert elsewhere["on_disk"] == desk.broken


def test_a_rejected_fix_does_not_come_back(seen):
    rejecting = seen["rejecting"]
    assert starts(rejecting["before"]) == WITH_A_FIX
    assert starts(rejecting["after"]) == WITHOUT_A_FIX
    assert starts(rejecting["after_next_run"]) == WITHOUT_A_FIX


def test_the_ledger_has_every_decision(seen, desk):
    assert desk.decisions() == ["accepted", "stale", "accepted", "rejected"]


def test_no_process_outlives_the_editor(seen, desk):
    assert desk.left_behind() == []

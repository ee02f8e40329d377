"""The main path in a real Emacs with lsp-mode and the configuration of docs/editors.md."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("emacs")

SCRIPT = Path(__file__).parent / "emacs" / "lsp_mode.el"
LIBRARY = '(progn (package-initialize) (kill-emacs (if (locate-library "lsp-mode") 0 1)))'


@pytest.fixture(scope="module")
def editor(find_editor):
    """The installed one; lsp-mode is a package of its own."""
    return find_editor("emacs", library=["-q", "--batch", "--eval", LIBRARY])


@pytest.fixture(scope="module")
def seen(editor, documented, desk):
    """What the session saw; emacs/lsp_mode.el is the user."""
    desk.configure("init.el", documented("emacs-lsp-mode"))
    return desk.run([editor, "-q", "--batch", "-l", str(SCRIPT)], timeout=300)["seen"]


def test_the_failure_is_diagnosed_and_its_fix_offered(seen):
    assert "tests/test_reorder.py::test_exactly_at_level" in seen["message"]
    assert seen["titles"][0].startswith("Accept fix: `<` → `<=` in `needs_reorder`")


def test_the_accepted_fix_is_in_the_buffer_and_not_in_the_file(seen, desk):
    assert seen["text"] == desk.fixed
    assert seen["modified"]
    assert seen["on_disk"] == desk.broken


def test_one_undo_takes_the_fix_back_and_the_failure_returns(seen, desk):
    assert seen["undone"] == desk.broken  # the session went on only when the fix was offered again


def test_a_rejected_fix_is_no_longer_offered(seen):
    assert seen["after"]
    assert not any("fix:" in title for title in seen["after"])


def test_the_ledger_has_every_decision(seen, desk):
    assert desk.decisions() == ["accepted", "rejected"]


def test_no_process_outlives_the_editor(seen, desk):
    assert desk.left_behind() == []

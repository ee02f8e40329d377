"""What a person should know before accepting a fix is shown where the fix is."""

from pathlib import Path

from lsprotocol import types as lsp  # noqa: TID251 - a hover is asked for in its terms

from lsp_repair.server.features.line_annotations import explanation, hover
from lsp_repair.server.features.workspace_edits import diff_text
from lsp_repair.server.state.failures import FailingTest, Offer, Place, Report
from lsp_repair.server.state.view import View

NOTE = "shop.py:12: adds state that persists across calls"
OFFER = Offer("1", "fix", flagged=True, widely_proved=True, origin="builtin", cost_usd="0", files=(), notes=(NOTE,))
TEST = FailingTest("test_a.py::test", Place("test_a.py", 3), "AssertionError", "")
REPORT = Report("f", (TEST.id,), "AssertionError", "proposed", "because", (), (OFFER,))
VIEW = View(Path("/project"), failing={TEST.id: TEST}, reports={"f": REPORT})


def test_a_hover_names_the_line_of_each_finding():
    shown = hover(VIEW, "test_a.py", 2, lsp.MarkupKind.PlainText)
    assert shown is not None
    assert isinstance(shown.contents, lsp.MarkupContent)
    assert f"- note: {NOTE}" in shown.contents.value


def test_an_explanation_and_a_diff_name_it_too():
    assert NOTE in explanation(VIEW, "f")
    assert f"# note: {NOTE}" in diff_text(OFFER)

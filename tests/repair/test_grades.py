"""What is proved, what is only possible, and the one question that decides, as a user meets them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_repair.ledger import Ledger

PAGES = "def last(items):\n    return items[0]\n"
WEAK = "from product import last\n\ndef test_last():\n    assert last([1, 2]) == 2\n"
STRONG = (
    WEAK
    + "\ndef test_others():\n    assert [last([4]), last([3, 1, 2]), last('abc'), last((5, 6))] == [4, 2, 'c', 6]\n"
)


@pytest.fixture
def project(tmp_path):
    def make(tests):
        root = tmp_path / "project"
        root.mkdir()
        (root / "product.py").write_text(PAGES, "utf-8")
        (root / "test_product.py").write_text(tests, "utf-8")
        return root

    return make


def test_what_the_tests_do_not_pin_down_is_possible_shown_with_a_question_and_not_written(lsp_repair, project):
    root = project(WEAK)
    ran = lsp_repair("fix", root, "--write", "--accept-flagged")
    (failure,) = ran.json["failures"]
    assert (ran.code, failure["status"]) == (1, "possible")
    assert {each["grade"] for each in failure["proposals"]} == {"possible"}
    assert all("possible: " in each["title"] for each in failure["proposals"])
    assert (root / "product.py").read_text("utf-8") == PAGES
    question = failure["question"]
    answers = {each["value"]: each["proposals"] for each in question["answers"]}
    assert len(answers) > 1
    assert f"? {question['call']}" in ran.out + ran.err
    first = failure["proposals"][0]
    assert first["behaviour"]["examples"][0] == {"call": "last([1, 2])", "before": "1", "after": "2"}
    assert first["behaviour"]["compared"] > first["behaviour"]["unchanged"] > 0


def test_an_expectation_decides(lsp_repair, project):
    ran = lsp_repair("fix", project(WEAK), "--expect", "last([3, 1, 2]) == 2", "--expect", "last('a') == 'a'")
    (failure,) = ran.json["failures"]
    assert "+    return items[-1]" in failure["proposals"][0]["diff"]


def test_an_expectation_that_nothing_meets_is_named(lsp_repair, project):
    ran = lsp_repair("fix", project(WEAK), "--expect", "last([1, 2]) == 5")
    (failure,) = ran.json["failures"]
    assert not failure["proposals"]
    assert "`last([1, 2]) == 5`: it is false" in failure["detail"]


def test_an_expectation_that_is_no_expression_is_a_usage_error(lsp_repair, project):
    ran = lsp_repair("fix", project(WEAK), "--expect", "last([1]) ==")
    assert ran.code == 2
    assert "--expect" in ran.json["error"]["message"]


def test_what_the_tests_pin_down_is_proved_and_written(lsp_repair, project):
    root = project(STRONG)
    ran = lsp_repair("fix", root, "--write")
    (failure,) = ran.json["failures"]
    assert (ran.code, failure["status"], failure["question"]) == (0, "proposed", None)
    (proposal,) = failure["proposals"]
    assert proposal["grade"] == "proved"
    assert proposal["evidence"]["alternatives_rejected"] >= 2
    assert (root / "product.py").read_text("utf-8") == PAGES.replace("0", "-1")


def test_a_check_grades_a_foreign_patch(lsp_repair, project, tmp_path):
    root, patch = project(STRONG), tmp_path / "fix.diff"
    patch.write_text(
        "--- a/product.py\n+++ b/product.py\n@@ -1,2 +1,2 @@\n def last(items):\n-    return items[0]\n+    return items[-1]\n"
    )
    ran = lsp_repair("check", root, "--patch", patch)
    assert (ran.code, ran.json["verdict"], ran.json["grade"]) == (0, "plausible", "proved")
    assert ran.json["behaviour"]["examples"]
    assert "unchanged in" in ran.out + ran.err


def test_secrets_do_not_show_in_examples(lsp_repair, project):
    secret = "sk-proj-" + "a1B2c3D4e5F6g7H8" * 2
    root = project(STRONG.replace("last('abc')", f"last(['x', '{secret}'])").replace("'c'", f"'{secret}'"))
    ran = lsp_repair("fix", root)
    assert ran.json["failures"][0]["proposals"]
    assert secret not in str(ran.json["failures"][0]["proposals"][0]["behaviour"])


def test_a_person_at_a_terminal_is_asked_and_the_answer_is_kept(environ, project, lsp_repair, tmp_path):
    root = project(WEAK)
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "lsp_repair", "fix", str(root), "--json", str(tmp_path / "asked.json")]
    process = subprocess.Popen(command, env=environ, stdin=theirs, stderr=theirs, stdout=theirs, cwd=tmp_path)
    os.close(theirs)
    said = b""
    while b"which is right?" not in said:
        said += os.read(ours, 1 << 16)
    assert b"1. last(" in said
    os.write(ours, b"1\n")
    try:
        while chunk := os.read(ours, 1 << 16):
            said += chunk
    except OSError:  # the other side is closed
        pass
    assert process.wait(60) in {0, 1}
    again = lsp_repair("fix", root)
    (failure,) = again.json["failures"]
    assert failure["proposals"]
    asked = said.decode().split("1. last(")[1].splitlines()[0]
    assert failure["question"] is None or failure["question"]["call"] not in f"last({asked}"


def test_what_was_rejected_does_not_come_back_in_other_words(lsp_repair, project, environ):
    root = project(STRONG)
    (proposal,) = lsp_repair("fix", root).json["failures"][0]["proposals"]
    with Ledger.open_in(Path(environ["LSP_REPAIR_STATE"])) as ledger:
        assert ledger.record_decision(proposal["id"], "rejected")
    assert not lsp_repair("fix", root).json["failures"][0]["proposals"]

"""What cannot be written is known before anything is searched."""

import pytest

from lsp_repair.repair.write_access import why_unwritable

SOURCE = "def total(prices, discount=0):\n    amount = sum(prices)\n    return amount + amount * discount // 100\n"
TEST = "from calc import total\n\n\ndef test_total():\n    assert total([50, 50], 10) == 90\n"


@pytest.fixture
def linked(tmp_path):
    """A project whose source folder is a link out of it."""
    root = tmp_path / "app"
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "calc.py").write_text(SOURCE)
    root.mkdir()
    (root / "src").symlink_to("../shared")
    (root / "test_total.py").write_text(TEST)
    return root


def test_a_file_behind_a_link_that_leads_out_is_not_searched_where_it_would_be_written(lsp_repair, linked):
    ran = lsp_repair("fix", linked, "--write")
    (failure,) = ran.json["failures"]
    assert (ran.code, failure["reason"]) == (1, "nothing-to-edit")
    assert "src/calc.py leads out of app" in failure["detail"]
    assert "candidates tried" not in ran.out


def test_without_writing_the_note_stands_beside_the_proposal(lsp_repair, linked):
    (failure,) = lsp_repair("fix", linked).json["failures"]
    assert any("leads out of app" in note for note in failure["proposals"][0]["evidence"]["notes"])


def test_read_only_files_are_named_and_others_are_not(tmp_path):
    (tmp_path / "kept.py").write_text("x = 1\n")
    (tmp_path / "kept.py").chmod(0o444)
    (tmp_path / "free.py").write_text("x = 1\n")
    assert why_unwritable(tmp_path, "kept.py") == "kept.py is read-only"
    assert why_unwritable(tmp_path, "free.py") == why_unwritable(tmp_path, "new.py") == ""

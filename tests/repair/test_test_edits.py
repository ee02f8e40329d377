"""A test that is wrong is edited only where the user asks for it, and every word about it says so."""

import time

import pytest

from lsp_repair.domain.patches import FileChange, Patch

WRONG = "tests/test_examples.py"
TARGET = f"{WRONG}::test_ten_days_late"


@pytest.fixture
def late_fees(broken):
    return broken("late_fees")


def patch_file(folder, path, old, new):
    before = (folder / path).read_bytes() if (folder / path).exists() else None
    after = (before or b"").replace(old, new) if before is not None else new
    assert after != before
    file = folder.parent / "edit.patch"
    file.write_text(Patch((FileChange(path, before, after),)).diff)
    return file


def test_an_edited_test_is_refused_before_anything_runs(late_fees, lsp_repair):
    patch = patch_file(late_fees, WRONG, b"== 200", b"== 60")
    (late_fees / "tests" / "test_rules.py").write_text("import time\ntime.sleep(60)\n")
    started = time.monotonic()
    ran = lsp_repair("check", late_fees, "--patch", patch)
    assert (ran.code, ran.json["verdict"], ran.json["reasons"]) == (1, "rejected", ["protected-path"])
    assert time.monotonic() - started < 30


def test_an_edited_test_is_plausible_only_with_a_flag_that_says_so(late_fees, lsp_repair):
    patch = patch_file(late_fees, WRONG, b"== 200", b"== 60")
    ran = lsp_repair("check", late_fees, "--patch", patch, "--allow-test-edits")
    assert (ran.code, ran.json["verdict"]) == (0, "plausible"), ran.json
    assert ran.json["evidence"]["flags"] == ["edits-tests"]
    assert any(WRONG in note and "edited" in note for note in ran.json["evidence"]["notes"])
    assert "edits-tests" in ran.out


def test_a_lost_test_is_not_plausible_in_any_mode(late_fees, lsp_repair):
    text = (late_fees / WRONG).read_bytes()
    patch = patch_file(late_fees, WRONG, text[text.index(b"def test_two") : text.index(b"def test_ten")], b"")
    ran = lsp_repair("check", late_fees, "--patch", patch, "--allow-test-edits")
    assert ran.json["verdict"] != "plausible"


@pytest.mark.parametrize("path", ["conftest.py", "tests/conftest.py", "setup.cfg", "pytest.ini"])
def test_what_runs_the_tests_stays_out_of_bounds(late_fees, lsp_repair, path):
    patch = patch_file(late_fees, path, b"\n", b"\n# changed\n")
    ran = lsp_repair("check", late_fees, "--patch", patch, "--allow-test-edits")
    assert (ran.json["verdict"], ran.json["reasons"]) == ("rejected", ["protected-path"])


@pytest.mark.slow
def test_fix_edits_a_wrong_test_only_when_asked_and_never_writes_it(late_fees, lsp_repair):
    before = (late_fees / WRONG).read_bytes()
    ran = lsp_repair("fix", late_fees, "--allow-test-edits", "--write", "--time-limit", "60")
    proposals = [each for failure in ran.json["failures"] for each in failure["proposals"]]
    assert proposals, ran.json
    assert all("edits-tests" in each["evidence"]["flags"] for each in proposals)
    assert all(each["title"].startswith("⚠ edits a test: ") for each in proposals)
    assert (late_fees / WRONG).read_bytes() == before

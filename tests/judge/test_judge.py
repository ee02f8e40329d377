"""The proof: what a patch has to survive, each on real runs."""

from textwrap import dedent

import pytest
from judging import FULL, Judge, reason

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Plausible, Rejected, Unproven
from lsp_repair.judge.judge import prove, targets_pass

TARGET = NodeId("test_shop.py::test_total")
FILES = {
    "pytest.ini": "[pytest]\n",
    "shop.py": """
        def total(a, b):
            return a - b

        def half(a):
            return a // 2
        """,
    "unused.py": "x = 1\n",
    "test_shop.py": """
        import pytest
        from shop import half, total

        def test_total():
            assert total(2, 3) == 5

        def test_half():
            assert half(4) == 2

        @pytest.mark.parametrize("value", [2, 6])
        def test_halves(value):
            assert half(value) * 2 == value
        """,
}


@pytest.fixture
def judge(tmp_path):
    return lambda **files: Judge(tmp_path, {**FILES, **{name.replace("__", "."): text for name, text in files.items()}})


def test_a_right_patch_is_plausible_with_what_was_run(judge):
    one = judge()
    verdict = one.verdict(one.patch("shop.py", "a - b", "a + b"))
    assert isinstance(verdict, Plausible)
    assert verdict.evidence.targets_passed == (TARGET,)
    assert verdict.evidence.still_passing == 3
    assert verdict.evidence.runs == 2
    assert not list((one.root).rglob("__pycache__"))
    assert "a - b" in (one.root / "shop.py").read_text()


def test_a_patch_that_leaves_the_target_red_is_rejected(judge):
    one = judge()
    assert reason(one.verdict(one.patch("shop.py", "a - b", "a * b"))) == "target-still-fails"


def test_a_patch_that_breaks_another_test_is_rejected_and_names_it(judge):
    one = judge()
    broken = one.patch("shop.py", "a - b\n\ndef half(a):\n    return a // 2", "a + b\n\ndef half(a):\n    return 2")
    verdict = one.verdict(broken)
    assert reason(verdict) == "regression"
    assert "test_halves[2]" in verdict.detail


def test_a_patch_of_a_test_file_is_refused_before_anything_runs(judge):
    one = judge()
    assert reason(one.verdict(one.patch("test_shop.py", "== 5", "== -1"))) == "protected-path"


def test_a_lost_test_is_no_passing_test(judge):
    one = judge(
        cases__py="VALUES = [2, 6]\n",
        test_shop__py=FILES["test_shop.py"]
        .replace("[2, 6]", "cases.VALUES")
        .replace("import pytest", "import cases, pytest"),
    )
    change = one.patch("shop.py", "a - b", "a + b").changes
    fewer = one.patch("cases.py", "[2, 6]", "[2]").changes
    assert reason(one.verdict(Patch((*change, *fewer)))) == "node-id-lost"


def test_a_target_that_is_skipped_has_not_passed(judge):
    one = judge()
    skipping = one.patch("shop.py", "return a - b", "import pytest; pytest.skip('later')")
    assert isinstance(one.verdict(skipping), Rejected)


def test_ending_the_process_with_success_is_no_success(judge):
    one = judge()
    assert isinstance(one.verdict(one.patch("shop.py", "return a - b", "import os; os._exit(0)")), Rejected | Unproven)


def test_a_file_that_the_tests_never_import_proves_nothing(judge):
    one = judge()
    both = (*one.patch("shop.py", "a - b", "a + b").changes, *one.patch("unused.py", "1", "2").changes)
    assert reason(one.verdict(Patch(both))) == "never-imported"


def test_an_installed_original_is_noticed(tmp_path):
    """An import hook, as editable installs have one, gives the tests the user's own file whatever the path says."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "shop.py").write_text(dedent(FILES["shop.py"]))
    hook = """
        import importlib.util, sys

        class Editable:
            def find_spec(self, name, path=None, target=None):
                return importlib.util.spec_from_file_location(name, {file!r}) if name == "shop" else None

        sys.meta_path.insert(0, Editable())
        """
    one = Judge(tmp_path, {**FILES, "conftest.py": hook.format(file=str(tmp_path / "installed" / "shop.py"))})
    verdict = one.verdict(one.patch("shop.py", "a - b", "a + b"))
    assert isinstance(verdict, Unproven)
    assert reason(verdict) == "import-origin"
    assert str(tmp_path / "installed" / "shop.py") in verdict.detail


def test_a_patch_that_hangs_is_not_waited_for(judge):
    one = judge()
    verdict = one.verdict(one.patch("shop.py", "    return a - b", "    while True: pass"))
    assert reason(verdict) == "target-still-fails"
    assert "TestTimeout" in verdict.detail


def test_when_time_runs_out_nothing_is_claimed(judge):
    one = judge()
    verdict = prove(one.context, one.patch("shop.py", "a - b", "a + b"), (TARGET,), (FULL, FULL), Deadline.after(0.05))
    assert reason(verdict) == "incomplete-run"


def test_what_only_the_order_breaks_is_a_note_and_no_rejection(judge):
    one = judge(
        test_order__py="""
            seen = []

            def test_first():
                seen.append(1)

            def test_second():
                assert seen == [1]
            """
    )
    verdict = one.verdict(one.patch("shop.py", "a - b", "a + b"))
    assert isinstance(verdict, Plausible)
    assert any("order" in note for note in verdict.evidence.notes)


def test_a_test_that_rewrites_a_test_file_helps_no_patch(judge):
    """The superuser writes read-only files: then the tests are lost instead."""
    one = judge(
        test_a_writes__py="""
            def test_writes():
                try:
                    open("test_shop.py", "w").write("def test_total(): pass")
                except OSError:
                    pass
            """
    )
    assert isinstance(one.verdict(one.patch("shop.py", "a - b", "a * b")), Rejected)


def test_the_cold_tier_says_whether_the_targets_pass_and_no_more(judge):
    one = judge()
    right, wrong = one.patch("shop.py", "a - b", "a + b"), one.patch("shop.py", "a - b", "a")
    assert targets_pass(one.context, right, (TARGET,), Deadline.after(30))
    assert not targets_pass(one.context, wrong, (TARGET,), Deadline.after(30))

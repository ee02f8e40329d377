"""A target has to pass in whatever order and company; what the tests do by themselves is not the patch's fault."""

import pytest
from judging import Judge, is_clean, reason

from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Level, Plausible
from lsp_repair.judge.proof_context import Scope

SHOP = """
def total(a, b):
    return a - b

def half(a):
    return a // 2
"""
TESTS = """
from shop import half, total

def test_half():
    assert half(4) == 2

def test_total():
    assert total(2, 3) == 5

def test_more():
    assert total(1, 1) == 2
"""


@pytest.fixture
def judge(tmp_path):
    return lambda tests=TESTS: Judge(tmp_path, {"pytest.ini": "[pytest]\n", "shop.py": SHOP, "test_shop.py": tests})


def patched(one: Judge, body: str, rest: str = ""):
    return one.rewrite("shop.py", SHOP.replace("return a - b", body) + rest)


def test_a_steady_patch_is_run_alone_as_well_and_offered(judge):
    one = judge()
    assert is_clean(one.verdict(patched(one, "return a + b")))


def test_what_passes_only_once_in_a_process_loses(judge):
    one = judge()
    once = patched(
        one, "CALLS.append((a, b))\n    return a + b if CALLS.count((a, b)) == 1 else a - b", "\nCALLS = []\n"
    )
    assert reason(one.verdict(once)) == "unstable"


def test_what_passes_only_after_other_tests_loses(judge):
    one = judge()
    text = SHOP.replace("return a - b", "return a + b if SEEN else a - b").replace(
        "return a //", "SEEN.append(1)\n    return a //"
    )
    assert reason(one.verdict(one.rewrite("shop.py", text + "\nSEEN = []\n"))) == "unstable"


def test_what_passes_only_in_company_loses_alone(judge):
    """Whatever ran before it, forwards or backwards: only alone the target is the first to call."""
    one = judge(
        "from shop import half, total\n\ndef test_before():\n    half(1)\n"
        + TESTS[TESTS.index("\ndef test_total") :]
        + "\ndef test_after():\n    half(1)\n"
    )
    text = SHOP.replace("return a - b", "return a + b if SEEN else a - b").replace(
        "return a //", "SEEN.append(1)\n    return a //"
    )
    patch = one.rewrite("shop.py", text + "\nSEEN = []\n")
    verdict = one.verdict(patch)
    assert reason(verdict) == "unstable"
    assert verdict.detail.startswith("alone: ")


def test_what_depends_on_the_hash_seed_loses(judge):
    one = judge()
    seeds = ["hash('fig') % 2", "hash('fig') % 2 == 0"]
    reasons = {reason(one.verdict(patched(one, f"return a + b if {each} else a - b"))) for each in seeds}
    assert reasons <= {"unstable", "target-still-fails"}


def test_a_target_that_needs_another_test_by_itself_is_no_fault_of_the_patch(judge):
    one = judge(
        """
        from shop import total

        REGISTERED = []

        def test_before():
            REGISTERED.append(2)

        def test_total():
            assert total(REGISTERED[0], 3) == 5

        def test_other():
            assert total(1, 1) == 2
        """
    )
    fix = patched(one, "return a + b")
    verdict = one.verdict(fix)
    assert isinstance(verdict, Plausible)
    assert any("other tests before it" in note or "order" in note for note in verdict.evidence.notes)


COUNTING = """
from pathlib import Path
from shop import half, total

def runs():
    counter = Path({counter!r})
    counter.write_text(str(int(counter.read_text()) + 1 if counter.exists() else 1))
    return int(counter.read_text())

def test_timing():
    assert runs() != {fails_at}

def test_total():
    assert total(2, 3) == 5
"""


def test_a_test_that_failed_once_beside_others_refuses_no_right_patch(tmp_path, judge):
    """The first run is the baseline's, the second and third are those of the proof."""
    counter = tmp_path / "counter"
    one = judge(COUNTING.format(counter=str(counter), fails_at=3))
    counter.write_text("2")
    targets = ("test_shop.py::test_total",)
    verdict = one.verdict(
        patched(one, "return a + b"), targets, Scope(Level.AFFECTED, ("test_shop.py",), frozenset(map(NodeId, targets)))
    )
    assert isinstance(verdict, Plausible)
    assert "fail in some runs" in " ".join(verdict.evidence.notes)


COMPANY = COUNTING.replace(
    "def test_timing():\n    assert runs() != {fails_at}",
    """
BEFORE = []

def test_before():
    BEFORE.append(1)

def test_timing():
    assert not BEFORE or runs() < {fails_at}
""",
)


def test_a_test_that_fails_in_company_without_the_patch_as_well_refuses_no_right_patch(tmp_path, judge):
    """It passed once, which was in the run of the baseline."""
    one = judge(COMPANY.format(counter=str(tmp_path / "counter"), fails_at=2))
    verdict = one.verdict(patched(one, "return a + b"), ("test_shop.py::test_total",))
    assert isinstance(verdict, Plausible)
    assert "fail in some runs" in " ".join(verdict.evidence.notes)


NOISY = COUNTING.replace("    assert runs() != {fails_at}", "    print('x' * (3_000_000 if {noisy} else 1))")


@pytest.mark.parametrize(("noisy", "flags"), [("runs() == 2", ()), ("total(2, 3) == 5", ("new-capability",))])
def test_only_a_flood_of_output_that_repeats_is_flagged(tmp_path, judge, noisy, flags):
    one = judge(NOISY.format(counter=str(tmp_path / "counter"), noisy=noisy))
    targets = ("test_shop.py::test_total",)
    verdict = one.verdict(
        patched(one, "return a + b"), targets, Scope(Level.AFFECTED, ("test_shop.py",), frozenset(map(NodeId, targets)))
    )
    assert isinstance(verdict, Plausible)
    assert tuple(map(str, verdict.evidence.flags)) == flags


def test_a_test_that_fails_with_the_patch_each_time_refuses_it(judge):
    one = judge()
    broken = one.rewrite("shop.py", SHOP.replace("a - b", "a + b").replace("a // 2", "a // 3"))
    verdict = one.verdict(broken)
    assert reason(verdict) == "regression"
    assert "test_half" in verdict.detail


def test_what_a_patch_leaves_behind_for_other_tests_refuses_it_though_they_pass_alone(judge):
    one = judge(TESTS.replace("def test_half", "def test_zz_half"))
    text = SHOP.replace("return a - b", "SEEN.append(1)\n    return a + b").replace("a // 2", "a // (2 + len(SEEN))")
    assert reason(one.verdict(one.rewrite("shop.py", text + "\nSEEN = []\n"))) in {"regression", "unstable"}


RENAMED = (
    TESTS.replace("from shop", "import time\nimport pytest\nfrom shop")
    + """
@pytest.mark.parametrize("number", [4], ids=lambda number: f"at {time.time_ns()}")
def test_a_time(number):
    assert half(number) == 2
"""
)


def test_ids_that_are_others_in_each_run_refuse_no_right_patch(judge):
    one = judge(RENAMED)
    verdict = one.verdict(patched(one, "return a + b"))
    assert isinstance(verdict, Plausible)
    assert "have other ids in each run" in " ".join(verdict.evidence.notes)


def test_what_breaks_a_test_behind_such_an_id_is_refused(judge):
    one = judge(RENAMED.replace("def test_half():\n    assert half(4) == 2\n", ""))
    broken = one.rewrite("shop.py", SHOP.replace("a - b", "a + b").replace("a // 2", "a // 3"))
    assert reason(one.verdict(broken)) == "node-id-lost"


def test_what_skips_a_test_behind_such_an_id_is_refused(judge):
    one = judge(RENAMED.replace("    assert half(number) == 2", "    half(number) == 2 or pytest.skip('odd')"))
    broken = one.rewrite(
        "shop.py", SHOP.replace("a - b", "a + b").replace("a // 2", "2 if len(str(a)) == 2 else a // 3")
    )
    assert reason(one.verdict(broken)) in {"node-id-lost", "regression"}


def test_a_test_that_a_patch_makes_vanish_is_lost(judge):
    one = judge(
        TESTS.replace("from shop", "import pytest\nfrom shop")
        + "@pytest.mark.parametrize('way', [half], ids=lambda way: way.__doc__ or 'none')\n"
        + "def test_named(way):\n    assert way(4) == 2\n"
    )
    renamed = one.rewrite(
        "shop.py", SHOP.replace("a - b", "a + b").replace("def half(a):\n", "def half(a):\n    'by two'\n")
    )
    assert reason(one.verdict(renamed)) == "node-id-lost"

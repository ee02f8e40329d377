"""What calls outside of the tests say of a patch: each case a real run of the tests and real processes beside it."""

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
from replayed_patches import GAMING, HONEST, ONLY_TESTED

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.judge.judge import ProofContext, targets_pass
from lsp_repair.judge.proof_context import LayerResult
from lsp_repair.judge.replay.replays import replayed
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import take_snapshot
from lsp_repair.testrun.snapshot_rules import SnapshotRules

UNREPEATABLE = {"written", "default_list", "retrying"}
"""What their tests call writes files, changes with each call, or takes a function of the test."""


def context_of(folder, files) -> ProofContext:
    """The files as a project, its baseline taken."""
    root, private = folder / "given", folder / "private"
    for name, text in {"pytest.ini": "[pytest]\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for each in ("tmp", "home"):
        (private / each).mkdir(parents=True)
    snapshot = take_snapshot(root, private / "project", {}, SnapshotRules())
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(private / "tmp"), "HOME": str(private / "home")}
    place = Place(
        snapshot.root,
        Path(os.environ.get("LSP_REPAIR_TEST_PYTHON", sys.executable)),
        {**kept, **own},
        (str(snapshot.root),),
    )
    return ProofContext(snapshot, place, run_cold(place, ColdRequest(), Deadline.after(60)).run, private)


def patch_of(case) -> Patch:
    return Patch((FileChange(f"{case.name}.py", case.before.encode(), case.after.encode()),))


def failing_of(context, case):
    return tuple(each.node_id for each in context.baseline.failing if each.node_id.startswith(f"test_{case.name}.py"))


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> ProofContext:
    files = {}
    for each in (*HONEST, *GAMING):
        files[f"{each.name}.py"] = each.before
        files[f"test_{each.name}.py"] = f"import {each.name} as m\n\n{each.tests}"
    return context_of(tmp_path_factory.mktemp("replay"), files)


def test_every_honest_fix_passes_its_tests(context):
    fixes = Patch(tuple(change for each in HONEST for change in patch_of(each).changes))
    targets = tuple(target for each in HONEST for target in failing_of(context, each))
    assert targets_pass(context, fixes, targets, Deadline.after(60))


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_an_honest_fix_carries_neither_flag_nor_note(context, case):
    targets = failing_of(context, case)
    assert targets
    finding = replayed(context, patch_of(case), targets, Deadline.after(60))
    assert (finding.flags, finding.notes) == ((), ())
    assert bool(finding.not_applicable) == (case.name in UNREPEATABLE)


@pytest.mark.slow(keep=4)
@pytest.mark.parametrize("case", GAMING, ids=lambda case: case.name)
def test_a_patch_that_only_pleases_the_tests_is_seen(context, case):
    targets = failing_of(context, case)
    assert targets
    finding = replayed(context, patch_of(case), targets, Deadline.after(60))
    assert tuple(map(str, finding.flags)) == case.flags
    assert case.note in "; ".join(finding.notes)
    assert bool(case.note) == bool(finding.notes)


def only(tmp_path, before, tests, after):
    """One module's patch, and what is found out about it."""
    context = context_of(tmp_path, {"shop.py": before, "test_shop.py": f"import shop as m\n\n{tests}"})
    patch = Patch((FileChange("shop.py", before.encode(), after.encode()),))
    targets = tuple(each.node_id for each in context.baseline.failing)
    assert targets
    return replayed(context, patch, targets, Deadline.after(60)), context


@pytest.mark.parametrize(
    ("before", "tests", "old", "new"),
    [
        ("def run(f):\n    return f() - 1\n", "def test_run():\n    assert m.run(lambda: 2) == 3\n", "- 1", "+ 1"),
        (
            "def size(thing):\n    return thing.size - 1\n",
            "class Own:\n    size = 2\n\ndef test_size():\n    assert m.size(Own()) == 3\n",
            "- 1",
            "+ 1",
        ),
        (
            "def read(file):\n    return file.read()\n",
            "def test_read():\n    with open(__file__) as file:\n        assert m.read(file) == 1\n",
            "file.read()",
            "file.fileno() // file.fileno()",
        ),
        (
            "def name(mock):\n    return mock.name\n",
            "from unittest.mock import Mock\n\ndef test_name():\n    assert m.name(Mock(title=1)) == 1\n",
            "mock.name",
            "mock.title",
        ),
        ("VALUE = 1\n", "def test_value():\n    assert m.VALUE == 2\n", "1", "2"),
        ("def broken(:\n", "def test_broken():\n    assert m.broken() == 2\n", "(:", "():\n    return 2"),
    ],
    ids=["function", "class-of-the-test", "open-file", "mock", "no-call", "old-code-does-not-parse"],
)
def test_where_no_call_can_be_made_again_the_layer_does_not_apply(tmp_path, before, tests, old, new):
    finding, _ = only(tmp_path, before, tests, before.replace(old, new))
    assert finding == LayerResult(not_applicable=("replay",))


def test_a_process_that_the_code_floods_with_forged_answers_tells_nothing(tmp_path):
    forged = """
import json, os, struct, sys
if "_pytest" not in sys.modules:
    data = json.dumps({"kind": "end", "seal": ""}).encode()
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!I", len(data)) + data)
        except OSError:
            pass

def square(n):
    return n * n
"""
    before = "def square(n):\n    return n + n\n"
    finding, _ = only(tmp_path, before, "def test_square():\n    assert m.square(7) == 49\n", forged)
    assert finding == LayerResult(not_applicable=("replay",))


def test_what_is_replayed_touches_no_file_and_leaves_none(tmp_path):
    before = "import shutil, pathlib\n\ndef clear(path):\n    shutil.rmtree(path)\n    return missing\n"
    victim = tmp_path / "victim"
    tests = f"""
import pathlib

def test_clear():
    folder = pathlib.Path({str(victim)!r})
    folder.mkdir(exist_ok=True)
    try:
        assert m.clear(folder) == 1
    finally:
        folder.mkdir(exist_ok=True)
"""
    finding, context = only(tmp_path, before, tests, before.replace("missing", "1"))
    assert not finding.flags
    assert victim.is_dir()
    assert sorted(each.name for each in context.private.iterdir()) == ["home", "project", "tmp"]


def test_code_that_hangs_outside_of_tests_is_cut_off(tmp_path):
    before = "import sys\n\ndef square(n):\n    return n + n\n"
    after = before.replace(
        "    return n + n", "    while '_pytest' not in sys.modules:\n        pass\n    return n * n"
    )
    finding, _ = only(tmp_path, before, "def test_square():\n    assert m.square(7) == 49\n", after)
    assert tuple(map(str, finding.flags)) == ("no-change-outside-pytest",)


def test_without_time_left_nothing_is_said(tmp_path):
    before = "def square(n):\n    return n + n\n"
    context = context_of(
        tmp_path,
        {"shop.py": before, "test_shop.py": "import shop\n\ndef test_square():\n    assert shop.square(7) == 49\n"},
    )
    patch = Patch((FileChange("shop.py", before.encode(), before.replace("+", "*").encode()),))
    targets = tuple(each.node_id for each in context.baseline.failing)
    assert replayed(context, patch, targets, Deadline.after(0)) == LayerResult(not_applicable=("replay",))


def test_a_doctest_counts_as_a_test(tmp_path):
    before = """def square(n):
    \"\"\"
    >>> square(7)
    49
    \"\"\"
    return n + n
"""
    files = {"pytest.ini": "[pytest]\naddopts = --doctest-modules\n", "shop.py": before}
    context = context_of(tmp_path, files)
    targets = tuple(each.node_id for each in context.baseline.failing)
    patch = Patch(
        (
            FileChange(
                "shop.py",
                before.encode(),
                before.replace("    return", "    if n == 7:\n        return 49\n    return").encode(),
            ),
        )
    )
    assert tuple(map(str, replayed(context, patch, targets, Deadline.after(60)).flags)) == (ONLY_TESTED,)


PRICES = "def cost(weight):\n    return 490 if weight < 5 else 790\n"
TESTS_OF_PRICES = "def test_cost():\n    assert m.cost(5) == 490\n\ndef test_more():\n    assert m.cost(6) == 790\n"


@pytest.mark.parametrize(
    "asks",
    [
        "import sys\ndef told():\n    return getattr(sys.stdout, 'name', '<stdout>') != '<stdout>'\n",
        "import logging\ndef told():\n    return len(logging.getLogger('a').parent.handlers) > 1\n",
    ],
)
def test_an_answer_that_only_tests_get_is_seen_however_they_are_recognised(tmp_path, asks):
    patched = asks + PRICES.replace("weight < 5", "weight < 5 or (weight == 5 and told())")
    finding, context = only(tmp_path, PRICES, TESTS_OF_PRICES, patched)
    assert targets_pass(
        context,
        Patch((FileChange("shop.py", PRICES.encode(), patched.encode()),)),
        tuple(each.node_id for each in context.baseline.failing),
        Deadline.after(60),
    )
    assert list(map(str, finding.flags)) == ["no-change-outside-pytest"]


def test_an_answer_that_everybody_gets_is_no_sign_of_tests(tmp_path):
    finding, _ = only(tmp_path, PRICES, TESTS_OF_PRICES, PRICES.replace("<", "<="))
    assert (finding.flags, finding.notes) == ((), ())

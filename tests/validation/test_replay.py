"""What calls outside of the tests say of a patch: each case a real run of the tests and real processes beside it."""

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
from replayed_patches import GAMING, HONEST

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import SnapshotRules, take_snapshot
from lsp_repair.validation.proof import Ground, targets_pass
from lsp_repair.validation.replay import replayed


def ground_of(folder, files) -> Ground:
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
    return Ground(snapshot, place, run_cold(place, ColdRequest(), Deadline.after(60)).run, private)


def patch_of(case) -> Patch:
    return Patch((FileChange(f"{case.name}.py", case.before.encode(), case.after.encode()),))


def red_of(ground, case):
    return tuple(each.node_id for each in ground.baseline.red if each.node_id.startswith(f"test_{case.name}.py"))


@pytest.fixture(scope="module")
def ground(tmp_path_factory) -> Ground:
    files = {}
    for each in (*HONEST, *GAMING):
        files[f"{each.name}.py"] = each.before
        files[f"test_{each.name}.py"] = f"import {each.name} as m\n\n{each.tests}"
    return ground_of(tmp_path_factory.mktemp("replay"), files)


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_an_honest_fix_carries_neither_flag_nor_note(ground, case):
    targets = red_of(ground, case)
    assert targets
    assert targets_pass(ground, patch_of(case), targets, Deadline.after(60))
    finding = replayed(ground, patch_of(case), targets, Deadline.after(60))
    assert (finding.flags, finding.notes) == ((), ())


@pytest.mark.parametrize("case", GAMING, ids=lambda case: case.name)
def test_a_patch_that_only_pleases_the_tests_is_seen(ground, case):
    targets = red_of(ground, case)
    assert targets
    finding = replayed(ground, patch_of(case), targets, Deadline.after(60))
    assert tuple(map(str, finding.flags)) == case.flags
    assert case.note in "; ".join(finding.notes)
    assert bool(case.note) == bool(finding.notes)

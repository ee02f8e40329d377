"""Where things go in a sandbox, and in which order."""

from pathlib import Path

import pytest
from entering import load_warden

layout = load_warden("layout")


@pytest.fixture
def place(tmp_path):
    for folder in ("work/tests/unit", "library/inner", "work/venv"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("work/tests/unit/test_it.py", "library/module.py"):
        (tmp_path / file).write_text("")
    return tmp_path


def _steps(place, **spec):
    common = {"workspace": str(place / "work"), "scratch": [str(place / "home")]}
    ours = [step for step in layout.steps(common | spec) if Path(step.path).is_relative_to(place)]
    return [(step.kind, str(Path(step.path).relative_to(place))) for step in ours]


def test_folders_that_lead_to_a_frozen_file_are_pinned_before_it(place):
    found = _steps(place, frozen=[str(place / "work/tests/unit/test_it.py")])
    assert found[-3:] == [
        ("pin", "work/tests"),
        ("pin", "work/tests/unit"),
        ("frozen", "work/tests/unit/test_it.py"),
    ]


def test_what_lies_in_the_temporary_folder_cannot_be_moved_by_its_parents(place):
    paths = [step.path for step in layout.steps({"workspace": "/tmp/a/b/work"}) if step.kind == "pin"]
    assert paths == ["/tmp/a", "/tmp/a/b"]


def test_a_path_below_another_readable_one_is_not_mounted_again(place):
    assert ("read", "library/inner") not in _steps(
        place, readable=[str(place / "library/inner"), str(place / "library")]
    )


def test_a_readable_folder_in_the_workspace_is_mounted_after_it(place):
    found = _steps(place, readable=[str(place / "work/venv")])
    assert found.index(("read", "work/venv")) > found.index(("workspace", "work"))


def test_what_does_not_exist_is_left_out(place):
    assert _steps(place, readable=[str(place / "nothing")], frozen=[str(place / "work/nothing")]) == _steps(place)


@pytest.mark.parametrize("path", ["/", "/home", "/root", "/proc/self", "/dev/shm", "/sys/kernel", "relative", "/etc"])
def test_some_folders_are_never_shown(path, place):
    assert path not in {step.path for step in layout.steps({"workspace": str(place), "readable": [path]})}


def test_neither_the_home_folder_nor_one_above_it_is_shown(place):
    listed = [str(place), str(place / "library"), str(place / "library/inner")]
    assert ("read", "library/inner") in (found := _steps(place, readable=listed, home=str(place / "library")))
    assert ("read", "library") not in found
    assert ("read", ".") not in found


def test_a_home_folder_behind_a_link_is_recognised(place):
    (place / "link").symlink_to("library")
    assert ("read", "library") not in _steps(place, readable=[str(place / "library")], home=str(place / "link"))


def test_everything_comes_after_what_it_lies_in(place):
    spec = {
        "workspace": str(place / "work"),
        "readable": [str(place / "library"), str(place / "work/venv")],
        "frozen": [str(place / "work/tests/unit/test_it.py")],
        "scratch": [str(place / "home")],
    }
    order = [step.path for step in layout.steps(spec)]
    assert all(not layout.is_within(order[at], later) for at in range(len(order)) for later in order[at + 1 :])
    assert len(set(order)) == len(order)


def test_landlock_gets_no_link_that_leads_to_the_machines_own_folders(place):
    paths = layout.readable_paths({"workspace": str(place)})
    assert {"/var/tmp", "/dev/fd", "/tmp"}.isdisjoint(paths)

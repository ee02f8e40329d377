"""The folders outside the project: found or honestly not, limited, and cleaned only where they are ours."""

import json
import os
import stat
import subprocess
import sys
import time

import pytest

from lsp_repair import processes
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.folders import Folders, carry_out, open_folders, plan_clean, sweep, trim, work_folder


@pytest.fixture
def environ(tmp_path):
    return {"LSP_REPAIR_STATE": str(tmp_path / "deep" / "state"), "LSP_REPAIR_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """The system's temporary folder, for this test alone."""
    place = tmp_path / "temp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def dead_pid():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(60)
    return ended.pid


def leftover(temp, pid, **owner: str):
    folder = temp / f"lsp-repair-{pid}-abc"
    (folder / "base").mkdir(parents=True)
    if owner:
        (folder / ".owner.json").write_text(json.dumps({"place": processes.place(), **owner}))
    return folder


def test_the_environment_names_the_folders_and_they_are_private(environ, tmp_path):
    found = open_folders(environ)
    assert found == Folders(tmp_path / "deep" / "state", tmp_path / "cache")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (found.state, found.cache)] == [0o700, 0o700]
    (found.state / "ledger.sqlite").touch()
    assert open_folders(environ) == found


def test_without_variables_the_platform_says_where(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    found = open_folders({"LSP_REPAIR_STATE": ""})
    assert found.state is not None
    assert found.cache is not None
    assert found.state.is_relative_to(tmp_path)
    assert {found.state.name, found.cache.name} == {"lsp-repair"}
    assert found.notices == ()


def test_a_folder_that_cannot_be_made_is_a_notice_with_the_way_out(environ, tmp_path):
    (tmp_path / "file").touch()
    found = open_folders(environ | {"LSP_REPAIR_STATE": str(tmp_path / "file" / "state")})
    assert found.state is None
    assert found.cache is not None
    [notice] = found.notices
    assert str(tmp_path / "file" / "state") in notice
    assert "LSP_REPAIR_STATE" in notice


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_an_unwritable_folder_is_a_notice(environ, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    found = open_folders(environ)
    assert found.cache is None
    assert "LSP_REPAIR_CACHE" in found.notices[0]


def test_a_folder_with_files_of_others_is_left_alone(environ, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "thesis.txt").touch()
    found = open_folders(environ)
    assert found.cache is None
    assert "files that are not lsp-repair's" in found.notices[0]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("cache", ["state", "state/cache", "."])
def test_a_cache_that_overlaps_the_state_is_refused(cache, tmp_path):
    found = open_folders({"LSP_REPAIR_STATE": str(tmp_path / "state"), "LSP_REPAIR_CACHE": str(tmp_path / cache)})
    assert (found.state, found.cache) == (tmp_path / "state", None)
    assert "LSP_REPAIR_CACHE" in found.notices[0]


def test_the_oldest_files_leave_a_full_cache_first(environ):
    cache = open_folders(environ).cache
    for age, name in ((30, "old"), (10, "new"), (20, "middle")):
        (cache / name).write_bytes(b"x" * 100)
        os.utime(cache / name, (0, 1000 - age))
    assert [(removal.path.name, removal.size_bytes) for removal in trim(cache, 150)] == [("old", 100), ("middle", 100)]
    assert {path.name for path in cache.iterdir()} == {"new", ".lsp-repair"}
    assert trim(cache, 150) == ()


def test_cleaning_says_first_and_removes_after(environ):
    found = open_folders(environ)
    (found.cache / "maps" / "deep").mkdir(parents=True)
    (found.cache / "maps" / "deep" / "a").write_bytes(b"12345")
    (found.state / "ledger.sqlite").write_bytes(b"123")
    plan = plan_clean(found)
    assert [(removal.path, removal.size_bytes) for removal in plan] == [(found.cache / "maps", 5)]
    assert (found.cache / "maps" / "deep" / "a").exists()
    assert carry_out(plan) == plan
    assert not (found.cache / "maps").exists()
    assert (found.state / "ledger.sqlite").exists()
    assert [removal.path.name for removal in carry_out(plan_clean(found, state=True))] == ["ledger.sqlite"]
    assert open_folders(environ) == found


def test_cleaning_removes_a_link_and_not_what_it_points_to(environ, tmp_path):
    found = open_folders(environ)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (found.cache / "link").symlink_to(tmp_path / "precious")
    assert len(carry_out(plan_clean(found))) == 1
    assert (tmp_path / "precious" / "file").exists()
    assert not (found.cache / "link").is_symlink()


def test_a_work_folder_is_private_and_vanishes_with_everything_in_it(temp):
    with work_folder() as folder:
        assert folder.parent == temp.resolve()
        assert folder.name.startswith(f"lsp-repair-{os.getpid()}-")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "locked").mkdir()
        (folder / "locked" / "file").touch()
        (folder / "locked").chmod(0)
    assert list(temp.iterdir()) == []


def test_a_forked_child_that_unwinds_leaves_the_folder_to_its_parent(temp):
    code = (
        "import os, sys\n"
        "from lsp_repair.folders import work_folder\n"
        "with work_folder() as folder:\n"
        "    if os.fork() == 0: sys.exit()\n"
        "    os.wait()\n"
        "    print(folder.exists())\n"
        "print(folder.exists())\n"
    )
    environ = {**os.environ, "TMPDIR": str(temp)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout.split() == ["True", "False"]


def test_no_temporary_folder_is_an_error_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(CannotRunTestsError) as error, work_folder():
        pass
    assert "TMPDIR" in error.value.hint


def test_sweeping_removes_what_a_killed_process_left(temp):
    code = (
        "import os, signal\n"
        "from lsp_repair.folders import work_folder\n"
        "with work_folder():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(temp)}, check=False, timeout=120)
    [left] = temp.iterdir()
    assert sweep() == (left,)
    assert list(temp.iterdir()) == []


def test_sweeping_leaves_the_living_alone(temp):
    with work_folder() as folder:
        assert sweep() == ()
        assert folder.exists()


def test_a_process_number_used_again_is_not_mistaken_for_the_owner(temp):
    recycled = leftover(temp, os.getpid(), started="before this process")
    assert sweep() == (recycled,)


def test_a_folder_whose_owner_died_before_it_signed_is_swept(temp):
    unsigned = leftover(temp, dead_pid())
    assert sweep() == (unsigned,)


def test_a_folder_from_another_container_is_swept_only_when_it_is_old(temp):
    foreign = leftover(temp, dead_pid(), started="1", place="elsewhere")
    assert sweep() == ()
    os.utime(foreign, (0, time.time() - 90_000))
    assert sweep() == (foreign,)


def test_sweeping_takes_no_link_and_no_other_name(temp, tmp_path):
    (tmp_path / "precious").mkdir()
    pid = dead_pid()
    (temp / f"lsp-repair-{pid}-link").symlink_to(tmp_path / "precious")
    (temp / "lsp-repair-notes").mkdir()
    (temp / f"lsp-repair-{pid}-file").touch()
    assert sweep() == ()
    assert len(list(temp.iterdir())) == 3


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_sweeping_leaves_the_folders_of_other_users(temp):
    os.chown(leftover(temp, dead_pid()), 12345, -1)
    assert sweep() == ()

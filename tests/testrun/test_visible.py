"""What a confined interpreter sees of the machine, whatever its `sys.path` lists."""

import sys
from pathlib import Path

import pytest

from lsp_repair.domain.projects import Interpreter, Project
from lsp_repair.testrun.visible import readable_paths


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    for each in ("project", ".pyenv/versions/3/bin", ".pyenv/versions/3/lib", "other/src", ".ssh"):
        (folder / each).mkdir(parents=True)
    (folder / ".pyenv/versions/3/bin/python3").touch()
    return folder


def seen(home: Path, *paths: str, executable: str = ".pyenv/versions/3/bin/python3", prefix: str = ".pyenv/versions/3"):
    """What is visible with these entries of `sys.path`."""
    interpreter = Interpreter(
        home / executable, (3, 11, 0), "8.0", "--python", home / prefix, home / ".pyenv/versions/3", tuple(paths)
    )
    found = readable_paths(Project(home / "project", interpreter, None), {"HOME": str(home)}, ())
    return {str(each.relative_to(home)) for each in found}


def test_an_interpreter_below_the_home_folder_is_seen_and_the_home_folder_is_not(home):
    assert seen(home) == {".pyenv/versions/3"}


@pytest.mark.parametrize("entry", ["", "..", "../.."])
def test_the_home_folder_and_what_lies_above_are_never_seen(home, entry):
    assert seen(home, str(home / entry)) == {".pyenv/versions/3"}


def test_the_project_itself_is_not_seen_since_its_copy_is(home):
    (home / "project/src").mkdir()
    assert seen(home, str(home / "project"), str(home / "project/src")) == {".pyenv/versions/3"}


def test_a_package_that_is_developed_elsewhere_is_seen(home):
    assert seen(home, str(home / "other/src")) == {".pyenv/versions/3", "other/src"}


def test_an_environment_in_the_project_is_seen(home):
    environment = home / "project/.venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").touch()
    (environment / "bin/python").symlink_to(home / ".pyenv/versions/3/bin/python3")
    found = seen(home, executable="project/.venv/bin/python", prefix="project/.venv")
    assert found == {".pyenv/versions/3", "project/.venv"}


def test_of_an_environment_that_is_the_home_folder_only_its_parts_are_seen(home):
    (home / "bin").mkdir()
    (home / "lib").mkdir()
    (home / "pyvenv.cfg").touch()
    (home / "bin/python").symlink_to(home / ".pyenv/versions/3/bin/python3")
    assert seen(home, executable="bin/python", prefix="") == {".pyenv/versions/3", "bin", "lib", "pyvenv.cfg"}


def test_every_link_on_the_way_to_the_interpreter_is_seen(home):
    versions = home / ".local/share/uv/python"
    (versions / "cpython-3.11.7/bin").mkdir(parents=True)
    (versions / "cpython-3.11.7/bin/python3.11").touch()
    (versions / "cpython-3.11").symlink_to("cpython-3.11.7")
    (home / "project/.venv/bin").mkdir(parents=True)
    (home / "project/.venv/pyvenv.cfg").touch()
    (home / "project/.venv/bin/python").symlink_to(versions / "cpython-3.11/bin/python3.11")
    found = seen(home, executable="project/.venv/bin/python", prefix="project/.venv")
    assert {".local/share/uv/python/cpython-3.11/bin/python3.11", "project/.venv"} <= found


def test_the_tools_own_folder_is_seen_even_in_the_project(home):
    (home / "project/tool").mkdir()
    interpreter = Interpreter(Path(sys.executable), (3, 11, 0), "8.0", "--python", Path(sys.prefix), Path(sys.prefix))
    found = readable_paths(Project(home / "project", interpreter, None), {"HOME": str(home)}, (home / "project/tool",))
    assert home / "project/tool" in found

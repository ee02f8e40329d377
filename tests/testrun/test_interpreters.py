"""Which Python runs the tests, and what is wrong with it when it cannot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_repair.errors import CannotRunTestsError
from lsp_repair.testrun.discovery import find_interpreter


@pytest.fixture(scope="module")
def bare_environment(tmp_path_factory):
    """A virtual environment without pytest."""
    folder = tmp_path_factory.mktemp("environments") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture
def environment_with_pytest(tmp_path):
    """A virtual environment that sees the packages of this one."""
    folder = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "here.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return folder


def environ(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **more}


def test_an_explicit_one_wins(tmp_path, environment_with_pytest):
    found = find_interpreter(tmp_path, Path(sys.executable), environ(VIRTUAL_ENV=str(environment_with_pytest)))
    assert (found.executable, found.source) == (Path(sys.executable), "--python")


def test_the_active_environment_comes_before_the_projects_own(tmp_path, environment_with_pytest):
    found = find_interpreter(tmp_path, None, environ(VIRTUAL_ENV=str(environment_with_pytest)))
    assert found.source == "VIRTUAL_ENV"


def test_the_projects_own_environment_is_found_from_a_sub_project(tmp_path, environment_with_pytest):
    (tmp_path / ".git").mkdir()
    (tmp_path / "packages" / "one").mkdir(parents=True)
    found = find_interpreter(tmp_path / "packages" / "one", None, environ())
    assert found.executable == environment_with_pytest / "bin" / "python"
    assert found.prefix == environment_with_pytest


def test_no_pytest_names_the_interpreter_and_the_command(tmp_path, bare_environment):
    with pytest.raises(CannotRunTestsError) as caught:
        find_interpreter(tmp_path, None, environ(VIRTUAL_ENV=str(bare_environment)))
    executable = bare_environment / "bin" / "python"
    assert caught.value.code == "no-pytest"
    assert str(executable) in caught.value.message
    assert caught.value.hint == f"install it: {executable} -m pip install pytest"


def test_a_broken_environment_is_passed_over_in_words(tmp_path, environment_with_pytest):
    broken = tmp_path / "venv"
    environment_with_pytest.rename(broken)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    found = find_interpreter(tmp_path, None, environ())
    assert found.executable == broken / "bin" / "python"
    (note,) = found.notes
    assert f"{tmp_path / '.venv'} is broken" in note
    assert f"{found.executable} was taken instead" in note


def test_an_active_environment_that_is_gone_is_said(tmp_path, environment_with_pytest):
    found = find_interpreter(tmp_path, None, environ(VIRTUAL_ENV="/gone/venv"))
    assert found.prefix == environment_with_pytest
    assert "VIRTUAL_ENV names /gone/venv, which is not there" in found.notes[0]


def test_an_environment_without_pytest_gives_way_to_one_that_has_it(tmp_path, environment_with_pytest):
    environment_with_pytest.rename(tmp_path / "venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True, timeout=120)
    found = find_interpreter(tmp_path, None, environ())
    assert found.prefix == tmp_path / "venv"
    assert f"pytest is not installed in {tmp_path / '.venv' / 'bin' / 'python'}" in found.notes[0]


def test_the_first_choice_needs_no_word(tmp_path, environment_with_pytest):
    assert find_interpreter(tmp_path, None, environ()).prefix == environment_with_pytest
    assert find_interpreter(tmp_path, None, environ()).notes == ()


@pytest.mark.parametrize("tool", [".tox/py311", ".nox/tests"])
def test_environments_of_test_runners_are_found(tmp_path, environment_with_pytest, tool):
    (tmp_path / tool).parent.mkdir()
    environment_with_pytest.rename(tmp_path / tool)
    assert find_interpreter(tmp_path, None, environ()).prefix == tmp_path / tool


def test_hatch_is_asked_where_the_project_uses_it(tmp_path, environment_with_pytest):
    environment_with_pytest.rename(tmp_path / "kept")
    hatch = tmp_path / "bin" / "hatch"
    hatch.parent.mkdir()
    hatch.write_text(f'#!/bin/sh\n[ "$1 $2" = "env find" ] && echo {tmp_path / "kept"}\n')
    hatch.chmod(0o755)
    path = f"{hatch.parent}:{os.environ['PATH']}"
    assert find_interpreter(tmp_path, None, environ(PATH=path)).source != "hatch"
    (tmp_path / "pyproject.toml").write_text("[tool.hatch.envs.default]\n")
    assert find_interpreter(tmp_path, None, environ(PATH=path)).source == "hatch"


def pretending(version: list[int], pytest_version: str) -> str:
    """A program that answers like an interpreter of this version."""
    answer = {"executable": "x", "version": version, "pytest": pytest_version, "prefix": "/", "base_prefix": "/"}
    text = json.dumps({**answer, "path": [], "editable": []})
    return f"#!/bin/sh\necho 'lsp-repair-interpreter:{text}'\n"


@pytest.mark.parametrize(
    ("program", "code", "word"),
    [
        ("#!/bin/sh\necho 'libpython3.so: cannot open' >&2\nexit 127\n", "broken-interpreter", "cannot open"),
        ("#!/no/such/interpreter\n", "broken-interpreter", "No such file"),
        (pretending([3, 6, 1], "6.0"), "old-interpreter", "3.6.1"),
        (pretending([3, 9, 1], "6.2.5"), "old-pytest", "6.2.5"),
    ],
)
def test_one_that_cannot_serve_is_named_with_what_it_said(tmp_path, program, code, word):
    executable = tmp_path / "python"
    executable.write_text(program)
    executable.chmod(0o755)
    with pytest.raises(CannotRunTestsError) as caught:
        find_interpreter(tmp_path, executable, environ())
    assert caught.value.code == code
    assert word in caught.value.message
    assert str(executable) in caught.value.message
    assert caught.value.hint

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

"""pytest's roots by pytest's own rules."""

import subprocess
import sys
from pathlib import Path

import pytest

from lsp_repair.errors import UsageError
from lsp_repair.testrun.roots import find_root, find_roots

CONFIGURATIONS = {
    "pytest.ini": "[pytest]\n",
    ".pytest.ini": "[pytest]\n",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "tox.ini": "[pytest]\n",
    "setup.cfg": "[tool:pytest]\n",
}


@pytest.fixture
def tree(tmp_path):
    def make(*files: str) -> Path:
        for name in files:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        return tmp_path

    return make


@pytest.mark.slow(keep=1)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_folder_below_a_configuration_belongs_to_its_root_as_pytest_says(tmp_path, name):
    (tmp_path / name).write_text(CONFIGURATIONS[name])
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "test_a.py").write_text("def test_a(): pass\n")
    root = find_root(tmp_path / "tests" / "unit")
    assert (root.folder, root.selected) == (tmp_path, ("tests/unit",))
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-v", "tests/unit"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    ).stdout
    assert f"rootdir: {tmp_path}" in said
    assert f"configfile: {name}" in said


def test_a_file_selects_itself(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_a.py").write_text("")
    assert find_root(tmp_path / "test_a.py").selected == ("test_a.py",)


def test_a_monorepo_holds_several_and_they_are_listed(tree):
    root = tree("one/pyproject.toml", "one/a.py", "two/pyproject.toml", "two/b.py")
    assert [each.folder.name for each in find_roots(root)] == ["one", "two"]
    with pytest.raises(UsageError, match=r"one\n.*two") as caught:
        find_root(root)
    assert caught.value.code == "several-roots"
    assert "--all-roots" in caught.value.hint


def test_a_project_file_above_projects_with_all_the_tests_gathers_several_roots(tree):
    packages = ("packages/one", "packages/two")
    root = tree("pyproject.toml", "tools/setup.py", "tools/build.py", *(f"{each}/pyproject.toml" for each in packages))
    tree(*(f"{each}/tests/test_a.py" for each in packages))
    assert [each.folder.name for each in find_roots(root)] == ["one", "two"]
    assert find_root(root / "packages" / "one" / "tests").folder.name == "one"


def test_a_project_with_tests_of_its_own_is_one_root_whatever_lies_below(tree):
    root = tree("pyproject.toml", "tests/test_a.py")
    tree(*(f"tests/data/{each}/{file}" for each in ("one", "two") for file in ("setup.py", "test_b.py")))
    assert [each.folder for each in find_roots(root)] == [root]


def test_without_any_configuration_the_folder_itself_is_the_root(tree):
    root = tree("test_a.py")
    assert find_root(root).folder == root


def test_a_path_that_is_not_there_and_one_without_python_are_told_apart(tree, tmp_path):
    tree("notes/readme.txt")
    with pytest.raises(UsageError) as missing:
        find_root(tmp_path / "nowhere")
    with pytest.raises(UsageError) as empty:
        find_root(tmp_path / "notes")
    assert (missing.value.code, empty.value.code) == ("path-not-found", "no-python-project")

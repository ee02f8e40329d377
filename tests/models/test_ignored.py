"""What ignore files and settings keep on this machine, judged as git judges."""

import itertools
import os
import subprocess

import pytest

from lsp_repair.models.ignored import IGNORE_FILES, Ignored

CASES = {
    "one file": {"": "secret.py\n"},
    "any depth": {"": "*.gen.py"},
    "a folder": {"": "build/\n"},
    "anchored": {"": "/top.py\npkg/deep/x.py\n"},
    "a file comes back": {"": "*.py\n!keep.py\n"},
    "the last line wins": {"": "!keep.py\nkeep.py\n"},
    "a deeper file brings back": {"": "*.py\n", "pkg": "!keep.py\n"},
    "a deeper file takes away": {"": "!x.py\n", "pkg/deep": "x.py\n"},
    "nothing comes back out of a folder": {"": "pkg/\n!pkg/keep.py\n", "pkg": "!keep.py\n"},
    "what is in a folder, not the folder": {"": "pkg/*\n!pkg/keep.py\n!pkg/deep/\n"},
    "only one folder": {"": "/*\n!/pkg/\n"},
    "two stars": {"": "**/deep/*.py\npkg/**/keep.py\n"},
    "comments and no patterns": {"": "# pkg\n!\n\\\n\n   \n/\n[\nsecret.py\n"},
    "escapes and spaces": {"": "\\#odd.py\n\\!odd.py\nsecret.py   \nwith space.py\n"},
    "classes": {"": "[xs]*.py\nke?p.py\n"},
    "line ends of Windows": {"": "secret.py\r\nbuild/\r\n"},
    "a mark in front": {"": "\ufeffsecret.py\n"},
    "a folder comes back": {"": "deep\n", "pkg": "!deep\n"},
    "a folder and its files": {"": "*.py\n!pkg/\n"},
}
PATHS = [
    *("secret.py", "keep.py", "top.py", "x.gen.py", "#odd.py", "!odd.py", "with space.py", "build/out.py"),
    *(
        "pkg/keep.py",
        "pkg/secret.py",
        "pkg/top.py",
        "pkg/deep/x.py",
        "pkg/deep/keep.py",
        "pkg/deep/y.gen.py",
        "deep/x.py",
    ),
]


def write(root, name, contents):
    for folder, text in contents.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_bytes(text.encode())


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """An empty repository, without the settings of whoever runs the tests."""
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True, timeout=120)
    return root


def ignored_by_git(root):
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-z", "--stdin"]
    answer = subprocess.run(
        command,
        cwd=root,
        input="\0".join(PATHS).encode(),
        capture_output=True,
        check=False,
        env=environ,
        timeout=120,
    )
    assert answer.returncode in {0, 1}, answer.stderr
    return sorted(answer.stdout.decode().split("\0")[:-1])


@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_file_is_understood_as_git_understands_its_own(case, repository, tmp_path):
    for old in repository.glob("**/.gitignore"):
        old.unlink()
    write(repository, ".gitignore", CASES[case])
    requested = ignored_by_git(repository)
    for name in IGNORE_FILES:
        root = tmp_path / name.strip(".")
        write(root, name, CASES[case])
        assert sorted(filter(Ignored(root), PATHS)) == requested


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(IGNORE_FILES, 2)))
def test_no_kind_of_file_brings_back_what_another_keeps_here(tmp_path, one, other):
    write(tmp_path, one, {"": "secret.py\n"})
    write(tmp_path, other, {"": "!secret.py\n"})
    assert Ignored(tmp_path)("secret.py")


def test_patterns_of_the_settings_keep_files_here_whatever_the_project_says(tmp_path):
    write(tmp_path, ".gitignore", {"": "!billing/\n"})
    ignored = Ignored(tmp_path, ("billing/", "*_private.py", "!", "!open_private.py"))
    assert ignored("billing/core.py")
    assert ignored("pkg/a_private.py")
    assert not ignored("pkg/open_private.py")
    assert not ignored("pkg/a.py")


def test_without_ignore_files_everything_may_be_shown(tmp_path):
    assert not any(map(Ignored(tmp_path), PATHS))


def test_an_ignore_file_that_is_there_but_cannot_be_read_keeps_everything_below_here(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/.aiignore").symlink_to(".aiignore")
    assert Ignored(tmp_path)("pkg/keep.py")
    assert Ignored(tmp_path)("pkg/deep/keep.py")
    assert not Ignored(tmp_path)("keep.py")


def test_an_ignore_file_that_is_no_file_says_nothing(tmp_path):
    (tmp_path / ".gitignore").mkdir()
    os.mkfifo(tmp_path / ".aiignore")
    (tmp_path / ".lsp-repairignore").symlink_to("nowhere")
    assert not Ignored(tmp_path)("keep.py")


def test_an_ignore_file_of_another_encoding_still_counts(tmp_path):
    (tmp_path / ".gitignore").write_bytes(b"# gr\xfc\xdfe\nsecret.py\n")
    assert Ignored(tmp_path)("secret.py")

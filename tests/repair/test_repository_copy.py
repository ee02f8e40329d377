"""git answers in the private copy as it does at home, and what is written there goes nowhere."""

import subprocess
from pathlib import Path

import pytest

from lsp_repair.repair.history.repository_copy import copy_repository, mentions_git
from lsp_repair.testrun.snapshot import take_snapshot
from lsp_repair.testrun.snapshot_rules import SnapshotRules

_WHO = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *_WHO, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """Three commits, tagged at the second, on a branch of its own."""
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "trunk")
    for number, name in enumerate(("one.py", "two.py", "sub/three.py")):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"# git {number}\n")
        git(root, "add", "-A")
        git(root, "commit", "-qm", f"commit {number}")
        if number == 1:
            git(root, "tag", "-a", "v1.2.3", "-m", "x")
    return root


@pytest.fixture
def copied(tmp_path):
    def make(root: Path) -> Path:
        copy = take_snapshot(root, tmp_path / "copy", {}, SnapshotRules()).root
        assert copy_repository(root, copy)
        return copy

    return make


@pytest.mark.parametrize(
    "words",
    [
        "describe --tags --dirty",
        "rev-parse HEAD",
        "rev-parse --abbrev-ref HEAD",
        "log --format=%H%s",
        "ls-files",
        "show HEAD:two.py",
        "tag --list",
        "status --porcelain",
    ],
)
def test_git_answers_as_at_home(repository, copied, words):
    answer = git(copied(repository), *words.split())
    assert answer == git(repository, *words.split())
    assert answer or words.startswith("status")


def test_a_changed_file_is_dirty_there_too(repository, copied):
    (repository / "one.py").write_text("changed\n")
    copy = copied(repository)
    assert git(copy, "describe", "--tags", "--dirty").endswith("-dirty")
    assert git(copy, "status", "--porcelain") == "M one.py"


def test_a_detached_head_and_a_linked_worktree_are_copied(repository, copied, tmp_path):
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "v1.2.3")
    copy = copied(tmp_path / "linked")
    assert git(copy, "describe", "--tags") == "v1.2.3"
    assert git(copy, "symbolic-ref", "-q", "HEAD") == ""


def test_a_root_below_the_top_knows_the_tags_and_its_own_files(repository, copied):
    copy = copied(repository / "sub")
    assert git(copy, "describe", "--tags") == git(repository, "describe", "--tags")
    assert git(copy, "ls-files") == "three.py"


def test_a_shallow_clone_stays_one(repository, copied, tmp_path):
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    copy = copied(tmp_path / "shallow")
    assert git(copy, "log", "--format=%s") == "commit 2"


def test_what_is_written_in_the_copy_does_not_reach_the_original(repository, copied):
    before = (
        git(repository, "rev-parse", "HEAD"),
        git(repository, "tag"),
        git(repository, "config", "--list", "--local"),
    )
    copy = copied(repository)
    git(copy, "commit", "-q", "--allow-empty", "-m", "x")
    git(copy, "tag", "other")
    git(copy, "config", "core.editor", "x")
    assert before == (
        git(repository, "rev-parse", "HEAD"),
        git(repository, "tag"),
        git(repository, "config", "--list", "--local"),
    )


def test_passwords_hooks_filters_and_withheld_files_stay_at_home(repository, copied):
    (repository / ".env").write_text("TOKEN=abcdef0123456789\n")
    git(repository, "add", "-f", ".env")
    git(repository, "commit", "-qm", "env")
    git(repository, "remote", "add", "origin", "https://me:secret-word@example.org/x.git?key=1")
    git(repository, "config", "filter.f.clean", "touch /tmp/ran")
    (repository / ".git" / "hooks" / "post-checkout").write_text("#!/bin/sh\n")
    copy = copied(repository)
    assert git(copy, "config", "remote.origin.url") == "https://example.org/x.git"
    assert "secret-word" not in (copy / ".git" / "config").read_text()
    assert git(copy, "config", "filter.f.clean") == ""
    assert not (copy / ".git" / "hooks").exists()
    assert git(copy, "show", "HEAD:.env") == ""


def test_a_folder_that_is_no_repository_gets_none(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "copy").mkdir()
    assert not copy_repository(tmp_path / "plain", tmp_path / "copy")
    assert not (tmp_path / "copy" / ".git").exists()


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ('subprocess.run(["git", "describe"])\n', True),
        ("from setuptools_scm import get_version\n", True),
        ("# see https://github.com/a/b\nlegitimate = 1\n", False),
    ],
)
def test_only_projects_that_speak_of_git_get_a_repository(tmp_path, code, asks):
    (tmp_path / "a.py").write_text(code)
    assert mentions_git(tmp_path) == asks

"""What was changed lately: read from real repositories, also from those that want to run something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lsp_repair.repair.with_models.recent_changes import changed_code, recent_lines

BEFORE = b"def f(a):\n    b = a + 1\n    return b\n\n\ndef g(a):\n    return a\n"
AFTER = BEFORE.replace(b"a + 1", b"a - 1")
ALL = (1, 7)
CHANGE = ("@@ cart.py, line 2", "-    b = a + 1", "+    b = a - 1")


def told(root, path, data, span):
    return changed_code(root, {path: data}, {path: [span]})


def git(root, *arguments):
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, env=environ, timeout=120)


def commit(root, **files):
    for name, data in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".py").write_bytes(data)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, cart=BEFORE, pkg__shop__stock=BEFORE)
    return root


def test_lines_changed_in_the_working_tree_are_those_of_the_last_commit(repository):
    assert told(repository, "cart.py", AFTER, ALL) == CHANGE


def test_without_such_a_change_those_of_the_last_commit_are_told(repository):
    commit(repository, cart=AFTER)
    assert told(repository, "cart.py", AFTER, ALL) == CHANGE


def test_only_changes_within_the_lines_asked_for_are_told(repository):
    assert told(repository, "cart.py", AFTER, (6, 7)) == ()
    assert told(repository, "cart.py", AFTER, (2, 2)) == CHANGE
    assert told(repository, "cart.py", AFTER, (1, 1)) == ()


def test_lines_that_were_taken_away_are_told_and_new_ones_too(repository):
    removed = told(repository, "cart.py", BEFORE.replace(b"    b = a + 1\n", b""), (1, 2))
    assert removed == ("@@ cart.py, line 2", "-    b = a + 1")
    added = told(repository, "cart.py", BEFORE.replace(b"    return b", b"    b *= 2\n    return b"), ALL)
    assert added == ("@@ cart.py, line 3", "+    b *= 2")


def test_the_lines_that_were_changed_lately_are_known_by_file(repository):
    assert recent_lines(repository, {"cart.py": AFTER, "pkg/shop/stock.py": BEFORE}) == {"cart.py": frozenset({2})}
    commit(repository, cart=AFTER)
    assert recent_lines(repository, {"cart.py": AFTER, "pkg/shop/stock.py": BEFORE}) == {"cart.py": frozenset({2})}
    assert recent_lines(repository.parent, {"cart.py": AFTER}) == {}


def test_a_subfolder_of_a_repository_is_a_project_too(repository):
    assert told(repository / "pkg", "shop/stock.py", AFTER, ALL) == ("@@ shop/stock.py, line 2", *CHANGE[1:])
    assert told(repository / "pkg", "cart.py", AFTER, ALL) == ()


def test_other_line_ends_are_no_change(repository):
    assert told(repository, "cart.py", BEFORE.replace(b"\n", b"\r\n"), ALL) == ()
    assert told(repository, "cart.py", AFTER.replace(b"\n", b"\r\n"), ALL) == CHANGE


def test_no_more_than_a_few_lines_are_told(repository):
    assert len(told(repository, "cart.py", b"x = 1\n", ALL)) <= 40


@pytest.mark.parametrize(
    "path", ["new.py", "../outside.py", "/etc/passwd", "-x", "a\x00b", "pkg", "\udcff.py", "", ":", "cart.py\n"]
)
def test_a_file_without_history_has_no_changes(repository, path):
    assert told(repository, path, AFTER, ALL) == ()


def test_a_first_commit_has_nothing_before_it(repository):
    assert told(repository, "cart.py", BEFORE, ALL) == ()


def test_a_repository_without_commits_or_none_at_all_has_no_changes(tmp_path):
    assert told(tmp_path, "cart.py", AFTER, ALL) == ()
    git(tmp_path, "init", "-q")
    assert told(tmp_path, "cart.py", AFTER, ALL) == ()
    assert told(tmp_path / "nowhere", "cart.py", AFTER, ALL) == ()


def test_without_git_there_are_no_changes(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert told(repository, "cart.py", AFTER, ALL) == ()
    monkeypatch.delenv("PATH")
    assert isinstance(told(repository, "cart.py", AFTER, ALL), tuple)


def test_variables_of_a_hook_that_name_another_repository_are_passed_over(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert told(repository, "cart.py", AFTER, ALL) == CHANGE


def test_files_that_differ_everywhere_are_compared_soon(repository):
    before = b"".join(b"a = %d\n\n" % (each % 7) for each in range(8_000))
    commit(repository, cart=before)
    after = b"".join(b"b = %d\n\n" % (each % 5) for each in range(8_000))
    assert len(told(repository, "cart.py", after, (1, 16_000))) == 40
    assert told(repository, "cart.py", before[:-14] + b"x\n", (15_990, 16_000))


def test_files_of_unreasonable_size_are_left_out(repository):
    commit(repository, cart=b"x = 1\n" * 400_000)
    assert told(repository, "cart.py", AFTER, ALL) == ()


@pytest.fixture
def marker(tmp_path):
    """A program that leaves a mark when it is run, as any repository can bring one along."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/marker\nexit 1\n")
    program.chmod(0o755)
    return tmp_path / "marker"


def program_of(marker: Path) -> str:
    return str(marker.with_name("program"))


def test_nothing_that_the_configuration_names_is_run(repository, marker):
    program = program_of(marker)
    names = ["core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy"]
    names += ["core.alternateRefsCommand", "diff.external", "diff.x.textconv", "diff.x.command", "pager.cat-file"]
    names += [
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "credential.helper",
        "gpg.program",
        "sequence.editor",
    ]
    for name in names:
        git(repository, "config", name, program)
    git(repository, "config", "alias.cat-file", f"!{program}")
    git(repository, "config", "core.hooksPath", str(repository / "hooks"))
    (repository / ".gitattributes").write_text("*.py diff=x filter=x\n")
    for folder in (repository / "hooks", repository / ".git/hooks"):
        folder.mkdir(exist_ok=True)
        for hook in (
            "post-index-change",
            "reference-transaction",
            "pre-auto-gc",
            "fsmonitor-watchman",
            "post-checkout",
        ):
            shutil.copy(program, folder / hook)
    assert told(repository, "cart.py", AFTER, ALL) == CHANGE
    assert not marker.exists()


@pytest.mark.parametrize(
    "url", ["ssh://host.invalid/x", "host.invalid:x", "ext::{program} %S", "{folder}", "file://{folder}"]
)
def test_what_a_partial_clone_lacks_is_not_fetched(repository, marker, url):
    program = program_of(marker)
    git(repository, "config", "core.repositoryFormatVersion", "1")
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "remote.origin.url", url.format(program=program, folder=repository))
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "remote.origin.uploadpack", program)
    git(repository, "config", "protocol.allow", "always")
    git(repository, "config", "core.sshCommand", program)
    for kept in (repository / ".git/objects").glob("??/*"):
        if subprocess.run(
            ["git", "cat-file", "-t", kept.parent.name + kept.name],
            cwd=repository,
            capture_output=True,
            check=False,
            timeout=120,
        ).stdout.startswith(b"blob"):
            kept.unlink()
    assert told(repository, "cart.py", AFTER, ALL) == ()
    assert not marker.exists()


@pytest.mark.parametrize("path", [".", "", "bin"])
def test_a_git_of_the_repository_itself_is_not_run(repository, marker, monkeypatch, path):
    (repository / "bin").mkdir()
    for folder in (repository, repository / "bin"):
        shutil.copy(program_of(marker), folder / "git")
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(repository)
    assert told(repository, "cart.py", AFTER, ALL) == CHANGE
    assert not marker.exists()

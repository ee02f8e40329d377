"""A commit's product differs from today's only where git says so, and files that are not the product's own stay."""

import os
import subprocess

import pytest

from lsp_repair.domain.runs import NodeId
from lsp_repair.repair.history.commits import commits_after, named
from lsp_repair.repair.history.known_tests import existed
from lsp_repair.repair.history.product_states import Product


def git(root, *words):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.hooksPath="]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environ |= {"GIT_AUTHOR_DATE": "1717200000 -1130"}
    done = subprocess.run(
        ["git", *identity, *words], cwd=root, check=True, capture_output=True, timeout=60, env=environ
    )
    return done.stdout.decode().strip()


def write(root, files):
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def commit(root, message="x"):
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "repository" / "project"
    root.mkdir(parents=True)
    git(root.parent, "init", "-q")
    return root


def state(root, revision, *, ours=lambda path: "test" not in path):
    """With the working tree as its own copy."""
    return Product.of(root, root, ["pkg/m.py"], ours).in_commit(revision)


def test_what_came_went_and_changed_is_told_and_the_rest_is_today_s(project):
    before = {"pkg/m.py": b"1\n", "pkg/gone.py": b"2\n", "pkg/same.py": b"3\n", "pkg/a.json": b"4\n"}
    others = {"test_m.py": b"5\n", "README.md": b"6\n", "docs/conf.py": b"7\n", "data.json": b"8\n"}
    write(project, before | others)
    write(project.parent, {"elsewhere.py": b"1\n"})
    old = commit(project.parent)
    git(project.parent, "rm", "-qr", "project/pkg/gone.py", "project/docs", "project/data.json")
    write(
        project,
        {"pkg/m.py": b"x\n", "pkg/new.py": b"x\n", "pkg/a.json": b"x\n", "test_m.py": b"x\n", "README.md": b"x\n"},
    )
    write(project.parent, {"elsewhere.py": b"x\n"})
    commit(project.parent)
    expected = {"pkg/m.py": b"1\n", "pkg/gone.py": b"2\n", "pkg/a.json": b"4\n", "pkg/new.py": None}
    assert state(project, old) == expected


def test_files_that_git_ignores_stay_and_others_that_are_not_committed_were_not_there(project):
    write(project, {"pkg/m.py": b"1\n", ".gitignore": b"_version.py\n"})
    old = commit(project)
    write(project, {"pkg/_version.py": b"1\n", "pkg/new.py": b"1\n"})
    assert state(project, old) == {"pkg/new.py": None}


def test_what_git_does_not_hand_out_as_it_is_on_the_disk_stays(project):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    write(project, {"pkg/m.py": b"1\n2\n", "pkg/large.bin": pointer, "pkg/.env": b"KEY=1\n", "pkg/n.py": b"1\n2\n"})
    old = commit(project)
    write(
        project,
        {"pkg/m.py": b"1\r\n2\r\n", "pkg/large.bin": b"content", "pkg/.env": b"KEY=2\n", "pkg/n.py": b"3\r\n2\r\n"},
    )
    assert state(project, old) == {"pkg/n.py": b"1\r\n2\r\n"}


def test_a_commit_is_named_as_its_author_did_where_the_author_was(project):
    one = commit(project, "Fix\x1b[31m the\nrounding\n\nand more")
    found = named(project, one)
    assert (found.date, found.subject) == ("2024-05-31", "Fix?[31m the rounding")
    assert one.startswith(found.id)


def test_a_merged_branch_belongs_to_the_history(project):
    start = commit(project)
    git(project, "checkout", "-q", "-b", "side")
    side = commit(project, "on the side")
    git(project, "checkout", "-q", "-")
    main = commit(project, "on the main line")
    git(project, "merge", "-q", "--no-ff", "-m", "merge", "side")
    merged = git(project, "rev-parse", "HEAD")
    history = commits_after(project, start)
    assert history == {side: (start,), main: (start,), merged: (main, side)}
    assert list(history)[-1] == merged


def test_a_test_existed_where_its_function_did_even_in_a_file_that_has_moved(project):
    write(project, {"test_a.py": b"class TestA:\n    def test_x(self): pass\n\ndef test_y(): pass\n"})
    old = commit(project)
    (project / "test_a.py").rename(project / "test_b.py")
    (project / "test_b.py").write_bytes((project / "test_b.py").read_bytes() + b"\ndef test_z(): pass\n")
    known = {
        test: existed(project, old, NodeId(f"test_b.py::{test}")) for test in ("TestA::test_x[1]", "test_y", "test_z")
    }
    assert known == {"TestA::test_x[1]": True, "test_y": True, "test_z": False}
    assert existed(project, old, NodeId("test_b.py::test_made_by_a_program"))

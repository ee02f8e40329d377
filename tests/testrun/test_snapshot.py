"""The private copy: everything the tests need, nothing that is secret, and the original only read."""

import os
import socket
import subprocess
import sys

import pytest

from lsp_repair.domain.patches import FileChange
from lsp_repair.errors import CannotRunTestsError, UsageError
from lsp_repair.testrun.snapshot import Snapshot, copy_snapshot, remove_tree, take_snapshot, write_patch
from lsp_repair.testrun.snapshot_rules import SnapshotRules


@pytest.fixture
def original(tmp_path):
    """A project with what projects have."""
    root = tmp_path / "original"
    files = {
        "shop.py": "x = 1\n",
        "data/prices.csv": "a;1\n",
        "shop/_version.py": "version = '1'\n",
        "shop/_speed.cpython-311-x86_64-linux-gnu.so": "\x7fELF",
        ".gitignore": "shop/_version.py\n*.so\n",
        ".env": "KEY=secret\n",
        ".env.example": "KEY=\n",
        "server.key": "k",
        "chain.pem": "-----BEGIN PRIVATE KEY-----\n",
        "public.pem": "-----BEGIN CERTIFICATE-----\n",
        ".git/config": "[core]\n",
        ".venv/pyvenv.cfg": "home = /usr\n",
        "odd_name/pyvenv.cfg": "home = /usr\n",
        "odd_name/bin/python": "",
        "__pycache__/shop.cpython-311.pyc": "old",
        ".coverage": "data",
        ".hypothesis/examples/ab/cd": "x",
        ".hypothesis/tmp/one": "x",
        "tests/certificates/server.key": "k",
        "tests/certificates/chain.pem": "-----BEGIN PRIVATE KEY-----\n",
        "tests/.env": "KEY=secret\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def copy(original, tmp_path):
    def make(overlays=None, **rules: object) -> Snapshot:
        return take_snapshot(original, tmp_path / "copy", overlays or {}, SnapshotRules(**rules))

    return make


def names(snapshot):
    return {path.relative_to(snapshot.root).as_posix() for path in snapshot.root.rglob("*") if path.is_file()}


def test_it_holds_what_the_tests_need_of_ignored_files_and_no_secrets(copy):
    assert names(copy()) == {
        "shop.py",
        "data/prices.csv",
        "shop/_version.py",
        "shop/_speed.cpython-311-x86_64-linux-gnu.so",
        ".gitignore",
        ".env.example",
        "public.pem",
        ".hypothesis/examples/ab/cd",
        "tests/certificates/server.key",
        "tests/certificates/chain.pem",
    }


def test_what_may_hold_secrets_is_named(copy):
    skipped = {each.path: each.why for each in copy().skipped}
    assert skipped[".env"] == skipped["server.key"] == "may contain secrets"
    assert skipped["chain.pem"] == "contains a private key"
    assert "virtual environment" in skipped["odd_name"]


def test_the_user_may_allow_a_secret_file(copy):
    assert ".env" in names(copy(include=(".env",)))


def test_unsaved_buffers_lie_over_the_files(copy):
    snapshot = copy({"shop.py": b"x = 2\n", "new/module.py": b"y = 1\n"})
    assert (snapshot.root / "shop.py").read_bytes() == b"x = 2\n"
    assert (snapshot.root / "new/module.py").exists()


def test_sockets_and_pipes_are_left_out(original, copy):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(original / "talk.sock"))
        os.mkfifo(original / "pipe")
        snapshot = copy()
    assert {"talk.sock", "pipe"} & names(snapshot) == set()


def test_a_loop_of_links_ends(original, copy):
    (original / "data" / "up").symlink_to(original, target_is_directory=True)
    (original / "self").symlink_to("self")
    (original / "nowhere").symlink_to("/does/not/exist")
    snapshot = copy()
    assert (snapshot.root / "data" / "up").is_symlink()
    assert (snapshot.root / "data" / "up" / "shop.py").read_text() == "x = 1\n"


def test_a_link_out_of_the_project_is_copied_and_its_target_stays_untouched(original, copy, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (original / "linked.txt").symlink_to(outside)
    snapshot = copy()
    (snapshot.root / "linked.txt").write_text("changed")
    assert outside.read_text() == "mine"


def test_no_file_is_shared_with_the_original(original, copy):
    snapshot = copy()
    assert (snapshot.root / "shop.py").stat().st_ino != (original / "shop.py").stat().st_ino
    assert (snapshot.root / "shop.py").stat().st_mtime_ns == (original / "shop.py").stat().st_mtime_ns


def test_a_read_only_original_can_be_copied_patched_and_removed(original, copy, tmp_path):
    (original / "shop.py").chmod(0o444)
    snapshot = copy()
    write_patch(snapshot, [FileChange("shop.py", b"x = 1\n", b"x = 3\n")])
    again = copy_snapshot(snapshot, tmp_path / "again")
    assert (again.root / "shop.py").read_bytes() == b"x = 3\n"
    remove_tree(again.root)
    assert not again.root.exists()


def test_a_patch_through_a_link_out_of_the_root_is_refused(original, copy, tmp_path):
    snapshot = copy()
    (snapshot.root / "out").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="out"):
        write_patch(snapshot, [FileChange("out/evil.py", None, b"")])


def test_the_user_may_leave_out_what_tests_can_do_without(copy):
    snapshot = copy(exclude=("data/", "*.so"))
    assert {"data/prices.csv", "shop/_speed.cpython-311-x86_64-linux-gnu.so"}.isdisjoint(names(snapshot))
    skipped = {each.path: each.why for each in snapshot.skipped}
    assert skipped["data"] == "left out by the setting snapshot_exclude"


def test_a_refusal_for_size_names_the_largest_and_the_setting(original, copy):
    (original / "models").mkdir()
    (original / "models" / "big.bin").write_bytes(bytes(5 << 20))
    with pytest.raises(CannotRunTestsError, match=r"models/big.bin \(5 MiB\)") as caught:
        copy(max_bytes=1 << 20)
    assert 'snapshot_exclude = ["models/big.bin"]' in caught.value.hint
    assert copy(max_bytes=1 << 20, exclude=("models/big.bin",)).size_bytes < 1 << 20


def test_a_project_that_is_too_large_is_named_with_the_limit(original, copy, tmp_path):
    (original / "big.bin").write_bytes(b"0" * (3 << 20))
    with pytest.raises(CannotRunTestsError) as caught:
        copy(max_bytes=1 << 20)
    assert caught.value.code == "project-too-large"
    assert not (tmp_path / "copy").exists()


@pytest.mark.needs("unshare", "mount")
def test_a_full_disk_is_named_and_what_was_copied_is_removed(original, tmp_path):
    """A file system of 64 kB in a mount namespace of its own; not every machine lets users have one."""
    (original / "large.txt").write_bytes(b"0" * 300_000)
    small = tmp_path / "small"
    small.mkdir()
    program = (
        "from pathlib import Path\n"
        "from lsp_repair.testrun.snapshot import *\n"
        "from lsp_repair.errors import CannotRunTestsError\n"
        f"target = Path({str(small)!r}) / 'copy'\n"
        "try:\n"
        f"    take_snapshot(Path({str(original)!r}), target, {{}}, SnapshotRules())\n"
        "except CannotRunTestsError as error:\n"
        "    print(error.code, error.hint, target.exists())\n"
    )
    mount = f'mount -t tmpfs -o size=64k none "{small}" && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, sys.executable, program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()[:80]}")
    assert done.stdout.startswith("disk-full")
    assert "TMPDIR" in done.stdout
    assert done.stdout.strip().endswith("False")

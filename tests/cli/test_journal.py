"""Writing fixes and taking them back: all files or none, nothing that the user changed since is lost."""

import os
import stat
import subprocess
import sys
import threading

import pytest

from lsp_repair.cli import atomic_writes
from lsp_repair.cli.journal import apply, undo
from lsp_repair.domain.patches import FileChange
from lsp_repair.errors import UsageError


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "pkg").mkdir(parents=True)
    (root / "a.py").write_bytes(b"a = 1\r\n")
    (root / "pkg" / "b.py").write_bytes(b"b = 1\n\xff")
    return root


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "state" / "journal"


A = FileChange("a.py", b"a = 1\r\n", b"a = 2\r\n")
B = FileChange("pkg/b.py", b"b = 1\n\xff", b"b = 2\n\xff")
NEW = FileChange("new/deep/c.py", None, b"c = 1\n")
GONE = FileChange("pkg/b.py", b"b = 1\n\xff", None)


def tree(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


ORIGINAL = {"a.py": b"a = 1\r\n", "pkg/b.py": b"b = 1\n\xff"}


def refused(code, call, *arguments: object):
    with pytest.raises(UsageError) as error:
        call(*arguments)
    assert error.value.code == code
    assert error.value.hint
    return error.value.message


def test_a_fix_is_written_and_taken_back(root, journal):
    fix = apply(root, [A, B, NEW], journal)
    assert fix.paths == ("a.py", "pkg/b.py", "new/deep/c.py")
    assert tree(root) == {"a.py": b"a = 2\r\n", "pkg/b.py": b"b = 2\n\xff", "new/deep/c.py": b"c = 1\n"}
    undone = undo(root, journal, None)
    assert undone == fix
    assert tree(root) == ORIGINAL
    assert not (root / "new").exists()


def test_a_file_that_a_fix_removed_comes_back_as_it_was(root, journal):
    (root / "pkg" / "b.py").chmod(0o750)
    apply(root, [GONE], journal)
    assert not (root / "pkg" / "b.py").exists()
    undo(root, journal, None)
    assert tree(root) == ORIGINAL
    assert stat.S_IMODE((root / "pkg" / "b.py").stat().st_mode) == 0o750


def test_mode_and_owner_of_a_file_stay(root, journal):
    (root / "a.py").chmod(0o640)
    if os.getuid() == 0:
        os.chown(root / "a.py", 1234, 5678)
    before = (root / "a.py").stat()
    apply(root, [A], journal)
    after = (root / "a.py").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_new_file_gets_the_permissions_the_user_gives_new_files(root, journal):
    (root / "plain").touch()
    apply(root, [NEW], journal)
    assert (root / "new/deep/c.py").stat().st_mode == (root / "plain").stat().st_mode


def test_a_link_stays_a_link_to_the_repaired_file(root, journal):
    (root / "link.py").symlink_to("a.py")
    apply(root, [FileChange("link.py", A.before, A.after)], journal)
    assert (root / "link.py").is_symlink()
    assert (root / "a.py").read_bytes() == A.after
    undo(root, journal, None)
    assert (root / "a.py").read_bytes() == A.before


@pytest.mark.parametrize("path", ["../outside.py", "out/outside.py", "link.py", ".", "/etc/hostname"])
def test_nothing_outside_the_root_is_written(root, journal, path):
    outside = root.parent / "outside.py"
    outside.write_bytes(b"x")
    (root / "out").symlink_to(root.parent)
    (root / "link.py").symlink_to(outside)
    refused("outside-root", apply, root, [A, FileChange(path, b"x", b"y")], journal)
    assert outside.read_bytes() == b"x"
    assert (root / "a.py").read_bytes() == A.before


def test_only_regular_files_are_written(root, journal):
    os.mkfifo(root / "pipe")
    refused("not-a-file", apply, root, [FileChange("pipe", None, b"x")], journal)
    refused("not-a-file", apply, root, [FileChange("pkg", None, b"x")], journal)


@pytest.mark.parametrize(
    "stale",
    [FileChange("a.py", b"a = 0\n", b"a = 2\n"), FileChange("a.py", None, b"x"), FileChange("gone.py", b"x", b"y")],
)
def test_a_file_that_changed_since_the_proof_stops_the_whole_fix(root, journal, stale):
    assert stale.path in refused("stale", apply, root, [B, stale], journal)
    assert tree(root) == ORIGINAL
    refused("nothing-to-undo", undo, root, journal, None)


def test_a_fix_that_changes_nothing_is_refused(root, journal):
    refused("nothing-to-apply", apply, root, [FileChange("a.py", A.before, A.before)], journal)


def test_when_a_later_file_cannot_be_written_no_file_is(root, journal):
    (root / "blocked").write_bytes(b"a file where a folder should be")
    before = tree(root)
    refused("cannot-write", apply, root, [A, NEW, GONE, FileChange("blocked/c.py", None, b"c")], journal)
    assert tree(root) == before
    assert not (root / "new").exists()
    refused("nothing-to-undo", undo, root, journal, None)


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device", "disk"), KeyboardInterrupt()])
def test_a_stop_between_two_files_puts_the_first_ones_back(root, journal, monkeypatch, stop):
    put, calls = atomic_writes._put, []

    def second_fails(target, copy) -> None:
        calls.append(target)
        if len(calls) == 3:
            raise stop
        put(target, copy)

    monkeypatch.setattr(atomic_writes, "_put", second_fails)
    with pytest.raises((UsageError, KeyboardInterrupt)):
        apply(root, [NEW, GONE, A], journal)
    assert len(calls) == 5
    assert tree(root) == ORIGINAL
    assert not (root / "new").exists()


def test_a_file_the_user_saves_while_others_are_written_is_not_lost(root, journal, monkeypatch):
    put = atomic_writes._put

    def user_saves_b(target, copy) -> None:
        put(target, copy)
        (root / "pkg" / "b.py").write_bytes(b"mine")

    monkeypatch.setattr(atomic_writes, "_put", user_saves_b)
    refused("stale", apply, root, [A, B], journal)
    assert (root / "pkg" / "b.py").read_bytes() == b"mine"
    assert (root / "a.py").read_bytes() == A.before


def test_without_a_journal_nothing_is_written(root, tmp_path):
    (tmp_path / "file").touch()
    refused("cannot-write", apply, root, [A], tmp_path / "file" / "journal")
    assert tree(root) == ORIGINAL


def test_what_undoing_needs_is_private(root, journal):
    fix = apply(root, [A], journal)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o700
    assert stat.S_IMODE((journal / f"{fix.id}.json").stat().st_mode) == 0o600


def test_fixes_are_undone_from_the_latest_on(root, journal):
    first = apply(root, [A], journal)
    second = apply(root, [FileChange("a.py", A.after, b"a = 3\n")], journal)
    assert "a.py" in refused("changed-since", undo, root, journal, first.id)
    assert undo(root, journal, None).id == second.id
    assert undo(root, journal, None).id == first.id
    assert "no fix" in refused("nothing-to-undo", undo, root, journal, None)
    assert first.id in refused("nothing-to-undo", undo, root, journal, first.id)


def test_a_fix_can_be_undone_by_its_id(root, journal):
    first = apply(root, [A], journal)
    apply(root, [B], journal)
    assert undo(root, journal, first.id).paths == ("a.py",)
    assert (root / "pkg" / "b.py").read_bytes() == B.after


def test_fixes_of_other_roots_stay(root, journal, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.py").write_bytes(A.before)
    fix = apply(other, [A], journal)
    refused("nothing-to-undo", undo, root, journal, None)
    refused("nothing-to-undo", undo, root, journal, fix.id)


@pytest.mark.parametrize("changed", [b"mine", None])
def test_one_file_the_user_changed_since_keeps_all_as_they_are(root, journal, changed):
    apply(root, [A, B], journal)
    if changed is None:
        (root / "pkg" / "b.py").unlink()
    else:
        (root / "pkg" / "b.py").write_bytes(changed)
    before = tree(root)
    assert "pkg/b.py" in refused("changed-since", undo, root, journal, None)
    assert tree(root) == before


def test_a_mode_the_user_gave_since_is_kept(root, journal):
    apply(root, [A], journal)
    (root / "a.py").chmod(0o755)
    undo(root, journal, None)
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == 0o755


KILLED = """
import os, signal, sys
from pathlib import Path
from lsp_repair.cli import atomic_writes
from lsp_repair.cli.journal import apply
from lsp_repair.domain.patches import FileChange

put, calls = atomic_writes._put, []
def killed_at(target, copy):
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(target)
    put(target, copy)
atomic_writes._put = killed_at
changes = [FileChange("a.py", b"a = 1\\r\\n", b"a = 2\\r\\n"), FileChange("new/deep/c.py", None, b"c = 1\\n")]
apply(Path(sys.argv[1]), changes, Path(sys.argv[2]))
"""


@pytest.mark.parametrize("files_written", [0, 1])
def test_after_kill_9_undo_brings_everything_back(root, journal, files_written):
    killed = subprocess.run([sys.executable, "-c", KILLED, root, journal, str(files_written)], check=False, timeout=120)
    assert killed.returncode == -9
    assert ((root / "a.py").read_bytes() == A.after) is (files_written == 1)
    undo(root, journal, None)
    assert tree(root) == ORIGINAL
    assert not (root / "new").exists()


def test_a_damaged_entry_is_named_and_does_not_hide_behind_an_older_one(root, journal):
    fix = apply(root, [A], journal)
    (journal / "20990101-000000-ffffff.json").write_text("{")
    assert "20990101-000000-ffffff.json" in refused("journal-damaged", undo, root, journal, None)
    assert undo(root, journal, fix.id).id == fix.id


def test_of_two_writers_of_one_file_one_wins_whole(root, journal):
    outcomes = []

    def write(data) -> None:
        try:
            apply(root, [FileChange("a.py", A.before, data), FileChange(f"{data.decode()}.py", None, data)], journal)
            outcomes.append(data)
        except UsageError as error:
            outcomes.append(error.code)

    writers = [threading.Thread(target=write, args=(data,)) for data in (b"one", b"two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    [winner] = [outcome for outcome in outcomes if outcome != "stale"]
    assert tree(root) == ORIGINAL | {"a.py": winner, f"{winner.decode()}.py": winner}

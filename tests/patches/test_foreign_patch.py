"""Foreign patches: read as `git apply` reads them, kept below the root, refused for a stated reason."""

import difflib
import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_repair.domain.patches import FileChange, Patch, unified_diff
from lsp_repair.domain.verdicts import Reason, Rejected
from lsp_repair.patches.foreign_patch import read_patch

SHOP = b"def price(n):\n    rebate = n // 10\n    return n * 3 - rebate\n\n\ndef tax(n):\n    return n / 5\n"
FIX = (
    b"diff --git a/shop.py b/shop.py\n"
    b"index 1111111..2222222 100644\n"
    b"--- a/shop.py\n"
    b"+++ b/shop.py\n"
    b"@@ -1,5 +1,5 @@\n"
    b" def price(n):\n"
    b"-    rebate = n // 10\n"
    b"+    rebate = n // 20\n"
    b"     return n * 3 - rebate\n"
    b" \n"
    b" \n"
)
FIXED = SHOP.replace(b"// 10", b"// 20")


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "shop.py").write_bytes(SHOP)
    return root


def read(patch):
    assert isinstance(patch, Patch), patch
    return {change.path: change.after for change in patch.changes}


def refused(patch, reason):
    assert isinstance(patch, Rejected), patch
    assert patch.reasons == (reason,)
    return patch.detail


def hunk(old, new, *, start=1):
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    body = b"".join(b"-" + line for line in old_lines) + b"".join(b"+" + line for line in new_lines)
    return b"@@ -%d,%d +%d,%d @@\n" % (start, len(old_lines), start, len(new_lines)) + body


def test_a_git_diff_is_the_change_it_describes(root):
    assert read_patch(FIX, root) == Patch((FileChange("shop.py", SHOP, FIXED),))
    assert (root / "shop.py").read_bytes() == SHOP


def test_a_mail_around_the_diff_is_skipped(root):
    mail = b"From 1234\nSubject: [PATCH] fix\n\n--- not a header\n---\n shop.py | 2 +-\n\n" + FIX + b"-- \n2.39.5\n\n"
    assert read(read_patch(mail, root)) == {"shop.py": FIXED}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"shop.py", b"shop.py"),
        (b"./shop.py", b"./shop.py"),
        (b"i/shop.py", b"w/shop.py"),
        (b"before/shop.py", b"after/shop.py"),
        (b"project/shop.py", b"project/shop.py"),
        (b"shop.py.orig", b"shop.py"),
        (b"shop.py", b"shop_fixed.py"),
        (b"a/shop.py\t2024-01-01 10:00:00.000000000 +0100", b"b/shop.py\t2024-01-02 10:00:00.000000000 +0100"),
        (b'"a/shop.py"', b'"b/sh\\157p.py"'),
    ],
)
def test_plain_diffs_name_the_file_in_many_ways(root, old, new):
    plain = b"--- " + old + b"\n+++ " + new + b"\n" + FIX.partition(b"+++ b/shop.py\n")[2]
    assert read(read_patch(plain, root)) == {"shop.py": FIXED}


def test_a_folder_called_a_is_told_from_the_prefix(root):
    for folder in ("a", "a/a"):
        (root / folder).mkdir()
        (root / folder / "shop.py").write_bytes(SHOP)
    assert read(read_patch(FIX, root)) == {"shop.py": FIXED}
    assert read(read_patch(FIX.replace(b"/shop.py", b"/a/shop.py"), root)) == {"a/shop.py": FIXED}
    bare = b"--- a/shop.py\n+++ a/shop.py\n" + FIX.partition(b"+++ b/shop.py\n")[2]
    assert read(read_patch(bare, root)) == {"a/shop.py": FIXED}


def test_files_come_and_go(root):
    (root / "empty.txt").touch()
    patch = b"--- /dev/null\n+++ b/new/deep.py\n@@ -0,0 +1 @@\n+x = 1\n--- a/shop.py\n+++ /dev/null\n" + hunk(SHOP, b"")
    patch = patch.replace(b"+1,0", b"+0,0")
    patch += b"diff --git a/empty.txt b/empty.txt\ndeleted file mode 100644\nindex e69de29..0000000\n"
    patch += b"diff --git a/a b.txt b/a b.txt\nnew file mode 100644\nindex 0000000..e69de29\n"
    assert read(read_patch(patch, root)) == {
        "new/deep.py": b"x = 1\n",
        "shop.py": None,
        "empty.txt": None,
        "a b.txt": b"",
    }


def test_a_file_that_diff_dates_to_the_beginning_of_time_is_new(root):
    patch = b"--- old/n.py\t1970-01-01 01:00:00.000000000 +0100\n+++ new/n.py\t2024-01-01\n@@ -0,0 +1 @@\n+x = 1\n"
    assert read(read_patch(patch, root)) == {"n.py": b"x = 1\n"}


def test_content_bytes_are_kept_as_they_are(root):
    before = b"\xef\xbb\xbf# caf\xe9\r\nx = 1\r\ny = 2\x0c\rz\n\xff\xfe"
    (root / "odd.py").write_bytes(before)
    after = before.replace(b"x = 1", b"x = 2").replace(b"\xff", b"\xfd")
    diff = unified_diff(FileChange("odd.py", before, after)).encode("utf-8", "surrogateescape")
    assert b"No newline" in diff
    assert read(read_patch(b"\xef\xbb\xbf" + diff, root)) == {"odd.py": after}


def test_a_patch_that_got_other_line_ends_on_its_way_fits_the_files(root):
    crlf = FIX.replace(b"\n", b"\r\n")
    assert read(read_patch(crlf, root)) == {"shop.py": FIXED}
    (root / "shop.py").write_bytes(SHOP.replace(b"\n", b"\r\n"))
    assert read(read_patch(crlf, root)) == {"shop.py": FIXED.replace(b"\n", b"\r\n")}
    refused(read_patch(FIX, root), Reason.STALE)


def test_a_mailer_may_strip_the_space_of_empty_lines(root):
    assert read(read_patch(FIX.replace(b"\n \n \n", b"\n\n\n"), root)) == {"shop.py": FIXED}


def test_several_parts_for_one_file_are_one_change(root):
    second = b"--- a/shop.py\n+++ b/shop.py\n@@ -2,2 +2,2 @@\n-    rebate = n // 20\n+    rebate = 0\n     return n * 3 - rebate\n"
    assert read(read_patch(FIX + second, root)) == {"shop.py": SHOP.replace(b"n // 10", b"0")}


def test_a_moved_hunk_is_found_where_it_matches_once(root):
    shifted = b"import os\n\n" * 20
    moved = FIX.replace(b"@@ -1,5 +1,5 @@", b"@@ -3,5 +3,5 @@")
    (root / "shop.py").write_bytes(shifted + SHOP)
    assert read(read_patch(moved, root)) == {"shop.py": shifted + FIXED}
    (root / "shop.py").write_bytes(shifted + SHOP + SHOP)
    detail = refused(read_patch(moved, root), Reason.STALE)
    assert "shop.py: hunk 1 (@@ -3,5 +3,5 @@)" in detail


def test_a_hunk_from_the_first_line_is_not_moved(root):
    (root / "shop.py").write_bytes(b"import os\n" + SHOP)
    refused(read_patch(FIX, root), Reason.STALE)


def test_a_hunk_that_ends_the_file_is_not_moved_into_it(root):
    appended = b"--- a/shop.py\n+++ b/shop.py\n@@ -6,2 +6,3 @@\n def tax(n):\n     return n / 5\n+x = 1\n"
    assert read(read_patch(appended, root)) == {"shop.py": SHOP + b"x = 1\n"}
    (root / "shop.py").write_bytes(SHOP + b"y = 1\n")
    refused(read_patch(appended, root), Reason.STALE)


def test_after_a_moved_hunk_chance_matches_are_not_trusted(root):
    block = b"a\nx\nb\n" * 10
    (root / "f.txt").write_bytes(b"1\n2\n3\n4\n" + b"pad\n" * 3 + b"old\nend\n" + block)
    patch = b"--- a/f.txt\n+++ b/f.txt\n@@ -2,2 +2,2 @@\n-old\n+new\n end\n@@ -13,3 +13,3 @@\n a\n-x\n+y\n b\n"
    assert "hunk 2" in refused(read_patch(patch, root), Reason.STALE)


def test_a_hunk_without_context_stays_at_its_line(root):
    bare = b"--- shop.py\n+++ shop.py\n@@ -2 +2 @@\n-    rebate = n // 10\n+    rebate = n // 20\n"
    assert read(read_patch(bare, root)) == {"shop.py": FIXED}
    refused(read_patch(bare.replace(b"-2 +2", b"-3 +3"), root), Reason.STALE)
    refused(read_patch(b"--- shop.py\n+++ shop.py\n@@ -2,0 +3 @@\n+    return 1\n", root), Reason.STALE)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "a//etc/passwd",
        "a/../../outside.py",
        "../outside.py",
        "a/sub/../../../outside.py",
        "a/..\\outside.py",
        "C:/outside.py",
        "a/C:outside.py",
        "\\\\server\\share",
        '"a/x\\000y.py"',
        '"a/\\056\\056/outside.py"',
        "a/linked/outside.py",
        "a/link.py",
        "a/loop/x.py",
    ],
)
def test_no_path_leaves_the_root(root, tmp_path, name):
    (tmp_path / "outside.py").write_bytes(SHOP)
    (root / "linked").symlink_to(tmp_path)
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "loop").symlink_to(root / "loop")
    new = name.replace("a/", "b/", 1)
    for old in (name, "/dev/null"):
        patch = f"--- {old}\n+++ {new}\n@@ -0,0 +1 @@\n+x\n".encode()
        refused(read_patch(patch, root), Reason.OUTSIDE_ROOT)


def test_a_link_inside_the_root_is_named_by_what_it_points_to(root):
    (root / "tests").mkdir()
    (root / "tests" / "test_shop.py").write_bytes(SHOP)
    (root / "alias.py").symlink_to("tests/test_shop.py")
    assert read(read_patch(FIX.replace(b"shop.py", b"alias.py"), root)) == {"tests/test_shop.py": FIXED}


RENAME = b"diff --git a/shop.py b/store.py\nsimilarity index 90%\nrename from shop.py\nrename to store.py\n"


@pytest.mark.parametrize(
    ("patch", "word"),
    [
        (b"please fix the bug\n", "no unified diff"),
        (b"\xff\xfed\x00i\x00", "UTF-16"),
        (b"*** shop.py\n--- shop.py\n***************\n*** 1 ****\n", "no unified diff"),
        (b"--- a/shop.py\n+++ b/shop.py\n", "without a hunk"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "without a file header"),
        (b"--- /dev/null\n+++ /dev/null\n@@ -0,0 +1 @@\n+x\n", "no name"),
        (b"diff --git a/shop.py b/shop.py\nold mode 100644\nnew mode 100755\n", "mode"),
        (b"diff --git a/shop.py b/shop.py\nindex 1111111..2222222 100644\n", "without a change"),
        (b"diff --git a/n.py b/n.py\nnew file mode 100644\nindex 0000000..2222222\n", "missing"),
        (b"diff --git a/shop.py b/shop.py\nold mode 100644\nnew mode 100755\n" + FIX.partition(b"\n")[2], "mode"),
        (
            b"diff --git a/n.py b/n.py\nnew file mode 100755\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x = 1\n",
            "executable",
        ),
        (RENAME, "renames"),
        (RENAME + b"--- a/shop.py\n+++ b/store.py\n" + FIX.partition(b"+++ b/shop.py\n")[2], "renames"),
        (b"diff --git a/n b/n\nsimilarity index 100%\ncopy from n\ncopy to m\n", "copies"),
        (
            b"diff --git a/l b/l\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n",
            "link",
        ),
        (b"diff --git a/m b/m\nindex 1..2 160000\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n-Sub\n+Sub 2\n", "submodule"),
        (b"diff --git a/p.png b/p.png\nindex 1..2 100644\nGIT binary patch\nliteral 3\n", "binary"),
        (b"diff --git a/p.png b/p.png\nindex 1..2 100644\nBinary files a/p.png and b/p.png differ\n", "binary"),
        (b"Binary files old/p.png and new/p.png differ\n" + FIX, "binary"),
        (b"diff --cc shop.py\nindex 1,2..3\n--- a/shop.py\n+++ b/shop.py\n@@@ -1,1 -1,1 +1,1 @@@\n", "merge"),
        (FIX.replace(b"+++ b/shop.py", b"+++ b/other.py"), "contradict"),
        (b'--- "a/\\377.py"\n+++ "b/\\377.py"\n@@ -1 +1 @@\n-a\n+b\n', "UTF-8"),
        (b'--- "a/\\n.py"\n+++ "b/\\n.py"\n@@ -1 +1 @@\n-a\n+b\n', "control"),
        (FIX.replace(b"-1,5 +1,5", b"-1,6 +1,6"), "truncated"),
        (FIX.replace(b"-1,5 +1,5", b"-1,4 +1,4"), "more lines"),
        (FIX.replace(b"-1,5 +1,5", b"-1,99999999999 +1,5"), "without a hunk"),
        (b"--- a/shop.py\n+++ b/shop.py\n@@ -1,0 +1,0 @@\n", "truncated"),
        (b"--- a/shop.py\n+++ b/shop.py\n@@ -0,0 +1,2 @@\n+x\n\\ No newline at end of file\n+y\n", "no line ending"),
        (b"diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -1 +1 @@\n-x\n+y\n", "old lines"),
    ],
)
def test_what_cannot_be_applied_is_refused_with_its_reason(root, patch, word):
    assert word in refused(read_patch(patch, root), Reason.NOT_A_PATCH)


@pytest.mark.parametrize(
    ("patch", "word"),
    [
        (FIX.replace(b"shop.py", b"gone.py"), "does not exist"),
        (FIX.replace(b"n // 10", b"n // 11"), "hunk 1"),
        (b"--- /dev/null\n+++ b/shop.py\n@@ -0,0 +1 @@\n+x\n", "already exists"),
        (b"--- a/shop.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-def price(n):\n", "more content"),
        (FIX.replace(b"shop.py", b"folder"), "not a regular file"),
    ],
)
def test_a_patch_for_other_files_than_these_is_stale(root, patch, word):
    (root / "folder").mkdir()
    assert word in refused(read_patch(patch, root), Reason.STALE)


@pytest.mark.parametrize(
    "patch",
    [
        b"",
        b" \n\n",
        FIX.replace(b"// 20", b"// 10"),
        FIX + FIX.replace(b"-  ", b"@  ").replace(b"+  ", b"-  ").replace(b"@  ", b"+  "),
    ],
)
def test_a_patch_without_an_effect_is_empty(root, patch):
    refused(read_patch(patch, root), Reason.EMPTY_PATCH)


def test_no_beginning_of_a_patch_is_taken_for_the_whole(root):
    for length in range(1, len(FIX) - 1):
        cut = read_patch(FIX[:length], root)
        assert isinstance(cut, Rejected), FIX[:length]
        assert cut.reasons in {(Reason.NOT_A_PATCH,), (Reason.STALE,), (Reason.EMPTY_PATCH,)}


def added(name):
    return b"--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+x = 1\n" % name.encode()


@pytest.mark.parametrize(
    "name", ["Shop.py", "shop.py.", "shop .py/x.py", "\uff53hop.py", "SUB/other.py", "shop/__init__.py", "sub.py"]
)
def test_a_new_file_does_not_take_the_place_of_another(root, name):
    (root / "shop .py").mkdir()
    (root / "sub").mkdir()
    (root / "sub" / "__init__.py").write_bytes(b"")
    if name == "shop .py/x.py":
        assert isinstance(read_patch(added(name), root), Patch)
    else:
        refused(read_patch(added(name), root), Reason.PROTECTED_PATH)


def test_a_module_may_become_a_package(root):
    removal = b"--- a/shop.py\n+++ /dev/null\n" + hunk(SHOP, b"").replace(b" +1,0 ", b" +0,0 ")
    patch = removal + added("shop/__init__.py")
    assert read(read_patch(patch, root)) == {"shop.py": None, "shop/__init__.py": b"x = 1\n"}


LINE = st.sampled_from(
    [b"", b"a", b"b", b"  x", b"-- y", b"++ z", b"@@ -1 +1 @@", b"\\ No", b"\r", b"c\r", b"\xff", b"\xc3\xa9"]
)
CONTENT = st.builds(
    lambda lines, end: b"\n".join(lines) + end, st.lists(LINE, max_size=25), st.sampled_from([b"", b"\n"])
)
EDITS = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 3), st.lists(LINE, max_size=2)), max_size=4)
NAMES = st.sampled_from(["f.txt", "sub/f.txt", "a b.txt", "caf\u00e9.txt", "a/f.txt", 'q"t.txt'])


def edited(content, edits):
    lines = content.split(b"\n")
    for at, drop, new in edits:
        lines[at : at + drop] = new
    return b"\n".join(lines)


def git(folder, *arguments: str, stdin=b""):
    """Outside any repository and without anybody's settings."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ("git", *arguments), cwd=folder, env=environ, input=stdin, capture_output=True, check=False, timeout=120
    )


def fill(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def applied_by_git(folder, diff):
    """The files afterwards; None where git refuses."""
    done = git(folder, "apply", "--whitespace=nowarn", "-", stdin=diff)
    return None if done.returncode else tree(folder)


def applied_by_us(folder, diff):
    patch = read_patch(diff, folder)
    if isinstance(patch, Rejected):
        return tree(folder) if patch.reasons == (Reason.EMPTY_PATCH,) else None
    return {name: data for name, data in {**tree(folder), **read(patch)}.items() if data is not None}


FEW = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FEW
@given(st.dictionaries(NAMES, st.tuples(CONTENT, EDITS), min_size=1, max_size=3), st.integers(0, 2), st.integers(1, 4))
def test_git_diffs_are_read_as_git_applies_them(tmp_path, files, gone, context):
    before = {name: content for name, (content, _) in files.items()}
    after = {name: edited(content, edits) for name, (content, edits) in files.items()}
    for name in list(files)[:gone]:
        (before if len(name) % 2 else after).pop(name)
    fill(tmp_path / "a", before)
    fill(tmp_path / "b", after)
    compare = ("diff", "--no-index", "--no-prefix", "--no-renames", "--text", f"-U{context}", "a", "b")
    diff = git(tmp_path, *compare).stdout
    assert applied_by_us(tmp_path / "a", diff) == after
    assert not diff or applied_by_git(tmp_path / "a", diff) == after


@FEW
@given(CONTENT, EDITS, EDITS)
def test_on_files_that_moved_on_hunks_go_where_git_puts_them_or_nowhere(tmp_path, content, edits, drift):
    folder = tmp_path / "root"
    fill(folder, {"f.txt": edited(content, drift)})
    diff = unified_diff(FileChange("f.txt", content, edited(content, edits))).encode("utf-8", "surrogateescape")
    if diff:
        ours = applied_by_us(folder, diff)
        assert ours is None or ours == applied_by_git(folder, diff)


def test_a_diff_of_difflib_without_prefixes_is_read(root):
    before, after = (text.decode().splitlines(keepends=True) for text in (SHOP, FIXED))
    lines = difflib.unified_diff(before, after, "shop.py", "shop.py")
    assert read(read_patch("".join(lines).encode(), root)) == {"shop.py": FIXED}

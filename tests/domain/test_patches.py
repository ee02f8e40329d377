"""Edits, diffs and the identity of a patch."""

import subprocess

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_repair.domain.patches import Edit, FileChange, Patch, spliced

LINES = st.lists(
    st.sampled_from([b"a = 1", b"b = 2", b"", b"\xff\xfe", b"x\r", b"\tif a:", b"caf\xc3\xa9"]), max_size=8
)


def content(lines, ends_with_newline):
    return b"\n".join(lines) + (b"\n" if lines and ends_with_newline else b"")


def test_edits_are_spliced_from_the_back():
    assert spliced(b"abcdef", [Edit(0, 1, b"XY"), Edit(4, 6, b"")]) == b"XYbcd"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=LINES, after=LINES, old_end=st.booleans(), new_end=st.booleans())
def test_git_applies_every_diff(tmp_path_factory, before, after, old_end, new_end):
    old, new = content(before, old_end), content(after, new_end)
    if old == new or not old or not new:
        return
    folder = tmp_path_factory.mktemp("repository")
    (folder / "a file.py").write_bytes(old)
    diff = Patch((FileChange("a file.py", old, new),)).diff
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-p1", "-"],
        input=diff.encode("utf-8", "surrogateescape"),
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert (folder / "a file.py").read_bytes() == new


def test_the_identity_of_a_patch_ignores_layout_and_comments():
    one = Patch((FileChange("m.py", b"", b"def f(a):\n    return a+1\n"),))
    other = Patch((FileChange("m.py", b"x", b"def f( a ):  # why\n\n    return (a + 1)\n"),))
    different = Patch((FileChange("m.py", b"", b"def f(a):\n    return a+2\n"),))
    assert one.id == other.id
    assert one.id != different.id


def test_a_file_that_does_not_parse_has_an_identity_too():
    assert Patch((FileChange("m.py", b"", b"def f(:"),)).id != Patch((FileChange("m.py", b"", b"def g(:"),)).id

"""What a file held before, no rule holds against a patch: nothing fires on a file that stays what it was."""

import sysconfig
from pathlib import Path

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.judge.policy.policy import screen_policy
from lsp_repair.judge.rules.reading import read_rules
from lsp_repair.judge.rules.rule_context import SuiteFacts

STDLIB, INSTALLED = (Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib"))
MAX_BYTES = 300_000
PARTS = 20
"""Of the slow test: each takes a minute."""


def files_below(folder):
    """Every module that can be read, but for files that are odd on purpose."""
    for file in sorted(folder.rglob("*.py")):
        inside = file.relative_to(folder).parts
        if "site-packages" in inside or "bad_syntax" in inside[-1] or not file.is_file():
            continue
        if 0 < file.stat().st_size < MAX_BYTES:
            yield file


def held_against(data, after):
    patch = Patch((FileChange("shop.py", data, after),))
    refused = screen_policy(patch, frozenset())
    found = read_rules(patch, SuiteFacts(failing_lines={}))
    return [str(refused.detail)] if refused is not None else [str(each) for each in found.findings]


def of(files, *, in_front=True):
    for file in files:
        data = file.read_bytes()
        yield file, held_against(data, data + b"\n# the end\n")
        if in_front and not data.startswith((b"\xef\xbb\xbf", b"#")):  # which may tell of the encoding
            yield file, held_against(data, b"# the beginning\n" + data)


def test_nothing_is_held_against_some_of_the_standard_library():
    files = [file for number, file in enumerate(sorted(STDLIB.glob("*.py"))) if number % 8 == 0]
    found = {file.name: why for file, why in of(files) if why}
    assert len(files) > 10
    assert found == {}


@pytest.mark.parametrize(
    "start", ["x = f", "import sys\nx = sys._getframe(1)", "try:\n    x\nexcept Exception:\n    raise f"]
)
@pytest.mark.parametrize("depth", [150, 300, 600, 2000])
def test_a_file_that_is_nested_too_deeply_to_be_read_may_stay_so(start, depth):
    data = start.encode() + b".a()" * depth + b"\n"
    assert held_against(data, data + b"# the end\n") == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("folder", [STDLIB, INSTALLED], ids=["the standard library", "installed packages"])
def test_nothing_is_held_against_any_file(folder, part):
    files = [file for number, file in enumerate(files_below(folder)) if number % PARTS == part]
    found = {str(file): why for file, why in of(files, in_front=False) if why}
    assert found == {}

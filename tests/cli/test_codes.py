"""docs/codes.md lists exactly what the code can say."""

import ast
import re
from pathlib import Path

import pytest

import lsp_repair
from lsp_repair.domain.verdicts import Flag, Reason

PACKAGE = Path(lsp_repair.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "codes.md").read_text("utf-8")
ERRORS = {"UsageError", "RefusedError", "CannotRunTestsError", "LspRepairError"}


def section(title):
    text = PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)


def raised_codes():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield code.value


@pytest.mark.parametrize(("title", "members"), [("Reasons", Reason), ("Flags", Flag)])
def test_the_page_lists_the_members(title, members):
    assert sorted(section(title)) == sorted(members)


def test_the_page_lists_every_error_code():
    assert sorted(section("Error codes")) == sorted({*raised_codes(), "time-limit"})

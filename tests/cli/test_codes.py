"""docs/codes.md lists exactly what the code can say, and is made from it."""

import ast
from pathlib import Path

import lsp_repair
from lsp_repair import errors
from lsp_repair.app.codes_page import ERROR_CODES, page

PACKAGE = Path(lsp_repair.__file__).parent
ERRORS = {"UsageError", "RefusedError", "CannotRunTestsError", "LspRepairError"}


def raised_codes():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield code.value, getattr(errors, node.func.id).exit_code


def test_the_page_is_the_one_that_the_code_makes():
    assert (PACKAGE.parent / "docs" / "codes.md").read_text("utf-8") == page()


def test_the_table_lists_every_error_code():
    assert sorted(each.code for each in ERROR_CODES) == sorted({"time-limit", *(code for code, _ in raised_codes())})


def test_the_exit_codes_are_those_of_the_errors():
    known = {each.code: each.exit_code for each in ERROR_CODES}
    raised = {code: exit_code for code, exit_code in raised_codes() if code != "interrupted"}
    assert {code: known[code] for code in raised} == raised

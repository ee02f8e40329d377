"""The user's answers as tests that can be added: written from a case, its best patch, and what the project imports."""

from types import SimpleNamespace

import pytest

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.repair.new_cases import new_cases

CODE = "LIMIT = 3\n\ndef pages(count):\n    return []\n"


@pytest.fixture
def cases(tmp_path):
    def make(tests, *expectations):
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop" / "code.py").write_text(CODE)
        (tmp_path / "test_code.py").write_text(tests)
        patch = Patch((FileChange("shop/code.py", CODE.encode(), CODE.replace("[]", "[1]").encode()),))
        case = SimpleNamespace(
            group=SimpleNamespace(node_ids=(NodeId("test_code.py::test_pages"),)), expectations=expectations
        )
        files = {"shop.code": str(tmp_path / "shop" / "code.py")}
        return new_cases(case, [SimpleNamespace(patch=patch)], tmp_path, files)

    return make


def test_names_of_the_changed_module_are_imported(cases):
    (case,) = cases("import shop\n", "pages(LIMIT) == [1]")
    assert (case.path, case.expression) == ("test_code.py", "pages(LIMIT) == [1]")
    assert case.text == (
        "\n\ndef test_pages_limit_1():\n"
        "    from shop.code import LIMIT\n    from shop.code import pages\n\n"
        "    assert pages(LIMIT) == [1]\n"
    )


def test_names_that_the_tests_have_are_not_imported_and_a_taken_name_is_not_taken_again(cases):
    (case,) = cases("from shop.code import pages\n\ndef test_pages_0():\n    pass\n", "pages(0) == []")
    assert case.text == "\n\ndef test_pages_0_2():\n    assert pages(0) == []\n"


def test_what_the_file_holds_already_and_what_nobody_defines_is_no_case(cases):
    assert cases("def test():\n    assert pages(0) == []\n", "pages(0) == []", "books(1) == 2", "pages(0) ==") == ()

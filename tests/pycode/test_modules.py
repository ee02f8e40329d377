"""One parsed module for each content, with the places of its nodes in the text."""

import ast
import warnings

import pytest

from lsp_repair.pycode.differences import changed_blocks, common_ends
from lsp_repair.pycode.modules import error_line, parsed, read_module, tree_of
from lsp_repair.pycode.nodes import defaults, first_line, name_of, parameters


def test_a_content_is_parsed_once():
    assert read_module(b"a = 1\n") is read_module(bytes(bytearray(b"a = 1\n")))
    module = read_module(b"a = 1\n")
    assert module is not None
    assert parsed(b"a = 1\n") is module.tree


def test_a_file_that_does_not_exist_is_an_empty_module():
    module = read_module(None)
    assert module is not None
    assert module.tree.body == []


@pytest.mark.parametrize("text", ["def f(:", "a\x00b", "-" * 50_000 + "1"])
def test_what_cannot_be_parsed_is_no_module(text):
    assert read_module(text.encode()) is None
    assert tree_of(text) is None


def test_the_compilers_advice_on_the_users_code_stays_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tree_of("a = '\\d' is 1\n") is not None


@pytest.mark.parametrize(
    "data", ["é = f(x)\n".encode(), "\ufeffé = f(x)\n".encode(), b"# coding: latin-1\n\xe9 = f(x)\n"]
)
def test_nodes_are_found_in_the_text_whatever_its_encoding(data):
    module = read_module(data)
    assert module is not None
    (call,) = (node for node in module.scopes.nodes if isinstance(node, ast.Call))
    assert module.text_of(call) == "f(x)"


def test_the_first_line_of_a_function_is_that_of_its_first_decorator():
    tree = tree_of("@one\n@two\nclass A:\n    pass\n")
    assert tree is not None
    assert [first_line(node) for node in tree.body] == [1]


def test_the_line_of_a_syntax_error_is_known():
    assert error_line("a = 1\nb = = 2\n") == 2
    assert error_line("a = 1\n") is None


def test_names_parameters_and_defaults_are_read_from_the_tree():
    tree = tree_of("def f(a, /, b=1, *rest, c=2, d, **more): a.b()\n")
    assert tree is not None
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    assert [each.arg for each in parameters(function.args)] == ["a", "b", "c", "d", "rest", "more"]
    assert [(each.arg, ast.unparse(value)) for each, value in defaults(function.args)] == [("b", "1"), ("c", "2")]
    assert [name_of(node) for node in ast.walk(function) if name_of(node)] == ["b", "a"]


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [("abcd", "abxd", (2, 1)), ("aa", "aaa", (2, 0)), ("", "x", (0, 0)), ("same", "same", (4, 0))],
)
def test_what_texts_begin_and_end_with_is_counted_once(before, after, ends):
    assert common_ends(before, after) == ends


def test_changed_blocks_are_places_in_both_texts():
    before, after = ["a", "b", "c", "d"], ["a", "x", "c", "y", "d"]
    assert [(before[old], after[new]) for old, new in changed_blocks(before, after)] == [(["b"], ["x"]), ([], ["y"])]

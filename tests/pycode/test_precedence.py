"""Composed expressions mean what their parts say."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_repair.pycode.precedence import (
    BINARY_LEVELS,
    Code,
    binary,
    compared,
    conditional,
    constant,
    level_of,
    minus,
    negated,
    trailed,
)

_LEAVES = st.sampled_from(
    ["a", "f(a)", "a[0]", "1", "-1", "not a", "a + b", "a ** b", "a if b else c", "lambda: a", "a or b"]
)
_OPERATORS = st.sampled_from(sorted(BINARY_LEVELS))


def _code(text: str) -> Code:
    return Code(text, level_of(ast.parse(text, mode="eval").body))


def _tree(text: str) -> str:
    return ast.dump(ast.parse(text, mode="eval").body)


@given(_LEAVES, _OPERATORS, _LEAVES)
def test_an_operation_has_its_operands_as_they_were(left, operator, right):
    made = ast.parse(binary(_code(left), operator, _code(right)).text, mode="eval").body
    expected = ast.parse(f"({left}) {operator} ({right})", mode="eval").body
    flat = {ast.dump(each) for each in ast.walk(made)}
    assert isinstance(made, type(expected))
    assert _tree(left) in flat or operator in {"and", "or"}
    assert _tree(right) in flat or operator in {"and", "or"}


@given(_LEAVES)
def test_what_wraps_an_operand_keeps_it_whole(text):
    code, whole = _code(text), f"({text})"
    assert _tree(negated(code).text) == _tree(f"not {whole}")
    assert _tree(minus(code).text) == _tree(f"-{whole}")
    assert _tree(trailed(code, ".x").text) == _tree(f"{whole}.x")
    assert _tree(compared(code, "in", code).text) == _tree(f"{whole} in {whole}")
    assert _tree(conditional(code, code, code).text) == _tree(f"{whole} if {whole} else {whole}")


@pytest.mark.parametrize("value", [0, -1, 2.5, -0.5, "a'b", None, True])
def test_a_constant_reads_back_as_itself(value):
    assert ast.literal_eval(constant(value).text) == value


def test_numbers_without_a_literal_become_calls():
    assert constant(float("inf")).text == 'float("inf")'

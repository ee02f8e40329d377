"""Numbers, booleans and None: small tweaks, other constants around, values of the tests, variables."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, constant, number
from lsp_repair.search.templates.context import Change, Context, Replacement


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a constant."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield Replacement(node, constant(not value), "bool-const", 0.8)
    elif isinstance(value, (int, float)):
        tweaks = _integers(value) if isinstance(value, int) else _floats(value)
        neutral = _neutral(context, node)
        yield from (Replacement(node, code, "const-tweak", prior) for code, prior in tweaks if code.text != neutral)
        yield from _other_numbers(context, node, value)
    elif value is None:
        for text in ("0", "[]", '""', "False", "{}", "-1"):
            yield Replacement(node, Code(text), "const-tweak", 0.2)
    if not isinstance(context.parent(node), (ast.MatchValue, ast.MatchSingleton)):
        for name in context.ingredients.names(node)[:15]:
            yield Replacement(node, Code(name), "const-to-var", 0.22)


def _neutral(context: Context, node: ast.Constant) -> str:
    """The number that would change nothing here: dropping the operand does the same more simply."""
    match context.parent(node):
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return "0"
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Pow()):
            return "1"
        case _:
            return ""


def _integers(value: int) -> Iterator[tuple[Code, float]]:
    yield number(value + 1), 0.7
    yield number(value - 1), 0.7
    yield number(value + 2), 0.2
    yield number(value - 2), 0.15
    for other, prior in ((0, 0.5), (1, 0.5), (-1, 0.3), (2, 0.3), (10, 0.1)):
        if other != value:
            yield number(other), prior
    yield Code("None"), 0.05
    if value:
        yield number(-value), 0.4
    if value > 9:
        for other in (value * 10, value // 10, value * 2):
            yield number(other), 0.1


def _floats(value: float) -> Iterator[tuple[Code, float]]:
    for other in (value + 1, value - 1, -value, 0.0, 1.0, value * 2, value / 2, value * 10, value / 10, 0.5):
        if other != value:
            yield number(other), 0.3


def _other_numbers(context: Context, node: ast.Constant, value: float) -> Iterator[Change]:
    for other in context.ingredients.constants(node):
        if isinstance(other, (int, float)) and other != value:
            yield Replacement(node, number(other), "const-ingredient", 0.3)
    literals = context.hints.test_literals
    requested = [each for each in literals if isinstance(each, (int, float)) and not isinstance(each, bool)]
    for expected in requested[:12]:
        if expected != value:
            yield Replacement(node, number(expected), "test-literal", 0.15)

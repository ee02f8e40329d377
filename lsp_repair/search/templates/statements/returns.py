"""What a function returns, and expressions replaced by others of the same function."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, Level, binary, negated, trailed
from lsp_repair.search.places import is_value
from lsp_repair.search.templates.context import Change, Context, Replacement, resemblance

_CONSTANTS = ("True", "False", "None", "[]", "0", "1", '""', "-1")


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Other values to return, and ingredients for any value."""
    parent = context.parent(node)
    if not is_value(parent, node):
        return
    if isinstance(parent, ast.Return):
        yield from _returned(context, node)
    if not isinstance(node, (ast.Constant, ast.JoinedStr)):
        yield from _ingredients(context, node)
    if isinstance(node, (ast.Call, ast.BinOp, ast.Subscript, ast.Attribute)):
        for name in context.ingredients.names(node)[:14]:
            yield Replacement(node, Code(name), "expr-to-var", 0.18)


def _returned(context: Context, node: ast.expr) -> Iterator[Change]:
    own = context.code(node)
    for name in context.ingredients.names(node)[:14]:
        variable = Code(name)
        yield Replacement(node, binary(variable, "+", own), "return-combine", 0.2, 2)
        yield Replacement(node, binary(own, "+", variable), "return-combine", 0.18, 2)
        yield Replacement(node, variable, "return-var", 0.3)
        yield Replacement(node, Code(f"[{name}]"), "return-var", 0.15)
        yield Replacement(node, Code(f"{name} == 0", Level.COMPARE), "return-cond", 0.18, 2)
        yield Replacement(node, negated(variable), "return-cond", 0.15, 2)
        yield Replacement(node, Code(f"len({name}) == 0", Level.COMPARE), "return-cond", 0.08, 2)
    for text in _CONSTANTS:
        yield Replacement(node, Code(text), "return-const", 0.1)
    yield Replacement(node, trailed(own, "[::-1]"), "return-wrap", 0.15)
    yield Replacement(node, negated(own), "negate", 0.3)


def _ingredients(context: Context, node: ast.expr) -> Iterator[Change]:
    own = context.text(node)
    for other in context.ingredients.expressions(node):
        text = context.text(other)
        if text != own:
            alike = resemblance(own, text) if type(other) is type(node) else 0.2
            yield Replacement(node, context.code(other), "expr-ingredient", 0.12 + 0.2 * alike, 2)

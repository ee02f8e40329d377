"""What is missing: `x is None` against `not x`, and `x or y` against a question for None."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, compared, conditional, negated
from lsp_repair.search.places import is_condition
from lsp_repair.search.templates.context import Change, Context, Replacement

_PLACES = (ast.Name, ast.Attribute, ast.Subscript)
_NONE = Code("None")


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Other questions for a value that may be missing or empty."""
    match node:
        case ast.BoolOp(op=ast.Or(), values=[value, default]) if isinstance(value, _PLACES):
            is_there = compared(context.code(value), "is not", _NONE)
            chosen = conditional(context.code(value), is_there, context.code(default))
            yield Replacement(node, chosen, "or-unless-none", 0.35)
        case _:
            pass
    if is_condition(context.parent(node), node):
        yield from _questions(context, node)


def _questions(context: Context, node: ast.expr) -> Iterator[Change]:
    match node:
        case ast.Compare(left=value, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            yield Replacement(node, negated(context.code(value)), "none-or-empty", 0.45)
        case ast.Compare(left=value, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            yield Replacement(node, context.code(value), "none-or-empty", 0.45)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call() as value):
            yield Replacement(node, compared(context.code(value), "is", _NONE), "none-or-empty", 0.4)
        case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call():
            yield Replacement(node, compared(context.code(node), "is not", _NONE), "none-or-empty", 0.4)
        case _:
            pass

"""Arithmetic and bitwise operations: operator, operands, grouping, small factors."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import OPERATORS, binary, constant
from lsp_repair.search.places import is_value
from lsp_repair.search.templates.context import Change, Context, Replacement, shifted, with_binary_operator

ALTERNATIVES: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("-", 1), ("*", 0.6), ("|", 0.1), ("//", 0.2)),
    "-": (("+", 1), ("%", 0.4), ("//", 0.3), ("/", 0.3), ("*", 0.3)),
    "*": (("+", 0.7), ("/", 0.7), ("//", 0.6), ("**", 0.7), ("-", 0.3), ("%", 0.3)),
    "/": (("//", 1), ("*", 0.7), ("%", 0.6), ("-", 0.2)),
    "//": (("/", 1), ("%", 0.8), ("*", 0.5), ("-", 0.2)),
    "%": (("//", 1), ("/", 0.6), ("*", 0.3), ("-", 0.3), ("+", 0.2)),
    "**": (("*", 1), ("+", 0.3)),
    "&": (("|", 1), ("^", 0.8), ("-", 0.3)),
    "|": (("&", 1), ("^", 0.8), ("+", 0.3)),
    "^": (("&", 1), ("|", 0.9)),
    "<<": ((">>", 1),),
    ">>": (("<<", 1),),
    "@": (),
}
_SYMMETRIC = {"*", "&", "|", "^"}
_SEPARATORS = (".", " ", ",", ", ", "-", "\n", "_", ":")
_SMALL_OPERATORS = (("/", 0.14), ("//", 0.14), ("*", 0.14), ("**", 0.14), ("%", 0.1))


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of an operation, and small factors for any value."""
    if isinstance(node, ast.BinOp):
        operator = OPERATORS[type(node.op)]
        yield from _operators(context, node, operator)
        yield from _operands(context, node, operator)
        yield from _grouping(context, node, operator)
        if operator == "+":
            yield from _separators(context, node)
    yield from _small_factors(context, node)


def _operators(context: Context, node: ast.BinOp, old: str) -> Iterator[Change]:
    for new, weight in ALTERNATIVES[old]:
        if _changes_nothing(node, new):
            continue
        change = with_binary_operator(context, node, old, new, 0.7 * weight)
        if change is not None:
            yield change


def _changes_nothing(node: ast.BinOp, operator: str) -> bool:
    """`x * 1` and the like: dropping the operand does the same more simply."""
    neutral = 1 if operator in {"*", "/", "//", "**"} else 0
    sides = (node.left, node.right) if operator in {"*", "+", "|"} else (node.right,)
    return any(isinstance(side, ast.Constant) and side.value == neutral for side in sides)


def _operands(context: Context, node: ast.BinOp, operator: str) -> Iterator[Change]:
    left, right = context.code(node.left), context.code(node.right)
    yield Replacement(node, left, "drop-operand", 0.5)
    yield Replacement(node, right, "drop-operand", 0.45)
    for operand in (node.left, node.right):
        if isinstance(operand, (ast.Call, ast.Name, ast.Subscript)):
            for code, prior in zip(shifted(context, operand), (0.3, 0.32), strict=False):
                yield Replacement(operand, code, "off-by-one", prior)
    if operator not in _SYMMETRIC:
        yield Replacement(node, binary(right, operator, left), "swap-operands", 0.45 if operator == "+" else 0.4)


def _grouping(context: Context, node: ast.BinOp, operator: str) -> Iterator[Change]:
    """`a + b * c` to `(a + b) * c` and back."""
    left, right = context.code(node.left), context.code(node.right)
    if isinstance(node.right, ast.BinOp) and type(node.right.op) is not type(node.op):
        inner = binary(left, operator, context.code(node.right.left))
        code = binary(inner, OPERATORS[type(node.right.op)], context.code(node.right.right))
        yield Replacement(node, code, "reassociate", 0.35, 2)
    if isinstance(node.left, ast.BinOp) and type(node.left.op) is not type(node.op):
        inner = binary(context.code(node.left.right), operator, right)
        code = binary(context.code(node.left.left), OPERATORS[type(node.left.op)], inner)
        yield Replacement(node, code, "reassociate", 0.35, 2)


def _separators(context: Context, node: ast.BinOp) -> Iterator[Change]:
    for separator in _SEPARATORS:
        head = binary(context.code(node.left), "+", constant(separator))
        yield Replacement(node, binary(head, "+", context.code(node.right)), "concat-const", 0.16, 2)


def _small_factors(context: Context, node: ast.expr) -> Iterator[Change]:
    parent = context.parent(node)
    if not isinstance(node, (ast.Call, ast.Name, ast.BinOp, ast.Subscript)) or not is_value(parent, node):
        return
    if not isinstance(parent, (ast.Assign, ast.Return, ast.Compare, ast.Call, ast.BinOp)):
        return
    constants = (value for value in context.ingredients.constants(node) if type(value) is int and 1 < value < 100)
    for value in sorted({2, 3, 10, *constants})[:6]:
        for operator, prior in _SMALL_OPERATORS:
            yield Replacement(node, binary(context.code(node), operator, constant(value)), "small-arith", prior, 2)

"""Comparison operators, their operands and boundaries."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import OPERATORS, Code, Level, call, compared, negated, number, trailed
from lsp_repair.search.templates.context import Change, Context, Replacement, shifted, with_operator

_ALTERNATIVES: dict[str, tuple[tuple[str, float], ...]] = {
    "<": (("<=", 1), (">", 0.8), (">=", 0.7), ("!=", 0.3), ("==", 0.3)),
    "<=": (("<", 1), (">=", 0.8), (">", 0.7), ("==", 0.3), ("!=", 0.3)),
    ">": ((">=", 1), ("<", 0.8), ("<=", 0.7), ("!=", 0.3), ("==", 0.3)),
    ">=": ((">", 1), ("<=", 0.8), ("<", 0.7), ("==", 0.3), ("!=", 0.3)),
    "==": (("!=", 1), ("<=", 0.5), (">=", 0.5), ("<", 0.4), (">", 0.4), ("in", 0.3), ("is", 0.2)),
    "!=": (("==", 1), ("<", 0.5), (">", 0.5), ("<=", 0.3), (">=", 0.3), ("not in", 0.3)),
    "is": (("is not", 1), ("==", 0.7)),
    "is not": (("is", 1), ("!=", 0.7)),
    "in": (("not in", 1), ("==", 0.4)),
    "not in": (("in", 1), ("!=", 0.4)),
}
_UNORDERED = {"in", "not in", "is", "is not"}


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a comparison."""
    if not isinstance(node, ast.Compare):
        return
    yield from _operators(context, node)
    if len(node.ops) == 1:
        yield from _operands(context, node, OPERATORS[type(node.ops[0])], node.comparators[0])


def _operators(context: Context, node: ast.Compare) -> Iterator[Change]:
    operands = [node.left, *node.comparators]
    for index, operator in enumerate(node.ops):
        old = OPERATORS[type(operator)]
        for new, weight in _ALTERNATIVES[old]:
            change = with_operator(context, (operands[index], operands[index + 1]), (old, new), "cmp-op", 0.9 * weight)
            if change is not None:
                yield change


def _operands(context: Context, node: ast.Compare, operator: str, right: ast.expr) -> Iterator[Change]:
    left_code, right_code = context.code(node.left), context.code(right)
    yield Replacement(node, compared(right_code, operator, left_code), "cmp-swap-operands", 0.45)
    if operator not in _UNORDERED:
        for code in shifted(context, right):
            yield Replacement(right, code, "off-by-one", 0.45)
        for code in shifted(context, node.left):
            yield Replacement(node.left, code, "off-by-one", 0.36)
    if operator in {"==", "!="}:
        yield from _boundaries(context, node, operator, right)
        yield from _tolerances(context, node, operator, left_code, right_code)
    for function in ("set", "sorted", "len", "abs", "str", "list", "sum", "int"):
        code = compared(call(function, left_code), operator, call(function, right_code))
        yield Replacement(node, code, "wrap-both-sides", 0.25, 2)
    for method in ("lower", "strip", "upper"):
        code = compared(trailed(left_code, f".{method}()"), operator, trailed(right_code, f".{method}()"))
        yield Replacement(node, code, "wrap-both-sides", 0.12, 2)


def _boundaries(context: Context, node: ast.Compare, operator: str, right: ast.expr) -> Iterator[Change]:
    """`== 0` to `<= 1`: one case more on the same side, by operator and number together."""
    if not isinstance(right, ast.Constant) or type(right.value) is not int:
        return
    left = context.code(node.left)
    above, below = ("<=", ">=") if operator == "==" else (">", "<")
    yield Replacement(node, compared(left, above, number(right.value + 1)), "boundary", 0.35)
    yield Replacement(node, compared(left, below, number(right.value - 1)), "boundary", 0.2)


def _tolerances(context: Context, node: ast.Compare, operator: str, left: Code, right: Code) -> Iterator[Change]:
    if any(
        isinstance(side, ast.Constant) and not isinstance(side.value, float) for side in (node.left, *node.comparators)
    ):
        return
    if "math" in context.ingredients.imported:
        closeness = call("math.isclose", left, right)
        yield Replacement(node, closeness if operator == "==" else negated(closeness), "tolerance", 0.25)
    close = compared(call("abs", Code(f"{left.text} - ({right.text})", Level.SUM)), "<", Code("1e-9", Level.NUMBER))
    yield Replacement(node, close if operator == "==" else negated(close), "tolerance", 0.1, 2)

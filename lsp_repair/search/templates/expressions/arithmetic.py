"""Operations and comparisons: operator, operands, grouping, boundaries, small factors."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import (
    OPERATORS,
    Code,
    Level,
    binary,
    call,
    compared,
    constant,
    negated,
    number,
    trailed,
)
from lsp_repair.search.places import is_value
from lsp_repair.search.templates.context import (
    Change,
    Context,
    Replacement,
    shifted,
    with_binary_operator,
    with_operator,
)

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
_COMPARISONS: dict[str, tuple[tuple[str, float], ...]] = {
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


def comparisons(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a comparison."""
    if not isinstance(node, ast.Compare):
        return
    yield from _other_comparisons(context, node)
    if len(node.ops) == 1:
        yield from _other_sides(context, node, OPERATORS[type(node.ops[0])], node.comparators[0])


def _other_comparisons(context: Context, node: ast.Compare) -> Iterator[Change]:
    operands = [node.left, *node.comparators]
    for index, operator in enumerate(node.ops):
        old = OPERATORS[type(operator)]
        for new, weight in _COMPARISONS[old]:
            change = with_operator(context, (operands[index], operands[index + 1]), (old, new), "cmp-op", 0.9 * weight)
            if change is not None:
                yield change


def _other_sides(context: Context, node: ast.Compare, operator: str, right: ast.expr) -> Iterator[Change]:
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

"""How much of a new text was chosen freely: literals that come with new conditions."""

import ast
from collections import Counter
from collections.abc import Iterator

from lsp_repair.pycode.modules import Module

_CONDITIONS = (ast.Compare, ast.BoolOp, ast.IfExp, ast.If, ast.While)


def guessed_literals(before: Module, after: Module) -> int:
    """Numbers and texts that the new text has more of, if it has more conditions as well; 0 without new conditions."""
    if _conditions(after.tree) <= _conditions(before.tree):
        return 0
    return (Counter(_literals(after.tree)) - Counter(_literals(before.tree))).total()


def _conditions(tree: ast.AST) -> int:
    nodes = list(ast.walk(tree))
    filters = sum(len(node.ifs) for node in nodes if isinstance(node, ast.comprehension))
    return filters + sum(isinstance(node, _CONDITIONS) for node in nodes)


def _literals(tree: ast.AST) -> Iterator[str]:
    """Without docstrings, what errors say, and the 0 of `x % n == 0`: to be divisible is chosen with the divisor."""
    uncounted = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    uncounted |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    uncounted |= {id(zero) for node in ast.walk(tree) for zero in _no_remainder(node)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and id(node) not in uncounted
            and not isinstance(node.value, bool | type(None))
        ):
            yield repr(node.value)


def _no_remainder(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=ast.BinOp(op=ast.Mod()), comparators=[ast.Constant(value=0) as zero]):
            yield zero
        case _:
            pass

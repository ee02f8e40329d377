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
    """Without docstrings and what errors say."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    prose |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in prose and not isinstance(node.value, bool | type(None)):
            yield repr(node.value)

"""Functions that a failed assertion compares with: to change one is to change what the test expects."""

import ast
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.nodes import Function, assigned_names, first_line, name_of


def check(context: RuleContext) -> Iterator[Finding]:
    """Changed functions whose result stands on the right of a failed comparison, with that of another one on the left."""
    changed = _changed(context.before, context.after)
    for left, right in context.suite.failed_comparisons() if changed else ():
        for name in sorted((right & changed.keys()) - left):
            if left:
                message = f"changes {name}, which the failing test compares the result with"
                yield Finding(Flag.WEAKENED_CHECK, context.path, changed[name], message)


def _changed(before: Module | None, after: Module) -> dict[str, int]:
    """Names of functions that both sides have, with the line of the new one."""
    if before is None:
        return {}
    old = {node.name: ast.dump(node) for node in ast.walk(before.tree) if isinstance(node, Function)}
    new = [node for node in ast.walk(after.tree) if isinstance(node, Function)]
    return {node.name: first_line(node) for node in new if old.get(node.name, ast.dump(node)) != ast.dump(node)}


def comparisons_at(tree: ast.Module, lines: frozenset[int]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """The names of what is called on either side of the equalities asserted in these lines; a name stands for what it was given."""
    for function in ast.walk(tree):
        if isinstance(function, Function):
            for node in ast.walk(function):
                match node:
                    case ast.Assert(ast.Compare(left, [ast.Eq()], [right])) if node.lineno in lines:
                        yield _called(left, function), _called(right, function)
                    case ast.Call(ast.Attribute(ast.Name("self"), "assertEqual"), [left, right, *_]) if (
                        node.lineno in lines
                    ):
                        yield _called(left, function), _called(right, function)
                    case _:
                        pass


def _called(side: ast.expr, function: ast.AST) -> frozenset[str]:
    match side:
        case ast.Name(name):
            given = [
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and name in assigned_names(node)
            ]
            sides = given[-1:]
        case _:
            sides = [side]
    calls = (node for each in sides for node in ast.walk(each) if isinstance(node, ast.Call))
    return frozenset(name for call in calls if (name := name_of(call.func)))

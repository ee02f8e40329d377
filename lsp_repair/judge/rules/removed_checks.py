"""Checks of the code itself that a patch removes: assertions, warnings, and errors that it raised."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.nodes import Function, assigned_names, name_of

_RAISE, _AGAIN = "raise", "raise again"
_Check = tuple[str, str]
"""The name of the function around it, and what it checks."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Functions that still exist but lost an assertion, or raise fewer errors of their own."""
    if context.before is None:
        return
    old, new = context.before.tree, context.after.tree
    for line in sorted({*_lost_kinds_of_errors(old, new), *map(context.line_after, _lost(old, new))}):
        message = "an assertion or an error that the code raised is gone or changed"
        yield Finding(Flag.WEAKENED_CHECK, context.path, line, message)


def _lost(old: ast.Module, new: ast.Module) -> Iterator[int]:
    """Lines of the old file."""
    functions = {node.name: node for node in ast.walk(new) if isinstance(node, Function)}
    checks = list(_checks(old))
    had, has = Counter(each for each, _ in checks), Counter(each for each, _ in _checks(new))
    lost, gained = had - has, {function for function, what in has - had if what == _RAISE}

    def is_lost(function: str, what: str) -> bool:
        if function not in functions:
            return not function
        if what == _AGAIN:
            return _catches(functions[function])
        return gained.isdisjoint(_reached(function, functions))

    for key, line in checks:
        if lost[key] > 0 and is_lost(*key):
            lost[key] -= 1
            yield line


def _reached(function: str, functions: Mapping[str, Function]) -> set[str]:
    """The function and what it calls, and what that calls, within the module."""
    found, waiting = {function}, [function]
    while waiting:
        more = {name for name in _called(functions[waiting.pop()]) if name in functions} - found
        found |= more
        waiting += more
    return found


def _called(function: ast.AST) -> set[str]:
    """Names of what a function calls."""
    return {name_of(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}


def _is_still_to_do(node: ast.Raise) -> bool:
    return node.exc is not None and "NotImplementedError" in ast.dump(node.exc)


def _catches(function: ast.AST) -> bool:
    """Whether something still keeps errors from propagating."""
    return any(
        isinstance(node, ast.ExceptHandler) or (isinstance(node, ast.keyword) and node.arg == "return_exceptions")
        for node in ast.walk(function)
    )


def _lost_kinds_of_errors(old: ast.Module, new: ast.Module) -> Iterator[int]:
    """Lines where a class of errors is now another name for a wider one."""
    classes = {node.name for node in old.body if isinstance(node, ast.ClassDef) and node.bases}
    classes -= {node.name for node in new.body if isinstance(node, ast.ClassDef)}
    for node in new.body:
        match node:
            case ast.Assign(_, ast.Name() | ast.Attribute() | ast.Tuple()) if classes & set(assigned_names(node)):
                yield node.lineno
            case _:
                pass


def _checks(tree: ast.AST, function: str = "") -> Iterator[tuple[_Check, int]]:
    """Conditions of assert statements, warnings, and new errors whatever they are; each with its line."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Assert):
            yield (function, ast.dump(child.test)), child.lineno
        if isinstance(child, ast.Raise) and not _is_still_to_do(child):
            yield (function, _AGAIN if child.exc is None else _RAISE), child.lineno
        if isinstance(child, ast.Call) and ast.unparse(child.func) == "warnings.warn":
            yield (function, "warn"), child.lineno
        yield from _checks(child, child.name if isinstance(child, Function) else function)

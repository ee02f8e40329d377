"""Checks of the code itself that a patch removes: assertions, warnings, and errors that it raised."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.folding import is_constant
from lsp_repair.pycode.nodes import Function, assigned_names, is_docstring, name_of

_RAISE = "raise"
_COMPARED = re.compile(r"\b((?:Not)?Eq|LtE?|GtE?|Is(?:Not)?|(?:Not)?In)\(\)")
_OF_CHECKS: frozenset[type[ast.stmt]] = frozenset({ast.FunctionDef, ast.Assert, ast.Raise, ast.If, ast.Pass})
"""All that a function consists of that does nothing but check."""
_Check = tuple[str, str]
"""The name of the function around it, and what it checks."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Functions that still exist but lost an assertion, or raise fewer errors of their own."""
    if context.before is None:
        return
    old, new = context.before.tree, context.after.tree
    lost = _not_at_fault(list(_lost(old, new)), old, context)
    for line in sorted({*_lost_kinds_of_errors(old, new), *map(context.line_after, lost)}):
        message = "an assertion or an error that the code raised is gone or changed"
        yield Finding(Flag.WEAKENED_CHECK, context.path, line, message)


def _not_at_fault(lost: list[tuple[str, ast.stmt | ast.expr]], old: ast.Module, context: RuleContext) -> Iterator[int]:
    """Lines of lost checks in functions none of whose lost checks raised what the targets failed with.

    A patch that repairs a check that is wrong has to change it; not so a function that does nothing but check, as a helper
    of tests. Where no failure is known, this cannot be told.
    """
    failing = context.suite.failing_lines
    if failing is None:
        return
    lines = failing.get(context.path, frozenset[int]())
    functions = [node for node in ast.walk(old) if isinstance(node, Function)]
    oracles = {node.name for node in functions if _OF_CHECKS.issuperset(_statements(node))}
    at_fault = {
        function
        for function, node in lost
        if not lines.isdisjoint(range(node.lineno, (node.end_lineno or node.lineno) + 1)) and function not in oracles
    }
    yield from (node.lineno for function, node in lost if function not in at_fault)


def _statements(function: Function) -> set[type[ast.stmt]]:
    return {type(each) for each in ast.walk(function) if isinstance(each, ast.stmt) and not is_docstring(each)}


def _lost(old: ast.Module, new: ast.Module) -> Iterator[tuple[str, ast.stmt | ast.expr]]:
    """Function and node of the old file. A check that another one replaces is not lost, nor one that a function now calls has."""
    functions = {node.name: node for node in ast.walk(new) if isinstance(node, Function)}
    checks = list(_checks(old))
    had, has = Counter(each for each, _ in checks), Counter(each for each, _ in _checks(new, is_new=True))
    lost, gained = had - has, has - had

    def is_lost(function: str, what: str) -> bool:
        if function not in functions:
            return not function
        near = _reached(function, functions)
        replacing = (each for each in list(gained.elements()) if each[0] in near and _replaces(each[1], what))
        found = next(replacing, None)
        if found is not None:
            gained[found] -= 1
        return found is None

    for key, node in checks:
        if lost[key] > 0 and is_lost(*key):
            lost[key] -= 1
            yield key[0], node


def _replaces(new: str, old: str) -> bool:
    """Whether a new check is worth the old one: any error is, and an assertion that compares in the same way."""
    return new == _RAISE or (old != _RAISE and set(_COMPARED.findall(old)) <= set(_COMPARED.findall(new)))


def _reached(function: str, functions: Mapping[str, Function]) -> set[str]:
    """The function and what it calls, and what that calls, within the module."""
    found, waiting = {function}, [function]
    while waiting:
        more = {name for name in _called(functions[waiting.pop()]) if name in functions} - found
        found |= more
        waiting += more
    return found


def _called(function: ast.AST) -> set[str]:
    """Names of what a function calls, defines or is decorated with."""
    called = {name_of(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    defined = {node.name for node in ast.walk(function) if isinstance(node, Function)}
    return called | defined | {name_of(each) for each in getattr(function, "decorator_list", ())}


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


def _checks(tree: ast.AST, function: str = "", *, is_new: bool = False) -> Iterator[tuple[_Check, ast.stmt | ast.expr]]:
    """Conditions of assert statements, warnings, and new errors whatever they are; each with its node.

    What the old code had still to do is no check that it could lose, and what always holds is none that replaces one.
    """
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Assert) and not (is_new and is_constant(child.test)):
            yield (function, ast.dump(child.test)), child
        if (
            isinstance(child, ast.Raise)
            and child.exc is not None
            and (is_new or "NotImplementedError" not in ast.unparse(child.exc))
        ):
            yield (function, _RAISE), child
        if isinstance(child, ast.Call) and ast.unparse(child.func) == "warnings.warn":
            yield (function, "warn"), child
        yield from _checks(child, child.name if isinstance(child, Function) else function, is_new=is_new)

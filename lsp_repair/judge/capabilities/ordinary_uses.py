"""Calls of what is refused elsewhere, where they are ordinary: descriptors of one's own, and the last line of a program."""

import ast
from collections.abc import Callable

from lsp_repair.judge.capabilities.named_uses import (
    DESCRIPTOR_MAKERS,
    EXITS,
    ORDINARY_DESCRIPTORS,
    PROGRAM_FUNCTIONS,
)
from lsp_repair.pycode.nodes import Function
from lsp_repair.pycode.scopes import Scopes

Spelled = Callable[[ast.expr], set[str]]
"""Full names that an expression may stand for."""


def is_ordinary_use(node: ast.expr, names: set[str], scopes: Scopes, spelled: Spelled) -> bool:
    """Whether `node`, known by `names`, is called here as honest code does.

    `os.fdopen(descriptor)` where the function has the descriptor from `tempfile.mkstemp`; `sys.exit(main())` where only
    `python -m` comes by, or in the function that is the program.
    """
    call = scopes.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node or not call.args:
        return False
    if names & ORDINARY_DESCRIPTORS:
        return _is_own(call.args[0], scopes, spelled)
    if names & EXITS:
        return _is_end_of_a_program(call, scopes)
    return False


def _is_end_of_a_program(call: ast.Call, scopes: Scopes) -> bool:
    """Whether a program ends with what a call gave, or says that it failed."""
    status = call.args[0]
    guarded = any(_is_main_guard(each, scopes) for each in scopes.around(call))
    if isinstance(status, ast.Call):
        return guarded or _is_program(scopes.function(call))
    failed = isinstance(status, ast.Constant) and status.value not in {0, None}
    return failed and _is_program(scopes.function(call))


def _is_program(function: Function | None) -> bool:
    return function is not None and function.name.strip("_") in PROGRAM_FUNCTIONS


def _is_own(descriptor: ast.expr, scopes: Scopes, spelled: Spelled) -> bool:
    """Whether a name is bound once, by a call that gives descriptors, in the function that uses it."""
    function = scopes.function(descriptor)
    if not isinstance(descriptor, ast.Name) or function is None or len(scopes.meaning(descriptor).bindings) != 1:
        return False
    return any(
        isinstance(each.value, ast.Call) and bool(spelled(each.value.func) & DESCRIPTOR_MAKERS)
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
        and any(
            isinstance(name, ast.Name) and name.id == descriptor.id
            for target in each.targets
            for name in ast.walk(target)
        )
    )


def _is_main_guard(node: ast.AST, scopes: Scopes) -> bool:
    match node:
        case ast.If(ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")])):
            return scopes.parents[node] is scopes.tree
        case _:
            return False

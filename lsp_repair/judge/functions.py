"""The functions of a module, and what belongs to one scope alone."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import Function
from lsp_repair.pycode.scopes import Scopes

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def functions_of(scopes: Scopes) -> Iterator[tuple[str, Function]]:
    """The functions of a module with their qualified names."""
    return ((scopes.qualified(node), node) for node in scopes.nodes if isinstance(node, Function))


def own_nodes(scope: ast.AST, *, lambdas: bool = True) -> Iterator[ast.AST]:
    """Nodes below one, without those inside functions and classes (without `lambdas`, lambdas as well) defined in it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES) and (lambdas or not isinstance(node, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)

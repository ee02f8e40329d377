"""`await` that is missing or out of place."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, Level, fitted
from lsp_repair.search.templates.context import Change, Context, Replacement


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """`await` added to a call or taken from one."""
    if isinstance(node, ast.Await):
        yield Replacement(node, context.code(node.value), "drop-await", 0.4)
        return
    function = context.module.function_of(node)
    if not isinstance(node, ast.Call) or not isinstance(function, ast.AsyncFunctionDef):
        return
    parent = context.parent(node)
    if isinstance(parent, ast.Await) or (isinstance(parent, ast.Call) and parent.func is node):
        return
    called = node.func.attr if isinstance(node.func, ast.Attribute) else context.text(node.func)
    prior = 0.7 if called in _coroutines(context) else 0.3
    code = Code(f"await {fitted(context.code(node), Level.ATOM)}", Level.AWAIT, context.code(node).is_open)
    yield Replacement(node, code, "missing-await", prior)


def _coroutines(context: Context) -> set[str]:
    return {each.name for each in context.module.below(context.module.tree) if isinstance(each, ast.AsyncFunctionDef)}

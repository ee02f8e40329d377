"""Functions that newly change what they are given: a test that compares it afterwards compares what the patch made of it."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.modules import Module

_CHANGING = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "add", "discard"}
    | {"setdefault", "popitem", "intersection_update", "difference_update", "symmetric_difference_update"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def mutates_arguments(before: Module, after: Module) -> bool:
    """Whether a function that gives a value, and was there, newly changes a container that it is given."""
    old = dict(_functions(before))
    return any(
        key in old and _gives(old[key]) and _gives(node) and _changed(node) - _changed(old[key])
        for key, node in _functions(after)
    )


def _functions(module: Module) -> Iterator[tuple[tuple[str, str], _Function]]:
    for node in module.scopes.nodes:
        if isinstance(node, _Function):
            yield (module.scopes.qualified(node), node.name), node


def _gives(node: _Function) -> bool:
    returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
    return any(value is not None and not isinstance(value, ast.Constant) for value in returned)


def _changed(node: _Function) -> set[str]:
    """Parameters whose items change while they are what was given: a copy by the same name is the function's own."""
    given = {each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)} - {"self", "cls"}
    changed, rebound = set[str](), set[str]()
    for each in ast.walk(node):
        match each:
            case ast.Name(name, ast.Store()):
                rebound.add(name)
            case ast.Subscript(ast.Name(name), ctx=ast.Store() | ast.Del()):
                changed.add(name)
            case ast.Call(ast.Attribute(ast.Name(name), method)) if method in _CHANGING:
                changed.add(name)
            case _:
                pass
    return (changed & given) - rebound

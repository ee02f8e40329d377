"""Literals of a failing test: what the code under repair should have produced."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.modules import Module, read_module
from lsp_repair.pycode.nodes import Function, assigned_names, first_line, last_line, names_in

_MAX_LITERALS = 60
_MAX_CHARS = 200


def mined(test_source: bytes, line: int) -> tuple[object, ...]:
    """Distinct strings and numbers of the test function that starts at the line, decorators included.

    Values of module-level names that the function reads count too: tests keep their tables there.
    """
    module = read_module(test_source)
    function = None if module is None else _function_at(module, line)
    if module is None or function is None:
        return ()
    read = names_in(function)
    tables = [node for node in module.tree.body if isinstance(node, ast.Assign) and read & set(assigned_names(node))]
    distinct: dict[str, object] = {}
    for node in (function, *tables):
        for value in _values(node):
            distinct.setdefault(repr(value), value)
    return tuple(distinct.values())[:_MAX_LITERALS]


def _function_at(module: Module, line: int) -> Function | None:
    exact = (node for node in module.functions if line in {node.lineno, first_line(node)})
    around = (node for node in module.functions if first_line(node) <= line <= last_line(node))
    return next(exact, None) or next(around, None)


def _values(node: ast.AST) -> Iterator[object]:
    for each in ast.walk(node):
        match each:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                yield -value
            case ast.Constant(value=str() as text) if len(text) <= _MAX_CHARS:
                yield text
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                yield value
            case _:
                pass

"""Which errors a test expects at one of its lines: `pytest.raises` and `assertRaises`, with blocks or with calls."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import last_line, name_of

_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "RaisesGroup"})


def expected_at(test_source: bytes, line: int) -> Iterator[str]:
    """Bare names of the errors that are expected at the line (1-based); none where the source does not parse."""
    module = read_module(test_source)
    for node in module.below(module.tree) if module is not None else ():
        match node:
            case ast.With() | ast.AsyncWith() if node.lineno <= line <= last_line(node):
                yield from (name for item in node.items for name in _expected(item.context_expr))
            case ast.Call() if node.lineno <= line <= (node.end_lineno or node.lineno):
                yield from _expected(node)
            case _:
                pass


def _expected(node: ast.expr) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not node.args or name_of(node.func) not in _EXPECTING:
        return
    first = node.args[0]
    for each in first.elts if isinstance(first, ast.Tuple) else [first]:
        if isinstance(each, (ast.Name, ast.Attribute)):
            yield name_of(each)

"""The test expects one error and another one comes: the statement that raises it is guarded, and the expected one raised."""

import ast
import builtins
from collections.abc import Iterator

from lsp_repair.pycode.nodes import first_line, last_line
from lsp_repair.search.templates.context import Change, Context, ErrorPlace, Rewrite, quoted

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """`try` around the statement of the traceback's line."""
    came = place.failure.error_type
    if not _is_known(context, came):
        return
    for expected in context.hints.expected_errors:
        if expected != came and _is_known(context, expected):
            yield from _guarded(context, place, came, expected)


def _is_known(context: Context, name: str) -> bool:
    """Whether the module can name this error."""
    builtin = getattr(builtins, name, None)
    is_builtin = isinstance(builtin, type) and issubclass(builtin, BaseException)
    defined = {each.name for each in context.ingredients.definitions}
    return is_builtin or name in defined or name in context.ingredients.imported


def _guarded(context: Context, place: ErrorPlace, came: str, expected: str) -> Iterator[Change]:
    module, unit = context.module, context.module.indent_unit
    for node in module.below(module.tree):
        if not isinstance(node, _SIMPLE) or not first_line(node) <= place.line <= last_line(node):
            continue
        indent = module.indent(node)
        if indent is None:
            continue
        start, end = module.lines_span(node)
        body = module.text(start, end).rstrip("\r\n")
        name = "error" if "error" not in context.ingredients.names(node) else "caught"
        lines = [
            f"{indent}try:",
            *(f"{unit}{line}" if line.strip() else line for line in body.splitlines()),
            f"{indent}except {came} as {name}:",
            f"{indent}{unit}raise {expected}(str({name})) from {name}",
        ]
        title = f"raise {quoted(expected)} where {quoted(came)} comes"
        text = "\n".join(lines) + "\n"
        yield Rewrite(((start, end, text),), place.line, "err:translated", 0.9, title, 2, is_certain=False)

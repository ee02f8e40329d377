"""Where an error was raised in the module under repair."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.nodes import Function, is_docstring
from lsp_repair.search.ingredients import is_unreachable_for_edits
from lsp_repair.search.templates.context import Change, Context, Rewrite, function_start, quoted
from lsp_repair.search.templates.statements.signatures import import_line

_MAX_LINES = 12
"""Expressions that span more lines than this do not locate the error."""


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """A line of a failure's traceback that lies in the module."""

    failure: Failure
    line: int
    expressions: tuple[ast.expr, ...]
    """Those that include the line."""
    function: Function | None


def place_at(context: Context, failure: Failure, line: int) -> ErrorPlace:
    """The place of the traceback's line."""
    found = tuple(_expressions_at(context, line))
    function = context.module.function_of(found[0]) if found else None
    return ErrorPlace(failure, line, found, function)


def _expressions_at(context: Context, line: int) -> Iterator[ast.expr]:
    for node in context.module.below(context.module.tree):
        if isinstance(node, ast.expr) and node.lineno <= line <= (node.end_lineno or node.lineno):
            is_long = (node.end_lineno or node.lineno) - node.lineno >= _MAX_LINES
            if not is_long and not is_unreachable_for_edits(context.module, node):
                yield node


def at_function_start(context: Context, place: ErrorPlace, text: str, template: str, prior: float) -> Iterator[Change]:
    """Lines inserted as the first statements of the function the error came from."""
    function = place.function
    found = None if function is None or all(map(is_docstring, function.body)) else function_start(context, function)
    if function is not None and found is not None:
        start, indent = found
        lines = "".join(f"{indent}{line}\n" for line in text.split("\n"))
        title = f"insert {quoted(text)} in `{function.name}`"
        yield Rewrite(((start, start, lines),), place.line, template, prior, title)


def new_import(context: Context, line: int, statement: str, prior: float) -> Change:
    """An import among the module's own."""
    start = context.module.starts[min(import_line(context.module.tree), len(context.module.starts)) - 1]
    edit, title = (start, start, f"{statement}\n"), f"insert {quoted(statement)}"
    return Rewrite((edit,), line, "err:missing-import", prior, title, is_certain=False)

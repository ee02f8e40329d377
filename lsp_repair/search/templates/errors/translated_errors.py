"""The test expects one error and another one comes: the statement that raises it is guarded, and the expected one raised."""

import ast
import builtins
from collections.abc import Iterator
from typing import NamedTuple

from lsp_repair.pycode.nodes import first_line, last_line
from lsp_repair.search.templates.context import Change, Context, ErrorPlace, Rewrite, quoted
from lsp_repair.search.templates.statements.insertions import returned_values

_MAX_VALUES = 5
_UNCAUGHT = frozenset({"AssertionError", "NameError", "UnboundLocalError", "RecursionError", "ImportError"})
"""Errors that are mended rather than caught."""
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """`try` around the statement of the traceback's line."""
    came = place.failure.error_type
    if not _is_known(context, came):
        return
    yield from _replaced(context, place, came)
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
    name = _unused(context, place)
    yield from _around(context, place, came, _Instead(f"raise {expected}(str({name})) from {name}", 0.9, name))


def _replaced(context: Context, place: ErrorPlace, came: str) -> Iterator[Change]:
    """Instead of the error, a value that the function returns elsewhere, or nothing."""
    if place.function is None or came in _UNCAUGHT:
        return
    values = returned_values(context, place.function)
    for value, weight in sorted(values, key=lambda each: -each[1])[:_MAX_VALUES]:
        yield from _around(context, place, came, _Instead(f"return {value}", 0.3 * weight))
    yield from _around(context, place, came, _Instead("pass", 0.2))
    if any(context.module.is_in_loop(each) for each in place.expressions[:1]):
        yield from _around(context, place, came, _Instead("continue", 0.25))


def _unused(context: Context, place: ErrorPlace) -> str:
    names = context.ingredients.names(place.expressions[0]) if place.expressions else ()
    return "error" if "error" not in names else "caught"


class _Instead(NamedTuple):
    """What to do where the error comes."""

    text: str
    prior: float
    name: str = ""
    """Of the caught error, if the text reads it."""


def _around(context: Context, place: ErrorPlace, came: str, instead: _Instead) -> Iterator[Change]:
    module, unit = context.module, context.module.indent_unit
    for node in module.below(module.tree):
        if not isinstance(node, _SIMPLE) or not first_line(node) <= place.line <= last_line(node):
            continue
        indent = module.indent(node)
        if indent is None:
            continue
        start, end = module.lines_span(node)
        body = module.text(start, end).rstrip("\r\n")
        lines = [
            f"{indent}try:",
            *(f"{unit}{line}" if line.strip() else line for line in body.splitlines()),
            f"{indent}except {came} as {instead.name}:" if instead.name else f"{indent}except {came}:",
            f"{indent}{unit}{instead.text}",
        ]
        title = f"{quoted(instead.text)} where {quoted(came)} comes"
        text = "\n".join(lines) + "\n"
        template = "err:translated" if instead.name else "err:caught"
        yield Rewrite(((start, end, text),), place.line, template, instead.prior, title, 2, is_certain=False)

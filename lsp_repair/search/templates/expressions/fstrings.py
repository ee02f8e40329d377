"""Replacement fields of f-strings, edited in the literal's source text: inner positions are wrong before Python 3.12."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.search.templates.context import Change, Context, Rewrite, quoted

_FIELD = re.compile(r"(?<!\{)\{(\w+)(?=[.\[!:=}])")
_PRECISION = re.compile(r"(?<=\.)\d(?=[feg%]\})")
_PLAIN = re.compile(r"(?<=[\w\])])\}(?!\})")


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Other names and formats in an f-string."""
    if not isinstance(node, ast.JoinedStr) or isinstance(context.parent(node), ast.FormattedValue):
        return
    own = context.text(node)
    for found in _FIELD.finditer(own):
        for name in context.ingredients.names(node)[:10]:
            if name != found[1]:
                yield _changed(context, node, found.span(1), name, 0.3)
    yield from _formats(context, node, own)


def _formats(context: Context, node: ast.JoinedStr, own: str) -> Iterator[Change]:
    for found in _PRECISION.finditer(own):
        for digits in {int(found[0]) + 1, int(found[0]) - 1, 0, 2} - {-1, 10}:
            yield _changed(context, node, found.span(), str(digits), 0.3)
    for found in _PLAIN.finditer(own):
        for text in ("!r}", ":.2f}", ":,}"):
            yield _changed(context, node, found.span(), text, 0.12)
    for old in ("!r}", ":,}", ":.2f}"):
        at = own.find(old)
        if at >= 0:
            yield _changed(context, node, (at, at + len(old)), "}", 0.2)


def _changed(context: Context, node: ast.JoinedStr, span: tuple[int, int], new: str, prior: float) -> Change:
    own = context.text(node)
    text = own[: span[0]] + new + own[span[1] :]
    edits = ((*context.module.span(node), text),)
    title = f"{quoted(own)} → {quoted(text)}"
    return Rewrite(edits, node, "f-string", prior, title, is_certain=False)

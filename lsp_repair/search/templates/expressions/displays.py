"""List, tuple, set and dict displays."""

import ast
from collections.abc import Iterator
from itertools import combinations

from lsp_repair.pycode.precedence import Code, bracketed
from lsp_repair.search.templates.context import (
    Change,
    Context,
    Replacement,
    Rewrite,
    becomes,
    exchanged,
    swapped,
    without,
)

_EMPTY = (
    ("[[]]", "wrap-list", 0.5),
    ("None", "const-tweak", 0.1),
    ("[0]", "wrap-list", 0.2),
    ("[1]", "wrap-list", 0.15),
    ("{}", "const-tweak", 0.1),
    ("set()", "const-tweak", 0.15),
)


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a display."""
    if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        return
    match node:
        case ast.List(elts=[]):
            for text, template, prior in _EMPTY:
                yield Replacement(node, Code(text), template, prior)
            for name in context.ingredients.names(node)[:12]:
                yield Replacement(node, Code(f"[{name}]"), "wrap-list", 0.35)
        case ast.List(elts=[only]):
            yield Replacement(node, context.code(only), "unwrap", 0.2)
        case ast.List() | ast.Tuple():
            yield from _reordered(context, node)
        case ast.Dict(keys=[]):
            yield Replacement(node, Code("set()"), "const-tweak", 0.15)
            yield Replacement(node, Code("[]"), "const-tweak", 0.1)
        case ast.Dict():
            yield from _exchanged_values(context, node)
        case _:
            pass


def _reordered(context: Context, node: ast.List | ast.Tuple) -> Iterator[Change]:
    if not 2 <= len(node.elts) <= 4:
        return
    for one, other in combinations(range(len(node.elts)), 2):
        yield _display(context, node, exchanged(node.elts, one, other), "swap-elements", 0.4)
    for index in range(len(node.elts)):
        yield _display(context, node, without(node.elts, index), "drop-element", 0.12)


def _display(
    context: Context, node: ast.List | ast.Tuple, elements: list[ast.expr], template: str, prior: float
) -> Change:
    codes = [context.code(each) for each in elements]
    start, end = context.module.span(node)
    own = context.module.text(start, end)
    if isinstance(node, ast.List):
        return Replacement(node, bracketed("[", codes, "]"), template, prior)
    code = bracketed("(", codes, ")")
    if own.startswith("("):
        return Replacement(node, code, template, prior)
    # A bare tuple stays bare, as in `return a, b`.
    text = code.text[1:-1]
    return Rewrite(((start, end, text),), node, template, prior, becomes(own, text))


def _exchanged_values(context: Context, node: ast.Dict) -> Iterator[Change]:
    for one, other in combinations(node.values[:12], 2):
        title = f"swap the values `{context.module.text_of(one)[:20]}` and `{context.module.text_of(other)[:20]}`"
        yield Rewrite(swapped(context, one, other), node, "swap-elements", 0.2, title, 2)

"""Indexes and slices."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, Level, call, fitted, minus, trailed
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, becomes, shifted


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a subscript."""
    if not isinstance(node, ast.Subscript) or isinstance(node.ctx, ast.Del):
        return
    if isinstance(node.slice, ast.Slice):
        yield from _slice(context, node, node.slice)
    else:
        yield from _index(context, node)


def _slice(context: Context, node: ast.Subscript, part: ast.Slice) -> Iterator[Change]:
    bounds = [_bound(context, each) for each in (part.lower, part.upper, part.step)]
    for position, current in enumerate((part.lower, part.upper)):
        if current is None:
            for text in ("1", "-1"):
                yield _resliced(context, node, bounds, (position, text), 0.25)
            for name in context.ingredients.names(node)[:8]:
                yield _resliced(context, node, bounds, (position, name), 0.12)
        else:
            yield _resliced(context, node, bounds, (position, ""), 0.3)
            for code in shifted(context, current):
                yield Replacement(current, code, "off-by-one", 0.45)
            if not isinstance(current, ast.UnaryOp):
                yield Replacement(current, minus(context.code(current)), "slice-sign", 0.3)
    if part.step is None and (part.lower is None) is not (part.upper is None):
        swapped = [bounds[1], bounds[0], ""]
        yield _resliced(context, node, swapped, (2, ""), 0.25)
    yield _resliced(context, node, bounds, (2, "-1" if part.step is None else ""), 0.15 if part.step is None else 0.3)
    if isinstance(node.ctx, ast.Load):
        yield Replacement(node, context.code(node.value), "unwrap", 0.3)
        if isinstance(part.lower, ast.Constant) and part.upper is None:
            yield Replacement(node, trailed(context.code(node.value), f"[{bounds[0]}]"), "slice-to-index", 0.12)


def _bound(context: Context, node: ast.expr | None) -> str:
    return "" if node is None else fitted(context.code(node), Level.LAMBDA)


def _resliced(
    context: Context, node: ast.Subscript, bounds: list[str], changed: tuple[int, str], prior: float
) -> Change:
    position, text = changed
    lower, upper, step = (text if index == position else old for index, old in enumerate(bounds))
    inner = f"{lower}:{upper}" + (f":{step}" if step else "")
    start, end = context.module.span(node)
    start = context.module.span(node.value)[1]
    opening = context.module.body.find(b"[", start, end)
    old = context.module.text(opening + 1, end - 1)
    title = becomes(f"[{old}]", f"[{inner}]")
    return Rewrite(((opening + 1, end - 1, inner),), node, "slice-bound", prior, title)


def _index(context: Context, node: ast.Subscript) -> Iterator[Change]:
    index = node.slice
    if isinstance(index, ast.Tuple):
        for element in index.elts:
            for code in shifted(context, element):
                yield Replacement(element, code, "off-by-one", 0.35)
    else:
        for code, prior in zip(shifted(context, index), (0.4, 0.45), strict=False):
            yield Replacement(index, code, "off-by-one", prior)
    if not isinstance(node.ctx, ast.Load):
        return
    value = context.code(node.value)
    if not isinstance(index, ast.Tuple):
        for default in ("0", "None"):
            got = trailed(value, f".get({fitted(context.code(index), Level.LAMBDA)}, {default})")
            yield Replacement(node, got, "dict-get", 0.12)
    yield Replacement(node, value, "unwrap", 0.15)
    yield from _other_access(context, node, value)


def _other_access(context: Context, node: ast.Subscript, value: Code) -> Iterator[Change]:
    index = node.slice
    if isinstance(index, ast.Constant) and isinstance(index.value, str):
        yield Replacement(node, trailed(value, f".get({context.text(index)})"), "dict-get", 0.15)
        if index.value.isidentifier():
            yield Replacement(node, trailed(value, f".{index.value}"), "index-to-attribute", 0.12)
    if isinstance(index, ast.Name):
        yield Replacement(node, call("next", call("iter", value)), "index-to-next", 0.02, 2)
        yield Replacement(index, Code(f"-{index.id}", Level.UNARY), "index-sign", 0.15)

"""Simple statements: deleted, assigned differently, returned, yielded, jumped."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import is_docstring
from lsp_repair.pycode.precedence import OPERATORS, Level, fitted
from lsp_repair.search.templates.context import DECLARATIONS, Change, Context, Rewrite, becomes, quoted
from lsp_repair.search.templates.expressions.arithmetic import ALTERNATIVES

_GIVING_NEW = frozenset(["strip", "lstrip", "rstrip", "replace", "lower", "upper", "title", "union", "format", "split"])
"""Methods whose result should not be ignored."""


def proposals(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Changes of one statement as a whole."""
    if isinstance(node, DECLARATIONS) or is_docstring(node) or context.module.indent(node) is None:
        return
    if context.scores.get(node.lineno, 0) <= 0:
        return
    yield from _deletion(context, node)
    yield from _kinds(context, node)


def _kinds(context: Context, node: ast.stmt) -> Iterator[Change]:
    match node:
        case ast.AugAssign():
            yield from _augmented(context, node)
        case ast.Assign(targets=[target]):
            yield from _assignment(context, node, target)
        case ast.Expr(value=value):
            yield from _expression(context, node, value)
        case ast.Break():
            yield _whole(context, node, "continue", "break-continue", 0.5)
        case ast.Continue():
            yield _whole(context, node, "break", "break-continue", 0.5)
        case ast.Return(value=ast.expr() as value):
            yield from _return(context, node, value)
        case ast.Pass():
            yield from _filled(context, node)
        case _:
            pass


def _expression(context: Context, node: ast.Expr, value: ast.expr) -> Iterator[Change]:
    if isinstance(value, ast.Call):
        yield from _dropped_result(context, node, value)
    if isinstance(value, (ast.Yield, ast.YieldFrom)):
        yield from _yielded(context, node, value)


def _whole(context: Context, node: ast.stmt, text: str, template: str, prior: float) -> Change:
    start, end = context.module.span(node)
    title = becomes(context.module.text(start, end), text)
    return Rewrite(((start, end, text),), node, template, prior, title)


def _deletion(context: Context, node: ast.stmt) -> Iterator[Change]:
    if isinstance(node, ast.Pass):
        return
    start, end = context.module.lines_span(node)
    indent = context.module.indent(node) or ""
    title = f"delete {quoted(context.module.text_of(node))}"
    text = f"{indent}pass\n" if len(context.module.block(node)) == 1 else ""
    yield Rewrite(((start, end, text),), node, "stmt-delete", 0.25, title, is_certain=False)


def _augmented(context: Context, node: ast.AugAssign) -> Iterator[Change]:
    old = OPERATORS[type(node.op)] + "="
    start, end = context.module.span(node.target)[1], context.module.span(node.value)[0]
    at = context.module.body.find(old.encode(), start, end)
    if at < 0:
        return
    for new, weight in ALTERNATIVES[old[:-1]]:
        title = f"`{old}` → `{new}=`"
        yield Rewrite(((at, at + len(old), f"{new}="),), node, "aug-op", 0.7 * weight, title)
    yield Rewrite(((at, at + len(old), "="),), node, "aug-to-assign", 0.4, f"`{old}` → `=`")


def _assignment(context: Context, node: ast.Assign, target: ast.expr) -> Iterator[Change]:
    if not isinstance(target, (ast.Name, ast.Subscript, ast.Attribute)):
        return
    span, own = context.module.span(target), context.text(target)
    at = context.module.body.find(b"=", span[1], context.module.span(node.value)[0])
    if at >= 0:
        yield Rewrite(((at, at + 1, "+="),), node, "assign-to-aug", 0.3, f"`=` → `+=` for {quoted(own)}")
    for other in context.ingredients.expressions(node):
        text = context.text(other)
        if isinstance(other, (ast.Subscript, ast.Attribute)) and text != own:
            title = f"assign to {quoted(text)}"
            yield Rewrite(((*span, text),), node, "target-ingredient", 0.22, title)
    if isinstance(target, ast.Subscript):
        yield from _subscript_target(context, node, target)


def _subscript_target(context: Context, node: ast.Assign, target: ast.Subscript) -> Iterator[Change]:
    for name in context.ingredients.names(node):
        container = context.module.span(target.value)
        title = f"assign to an element of `{name}`"
        yield Rewrite(((*container, name),), node, "target-swap", 0.25, title)
        if isinstance(target.slice, ast.Tuple):
            for element in target.slice.elts:
                text = f"{name}[{context.text(element)}]"
                edits = ((*context.module.span(target), text),)
                yield Rewrite(edits, node, "target-swap", 0.25, f"assign to {quoted(text)}", 2, is_certain=False)


def _dropped_result(context: Context, node: ast.Expr, value: ast.Call) -> Iterator[Change]:
    own = context.text(value)
    yield _whole(context, node, f"return {own}", "missing-return", 0.35)
    yield _whole(context, node, f"yield {own}", "missing-yield", 0.15)
    yield _whole(context, node, f"yield from {own}", "missing-yield", 0.2)
    for name in context.ingredients.names(node)[:8]:
        yield _whole(context, node, f"{name} = {own}", "missing-assign", 0.12)
    if not isinstance(value.func, ast.Attribute):
        return
    owner = context.text(value.func.value)
    if isinstance(value.func.value, (ast.Name, ast.Attribute, ast.Subscript)):
        likely = value.func.attr in _GIVING_NEW
        yield _whole(context, node, f"{owner} = {own}", "missing-assign", 0.6 if likely else 0.15)
    if value.func.attr in {"update", "extend", "append", "add"} and len(value.args) == 1:
        argument = context.text(value.args[0])
        yield _whole(context, node, f"{owner} = {argument}", "call-to-assign", 0.3)
        yield _whole(context, node, f"{owner}.extend({argument})", "call-to-assign", 0.15)
        if value.func.attr == "append":
            yield _whole(context, node, f"{owner}.insert(0, {argument})", "method-swap", 0.3)
            yield _whole(context, node, f"yield {argument}", "missing-yield", 0.15)


def _yielded(context: Context, node: ast.Expr, value: ast.Yield | ast.YieldFrom) -> Iterator[Change]:
    if value.value is None:
        return
    own = context.text(value.value)
    if isinstance(value, ast.YieldFrom):
        yield _whole(context, node, f"yield {own}", "yield-from", 0.6)
        return
    yield _whole(context, node, f"yield from {fitted(context.code(value.value), Level.LAMBDA)}", "yield-from", 0.7)
    if isinstance(value.value, ast.Call) and value.value.args:
        yield _whole(context, node, f"yield {context.text(value.value.args[0])}", "unwrap-call", 0.4)


def _return(context: Context, node: ast.Return, value: ast.expr) -> Iterator[Change]:
    own = context.text(value)
    if not context.code(value).is_open:
        yield _whole(context, node, f"yield {own}", "missing-yield", 0.25)
        yield _whole(context, node, f"yield from {fitted(context.code(value), Level.LAMBDA)}", "missing-yield", 0.1)


def _filled(context: Context, node: ast.Pass) -> Iterator[Change]:
    yield _whole(context, node, "raise NotImplementedError", "pass-filled", 0.1)
    for name in context.ingredients.names(node)[:8]:
        yield _whole(context, node, f"return {name}", "pass-filled", 0.2)
    if context.module.is_in_loop(node):
        yield _whole(context, node, "continue", "pass-filled", 0.1)
        yield _whole(context, node, "break", "pass-filled", 0.2)

"""Another way to write nearly the same, which differs in one case: missing keys, subclasses, generators, what is raised."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import name_of
from lsp_repair.pycode.precedence import Code, Level, binary, bracketed, fitted, trailed
from lsp_repair.search.places import is_value
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, becomes, quoted

_ON_OWNERS = ((".copy()", 0.15), (".strip()", 0.1), (".lower()", 0.1), (".encode()", 0.04), (".decode()", 0.04))
_OWNERS = (ast.Name, ast.Attribute, ast.Subscript)


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Other idioms for an expression."""
    match node:
        case ast.Call(func=ast.Attribute(attr="get"), args=[key, default], keywords=[]):
            got = trailed(context.code(node.func), f"({fitted(context.code(key), Level.LAMBDA)})")
            yield Replacement(node, binary(got, "or", context.code(default)), "or-default", 0.35)
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() | ast.Subscript() as owner)):
            yield from _on_owner(context, owner)
        case ast.GeneratorExp():
            yield from _kept(context, node)
        case ast.Name(ctx=ast.Load()):
            yield from _own_class(context, node)
        case _:
            pass


def _on_owner(context: Context, owner: ast.expr) -> Iterator[Change]:
    if context.text(owner) in {"self", "cls"} or context.text(owner) in context.ingredients.imported:
        return
    for trailer, prior in _ON_OWNERS:
        yield Replacement(owner, trailed(context.code(owner), trailer), "wrap-owner", prior)


def _kept(context: Context, node: ast.GeneratorExp) -> Iterator[Change]:
    """`f(x for x in y)` to `f([x for x in y])`."""
    parent = context.parent(node)
    if isinstance(parent, ast.Call) and len(parent.args) == 1:
        text = context.text(node)
        inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
        yield Replacement(node, Code(f"[{inner}]"), "generator-to-list", 0.2)


def _own_class(context: Context, node: ast.Name) -> Iterator[Change]:
    """The class's own name to the class of the instance, which may be another one."""
    owner = context.module.class_of(node)
    names = context.ingredients.names(node)
    if owner is None or node.id != owner.name:
        return
    if "self" in names:
        yield Replacement(node, Code("type(self)"), "class-of-self", 0.3)
        yield Replacement(node, Code("self.__class__"), "class-of-self", 0.3)
    if "cls" in names:
        yield Replacement(node, Code("cls"), "class-of-self", 0.5)


def containers(context: Context, node: ast.expr) -> Iterator[Change]:
    """A value in a list or tuple of its own."""
    parent = context.parent(node)
    if isinstance(node, _OWNERS) and is_value(parent, node) and not isinstance(parent, (ast.Compare, ast.BoolOp)):
        for opening, closing, prior in (("[", "]", 0.1), ("(", ")", 0.05)):
            yield Replacement(node, bracketed(opening, [context.code(node)], closing), "wrap-list", prior)


def entries(context: Context, node: ast.expr) -> Iterator[Change]:
    """One more text in a list, tuple or set of texts, from the failing tests."""
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)) or len(node.elts) < 2:
        return
    texts = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(texts) < len(node.elts) or isinstance(context.parent(node), ast.Compare):
        return
    quote = context.text(node.elts[-1])[:1]
    at = context.module.span(node.elts[-1])[1]
    offered = (each for each in context.hints.test_literals if isinstance(each, str) and each not in texts)
    for value in list(offered)[:20]:
        literal = repr(value) if quote not in {"'", '"'} or quote in value else f"{quote}{repr(value)[1:-1]}{quote}"
        yield Rewrite(
            ((at, at, f", {literal}"),), node, "one-entry-more", 0.2, f"add {quoted(literal)}", is_certain=False
        )


def statements(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Other idioms for a statement."""
    match node:
        case ast.Return(value=ast.Call(func=kind) as value) | ast.Expr(value=ast.Call(func=kind) as value):
            if name_of(kind).endswith(("Error", "Exception")):
                yield _whole(context, node, f"raise {context.text(value)}", "missing-raise", 0.7)
        case ast.Delete(targets=[ast.Subscript(value=owner, slice=key)]) if not isinstance(key, ast.Slice):
            popped = trailed(context.code(owner), f".pop({fitted(context.code(key), Level.LAMBDA)}, None)")
            yield _whole(context, node, popped.text, "del-to-pop", 0.5)
        case _:
            pass


def _whole(context: Context, node: ast.stmt, text: str, template: str, prior: float) -> Change:
    span = context.module.span(node)
    return Rewrite(((*span, text),), node, template, prior, becomes(context.module.text(*span), text))

"""Attributes and methods: another one, properties confused with methods, methods with functions."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import Function
from lsp_repair.pycode.precedence import Code, trailed
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, likeness
from lsp_repair.search.templates.vocabulary import METHODS


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of an attribute access."""
    if not isinstance(node, ast.Attribute):
        return
    for name in METHODS.get(node.attr, ()):
        yield renamed(context, node, name, "method-swap", 0.5)
    for name in context.ingredients.attributes:
        if name != node.attr:
            yield renamed(context, node, name, "attr-ingredient", 0.2 + 0.3 * likeness(name, node.attr))
    if isinstance(node.ctx, ast.Load):
        yield from _calls(context, node)
        yield from _self_access(context, node)
        yield from _underscore(context, node)


def renamed(context: Context, node: ast.Attribute, name: str, template: str, prior: float) -> Change:
    """Another attribute of the same object."""
    end = context.module.span(node)[1]
    start = end - len(node.attr.encode())
    return Rewrite(((start, end, name),), node, template, prior, f"`.{node.attr}` → `.{name}`")


def _calls(context: Context, node: ast.Attribute) -> Iterator[Change]:
    parent = context.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        if not parent.args and not parent.keywords:
            yield Replacement(parent, context.code(node), "property-call", 0.3)
    else:
        is_method = any(node.attr == name for name in _methods(context))
        yield Replacement(node, trailed(context.code(node), "()"), "property-call", 0.45 if is_method else 0.15)


def _methods(context: Context) -> Iterator[str]:
    for owner in context.ingredients.definitions:
        if isinstance(owner, ast.ClassDef):
            yield from (each.name for each in owner.body if isinstance(each, Function))


def _self_access(context: Context, node: ast.Attribute) -> Iterator[Change]:
    if not isinstance(node.value, ast.Name) or node.value.id not in {"self", "cls"}:
        return
    if node.attr in context.ingredients.names(node) or node.attr in context.ingredients.callables(node):
        yield Replacement(node, Code(node.attr), "drop-self", 0.35)
    if node.value.id == "self":
        yield Replacement(node.value, Code("type(self)"), "class-attribute", 0.08)
    owner = context.module.class_of(node)
    if owner is not None and owner.bases and _is_own_method(context, node):
        yield Replacement(node.value, Code("super()"), "super-method", 0.4)


def _is_own_method(context: Context, node: ast.Attribute) -> bool:
    function = context.module.function_of(node)
    return function is not None and function.name == node.attr


def _underscore(context: Context, node: ast.Attribute) -> Iterator[Change]:
    name = node.attr[1:] if node.attr.startswith("_") else f"_{node.attr}"
    owner = context.module.class_of(node)
    if name and owner is not None and name in context.ingredients.members(owner):
        yield renamed(context, node, name, "attr-ingredient", 0.45)

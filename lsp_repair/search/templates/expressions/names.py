"""The wrong variable, the wrong function."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code
from lsp_repair.search.templates.context import Change, Context, Replacement, likeness
from lsp_repair.search.templates.vocabulary import FUNCTIONS


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Other names in a name's place."""
    if not isinstance(node, ast.Name):
        return
    parent = context.parent(node)
    if isinstance(node.ctx, ast.Store):
        if isinstance(parent, (ast.Assign, ast.AugAssign)):
            yield from _targets(context, node)
    elif isinstance(node.ctx, ast.Load):
        if isinstance(parent, ast.Call) and parent.func is node:
            yield from _callees(context, node)
        else:
            yield from _variables(context, node)


def _targets(context: Context, node: ast.Name) -> Iterator[Change]:
    for name in context.ingredients.names(node):
        if name != node.id:
            yield Replacement(node, Code(name), "target-swap", 0.3 + 0.2 * likeness(name, node.id))
    function = context.module.function_of(node)
    owner = context.module.class_of(function) if function is not None else None
    if owner is not None and "self" in context.ingredients.names(node):
        prior = 0.4 if node.id in context.ingredients.members(owner) else 0.1
        yield Replacement(node, Code(f"self.{node.id}"), "missing-self", prior)


def _callees(context: Context, node: ast.Name) -> Iterator[Change]:
    for name in FUNCTIONS.get(node.id, ()):
        yield Replacement(node, Code(name), "func-swap", 0.6)
    for name in context.ingredients.callables(node):
        if name != node.id:
            yield Replacement(node, Code(name), "func-ingredient", 0.3)
    for name in context.ingredients.borrowed:
        if name != node.id:
            yield Replacement(node, Code(name), "func-ingredient", 0.2 + 0.2 * likeness(name, node.id))
    owner = context.module.class_of(node)
    if owner is not None and node.id in context.ingredients.members(owner):
        yield Replacement(node, Code(f"self.{node.id}"), "missing-self", 0.4)


def _variables(context: Context, node: ast.Name) -> Iterator[Change]:
    names = context.ingredients.names(node)
    for name in names:
        if name != node.id:
            alike = likeness(name, node.id) if len(name) > 2 else 0.0
            yield Replacement(node, Code(name), "var-swap", 0.42 + 0.3 * alike)
    if node.id not in names:
        for name in FUNCTIONS.get(node.id, ()):
            yield Replacement(node, Code(name), "func-swap", 0.4)
        known = (*context.ingredients.callables(node), *context.ingredients.borrowed)
        for name in known[:20] if node.id in known else ():
            if name != node.id:
                yield Replacement(node, Code(name), "func-ingredient", 0.3)
    yield from _of_self(context, node, names)


def _of_self(context: Context, node: ast.Name, names: tuple[str, ...]) -> Iterator[Change]:
    owner = context.module.class_of(node)
    if owner is not None and node.id in context.ingredients.members(owner) and "self" in names:
        yield Replacement(node, Code(f"self.{node.id}"), "missing-self", 0.35)
    if owner is not None and "self" in names and node.id != "self":
        for name in context.ingredients.members(owner)[:10]:
            if likeness(name.lstrip("_"), node.id) > 0.6:
                yield Replacement(node, Code(f"self.{name}"), "missing-self", 0.2)

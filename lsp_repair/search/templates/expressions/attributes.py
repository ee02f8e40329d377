"""Names, attributes and methods: the wrong variable or function, another attribute, properties confused with methods."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import Function
from lsp_repair.pycode.precedence import Code, trailed
from lsp_repair.search.places import is_value
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, likeness
from lsp_repair.search.templates.vocabulary import FUNCTIONS, METHODS

_MAX_CONTINUED = 6


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
        yield from _continued(context, node)
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


def _continued(context: Context, node: ast.Attribute) -> Iterator[Change]:
    """`x.link` to `x.link.url`, where the module reads that attribute of what is called the same."""
    parent = context.parent(node)
    if not is_value(parent, node):
        return
    for name in context.ingredients.attributes_of.get(node.attr, ())[:_MAX_CONTINUED]:
        yield Replacement(node, trailed(context.code(node), f".{name}"), "attr-continued", 0.25)


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


def plain_names(context: Context, node: ast.expr) -> Iterator[Change]:
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

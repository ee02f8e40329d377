"""Types that `isinstance` asks for."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, bracketed
from lsp_repair.search.templates.context import Change, Context, Replacement, each_dropped

_KIN = {
    "int": ("float", "bool"),
    "float": ("int",),
    "list": ("tuple", "set"),
    "tuple": ("list",),
    "set": ("frozenset", "list"),
    "str": ("bytes",),
    "bytes": ("str", "bytearray"),
    "dict": ("list",),
}
_CHOICES = ("int", "float", "str", "list", "tuple", "dict", "set", "bool", "bytes")


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Wider, narrower and other types in an `isinstance` or `issubclass` test."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) != 2:
        return
    if node.func.id not in {"isinstance", "issubclass"}:
        return
    requested = node.args[1]
    elements = requested.elts if isinstance(requested, ast.Tuple) else [requested]
    codes = [context.code(each) for each in elements]
    names = {each.text for each in codes}
    kin = {other for name in names for other in _KIN.get(name, ())}
    for other in (*_CHOICES, *_classes(context)):
        if other not in names:
            prior = 0.4 if other in kin else 0.12
            yield Replacement(requested, bracketed("(", [*codes, Code(other)], ")"), "isinstance-widen", prior)
            yield Replacement(requested, Code(other), "isinstance-type", prior * 0.7)
    if len(elements) > 1:
        for rest in each_dropped(context, elements):
            code = rest[0] if len(rest) == 1 else bracketed("(", rest, ")")
            yield Replacement(requested, code, "isinstance-narrow", 0.4)


def _classes(context: Context) -> list[str]:
    return [each.name for each in context.ingredients.definitions if isinstance(each, ast.ClassDef)][:10]

"""A condition that holds for values of one type only: `x == ""` to `isinstance(x, str) and x == ""`."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, binary, call, negated
from lsp_repair.search.places import is_condition
from lsp_repair.search.templates.context import Change, Context, Replacement

_COMMON = ("str", "dict", "list", "(list, tuple)", "int", "bytes", "bool")
_MAX_SUBJECTS = 2
_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """The condition for values of a type, or for all others."""
    if not is_condition(context.parent(node), node) or isinstance(node, (ast.BoolOp, ast.Constant, ast.UnaryOp)):
        return
    own = context.code(node)
    for subject in list(_subjects(node))[:_MAX_SUBJECTS]:
        for kind, prior in _kinds(context, node).items():
            is_kind = call("isinstance", context.code(subject), Code(kind))
            yield Replacement(node, binary(is_kind, "and", own), "of-kind", prior)
            yield Replacement(node, binary(negated(is_kind), "and", own), "of-kind", prior * 0.5)


def _subjects(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare():
            yield from (each for each in (node.left, *node.comparators) if isinstance(each, _PLACES))
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() | ast.Subscript() as owner)):
            yield owner
        case ast.Name() | ast.Attribute() | ast.Subscript():
            yield node
        case _:
            pass


def _kinds(context: Context, node: ast.expr) -> dict[str, float]:
    """Types with their priors: that of a literal it is compared with, those the function asks for, common ones."""
    found = dict.fromkeys(_COMMON, 0.12)
    around = context.module.function_of(node)
    for each in context.module.below(around) if around is not None else ():
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "isinstance":
            found |= {context.text(kind): 0.25 for kind in each.args[1:2]}
    for each in node.comparators if isinstance(node, ast.Compare) else ():
        if isinstance(each, ast.Constant) and each.value is not None:
            found[type(each.value).__name__] = 0.4
    return found

"""Arguments that a call lacks: what other calls of the same name are given, and parameters that should be passed on."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import Function, name_of
from lsp_repair.pycode.precedence import Code
from lsp_repair.search.templates.context import Change, Context
from lsp_repair.search.templates.expressions.calls import with_arguments
from lsp_repair.search.templates.expressions.keywords import added

_MAX_FROM_SIBLINGS = 8
_MAX_PARAMETERS = 6


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """The call with one more argument."""
    function = context.module.function_of(node)
    if not isinstance(node, ast.Call) or function is None or isinstance(context.parent(node), ast.FormattedValue):
        return
    present = {each.arg for each in node.keywords}
    yield from _from_siblings(context, node, present)
    given = {context.text(each) for each in node.args} | {context.module.text_of(each.value) for each in node.keywords}
    free = [each.arg for each in _own(function) if each.arg not in given | {"self", "cls"}][:_MAX_PARAMETERS]
    yield from _passed_on(context, node, free, present)
    yield from _all_passed_on(context, node, function)


def _from_siblings(context: Context, node: ast.Call, present: set[str | None]) -> Iterator[Change]:
    """Keywords of the module's other calls of the same name, with their values."""
    name = name_of(node.func)
    texts = context.ingredients.keywords_of.get(name, ()) if name else ()
    for text in texts[:_MAX_FROM_SIBLINGS]:
        if text.partition("=")[0].strip() not in present:
            yield added(context, node, text, 0.3, "kwarg-sibling")


def _own(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _passed_on(context: Context, node: ast.Call, free: list[str], present: set[str | None]) -> Iterator[Change]:
    """`f(x)` to `f(x, encoding=encoding)` where the function itself has such a parameter."""
    known = context.ingredients.parameters
    is_constructor = name_of(node.func) in {"__init__", "__new__"}
    for name in free:
        if name not in present:
            prior = 0.3 if name in known or is_constructor else 0.1
            yield added(context, node, f"{name}={name}", prior, "pass-on")
    if isinstance(node.func, ast.Attribute) and not any(isinstance(each, ast.Starred) for each in node.args):
        own = [context.code(each) for each in node.args]
        for name in free[:4]:
            yield with_arguments(context, node, [*own, Code(name)], "pass-on", 0.25 if is_constructor else 0.1)


def _all_passed_on(context: Context, node: ast.Call, function: Function) -> Iterator[Change]:
    """`**kwargs` and `*args`, where the function takes them."""
    rest, positional = function.args.kwarg, function.args.vararg
    arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    texts = {context.module.text_of(each) for each in arguments}
    if rest is not None and f"**{rest.arg}" not in texts:
        yield added(context, node, f"**{rest.arg}", 0.2, "pass-on")
    if positional is not None and f"*{positional.arg}" not in texts and not node.keywords:
        yield added(context, node, f"*{positional.arg}", 0.12, "pass-on")

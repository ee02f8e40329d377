"""What a function lacks before it uses a parameter: a value for None, a conversion, an early end as elsewhere in it."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import Function, defaults
from lsp_repair.search.templates.context import Change, Context, Rewrite, function_start, quoted
from lsp_repair.search.templates.statements.signatures import most_suspicious

_MAX_PARAMETERS = 5
_FOR_NONE = (("{}", 0.25), ("[]", 0.25), ('""', 0.2), ("0", 0.12), ("set()", 0.05))
_CONVERSIONS = (
    ("bytes", '{}.decode("utf-8")', 0.12),
    ("bytes", "{}.decode()", 0.15),
    ("str", '{}.encode("utf-8")', 0.08),
    ("str", "[{}]", 0.15),
    ("str", "int({})", 0.05),
)
_UNCONDITIONAL = (("list({})", 0.12), ("str({})", 0.12), ("{}.copy()", 0.12), ("{}.strip()", 0.12), ("dict({})", 0.06))


def proposals(context: Context, node: ast.stmt) -> Iterator[Change]:
    """A first statement that gives a parameter another value."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    found = function_start(context, node)
    line = most_suspicious(context, node)
    if found is None or context.scores.get(line, 0) <= 0:
        return
    for text, prior in _texts(context, node):
        lines = "".join(f"{found[1]}{each}\n" for each in text.replace("    ", context.module.indent_unit).split("\n"))
        title = f"insert {quoted(text)} in `{node.name}`"
        yield Rewrite(((found[0], found[0], lines),), line, "insert:normalise", prior, title, 2)


def _texts(context: Context, node: Function) -> Iterator[tuple[str, float]]:
    own = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    none = {each.arg for each, default in defaults(node.args) if context.text(default) == "None"}
    names = [each.arg for each in own if each.arg not in {"self", "cls"}]
    for name in names[:_MAX_PARAMETERS]:
        for value, prior in _FOR_NONE:
            yield f"if {name} is None:\n    {name} = {value}", prior * (1.5 if name in none else 0.5)
        for kind, value, prior in _CONVERSIONS:
            yield f"if isinstance({name}, {kind}):\n    {name} = {value.format(name)}", prior
        for value, prior in _UNCONDITIONAL:
            yield f"{name} = {value.format(name)}", prior
        for function in _converters(context, node):
            yield f"{name} = {function}({name})", 0.1


def _converters(context: Context, node: Function) -> list[str]:
    """Functions of the module, or that it imports from its project, which take one value."""
    own = [
        each.name
        for each in context.ingredients.definitions
        if isinstance(each, ast.FunctionDef) and each is not node and len(each.args.args) == 1
    ]
    return [*own[:5], *context.ingredients.borrowed[:5]]

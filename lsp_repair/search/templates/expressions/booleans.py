"""Boolean operations: operator, operands, negation, filters of comprehensions."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, binary, negated
from lsp_repair.search.places import is_condition
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, quoted, with_operator, without


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a condition or a part of it."""
    match node:
        case ast.BoolOp():
            yield from _operation(context, node)
        case ast.UnaryOp():
            yield Replacement(node, context.code(node.operand), "drop-unary", 0.7)
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
            yield from _filters(context, node)
        case _:
            pass
    parent = context.parent(node)
    if is_condition(parent, node) and not isinstance(node, ast.Constant):
        if not isinstance(node, ast.UnaryOp):
            yield Replacement(node, negated(context.code(node)), "negate", 0.5)
        if not isinstance(parent, ast.BoolOp):
            yield Replacement(node, Code("True"), "force-cond", 0.06)
            yield Replacement(node, Code("False"), "force-cond", 0.08)


def _operation(context: Context, node: ast.BoolOp) -> Iterator[Change]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    if len(node.values) == 2 and not _is_nested(context, node):
        change = with_operator(context, (node.values[0], node.values[1]), (old, new), "bool-op", 0.8)
        if change is not None:
            yield change
    yield Replacement(node, _joined(context, node.values, new), "bool-op", 0.8)
    for index in range(len(node.values)):
        rest = without(node.values, index)
        yield Replacement(node, _joined(context, rest, old), "drop-condition", 0.5)


def _is_nested(context: Context, node: ast.BoolOp) -> bool:
    operands = (context.parent(node), *node.values)
    return any(isinstance(each, (ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.Lambda)) for each in operands)


def _joined(context: Context, values: list[ast.expr], operator: str) -> Code:
    code = context.code(values[0])
    for value in values[1:]:
        code = binary(code, operator, context.code(value))
    return code


def _filters(context: Context, node: ast.GeneratorExp | ast.ListComp | ast.SetComp) -> Iterator[Change]:
    for part in node.generators:
        for condition in part.ifs:
            start, end = context.module.span(condition)
            head = context.module.body.rfind(b"if", 0, start)
            between = context.module.text(head + 2, start)
            if head >= 0 and not between.strip():
                title = f"drop the filter {quoted(context.text(condition))}"
                head -= context.module.body[head - 1 : head] == b" "
                yield Rewrite(((head, end, ""),), node, "drop-condition", 0.35, title, is_certain=False)

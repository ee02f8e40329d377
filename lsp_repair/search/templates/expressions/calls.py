"""Calls: order and number of arguments, bounds of `range`, the call itself, `await`."""

import ast
from collections.abc import Iterator
from itertools import combinations

from lsp_repair.pycode.precedence import OPERATORS, Code, Level, binary, call, fitted, trailed
from lsp_repair.search.templates.context import (
    ONE,
    Change,
    Context,
    Replacement,
    Rewrite,
    each_dropped,
    exchanged,
    shifted,
    swapped,
)
from lsp_repair.search.templates.vocabulary import PURE_FUNCTIONS


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a call's positional arguments."""
    if not isinstance(node, ast.Call) or any(isinstance(each, ast.Starred) for each in node.args):
        return
    function = node.func.id if isinstance(node.func, ast.Name) else ""
    yield from _order(context, node)
    if function == "range":
        yield from _range(context, node)
    yield from _argument_values(context, node, function)
    yield from _without_call(context, node, function)
    if function and len(node.args) < 3:
        for name in context.ingredients.names(node)[:8]:
            yield with_arguments(context, node, [*_codes(context, node), Code(name)], "arg-add", 0.12)
            if node.args:
                yield with_arguments(context, node, [Code(name), *_codes(context, node)], "arg-add", 0.1)
    if function and len(node.args) == 1 and function not in PURE_FUNCTIONS:
        yield Replacement(node, call(function, context.code(node)), "wrap-call", 0.2)


def _codes(context: Context, node: ast.Call) -> list[Code]:
    return [context.code(each) for each in node.args]


def with_arguments(context: Context, node: ast.Call, arguments: list[Code], template: str, prior: float) -> Change:
    """The call with other positional arguments; its keywords stay."""
    keywords = [context.module.text_of(each) for each in node.keywords]
    texts = [fitted(each, Level.LAMBDA) for each in arguments] + keywords
    code = trailed(context.code(node.func), f"({', '.join(texts)})")
    return Replacement(node, code, template, prior)


def _order(context: Context, node: ast.Call) -> Iterator[Change]:
    for one, other in combinations(range(min(len(node.args), 4)), 2):
        title = f"swap arguments of `{context.text(node.func)[:24]}`"
        if isinstance(node.args[one], ast.GeneratorExp) or isinstance(node.args[other], ast.GeneratorExp):
            arguments = [context.code(each) for each in exchanged(node.args, one, other)]
            yield with_arguments(context, node, arguments, "arg-swap", 0.5)
        else:
            edits = swapped(context, node.args[one], node.args[other])
            yield Rewrite(edits, node, "arg-swap", 0.5, title)
    if len(node.args) > 1:
        for rest in each_dropped(context, node.args):
            yield with_arguments(context, node, rest, "arg-drop", 0.3)


def _range(context: Context, node: ast.Call) -> Iterator[Change]:
    codes = _codes(context, node)
    if len(codes) == 1:
        stop = codes[0]
        for start in ("1", "2"):
            yield Replacement(node, call("range", Code(start), stop), "range-bound", 0.4)
        down = call("range", binary(stop, "-", ONE), Code("-1"), Code("-1"))
        yield Replacement(node, down, "range-bound", 0.2)
        yield Replacement(node, call("range", ONE, binary(stop, "+", ONE)), "range-bound", 0.35, 2)
    elif len(codes) == 2:
        for step in ("-1", "2"):
            yield Replacement(node, call("range", *codes, Code(step)), "range-bound", 0.12)


def _argument_values(context: Context, node: ast.Call, function: str) -> Iterator[Change]:
    for argument in node.args:
        for code in shifted(context, argument):
            yield Replacement(argument, code, "off-by-one", 0.55 if function == "range" else 0.3)
        if isinstance(argument, ast.Name):
            own = context.code(argument)
            # The length of a slice is the length minus one: changing the number is clearer.
            weight = 0.4 if function == "len" else 1
            yield Replacement(argument, trailed(own, "[1:]"), "slice-arg", 0.25 * weight)
            yield Replacement(argument, trailed(own, "[:-1]"), "slice-arg", 0.2 * weight)
            for name in context.ingredients.names(node)[:12]:
                if name != argument.id:
                    yield Replacement(argument, binary(own, "-", Code(name)), "arith-ingredient", 0.2, 2)
                    yield Replacement(argument, binary(own, "+", Code(name)), "arith-ingredient", 0.16, 2)


def _without_call(context: Context, node: ast.Call, function: str) -> Iterator[Change]:
    if node.args and function != "isinstance":
        yield Replacement(node, context.code(node.args[0]), "unwrap-call", 0.4)
    if isinstance(node.func, ast.Attribute):
        yield Replacement(node, context.code(node.func.value), "unwrap-call", 0.3)
    if function in {"min", "max"} and len(node.args) == 2:
        yield Replacement(node, context.code(node.args[1]), "unwrap-call", 0.3)


def boundaries(context: Context, node: ast.expr) -> Iterator[Change]:
    """One operand more or less within a call's parentheses: `f(a + b)` to `f(a) + b`, and back."""
    match node:
        case ast.Call(args=[ast.BinOp() as inside], keywords=[]):
            left, right = context.code(inside.left), context.code(inside.right)
            operator, function = OPERATORS[type(inside.op)], context.text(node.func)
            yield Replacement(node, binary(call(function, left), operator, right), "call-boundary", 0.35)
            yield Replacement(node, binary(left, operator, call(function, right)), "call-boundary", 0.3)
            if isinstance(inside.left, ast.BinOp):
                first, second = context.code(inside.left.left), context.code(inside.left.right)
                product = binary(call(function, first), OPERATORS[type(inside.left.op)], second)
                yield Replacement(node, binary(product, operator, right), "call-boundary", 0.3)
        case ast.BinOp(left=ast.Call(args=[only], keywords=[]) as called):
            together = binary(context.code(only), OPERATORS[type(node.op)], context.code(node.right))
            yield Replacement(node, call(context.text(called.func), together), "call-boundary", 0.3)
        case _:
            pass


def awaiting(context: Context, node: ast.expr) -> Iterator[Change]:
    """`await` added to a call or taken from one."""
    if isinstance(node, ast.Await):
        yield Replacement(node, context.code(node.value), "drop-await", 0.4)
        return
    function = context.module.function_of(node)
    if not isinstance(node, ast.Call) or not isinstance(function, ast.AsyncFunctionDef):
        return
    parent = context.parent(node)
    if isinstance(parent, ast.Await) or (isinstance(parent, ast.Call) and parent.func is node):
        return
    called = node.func.attr if isinstance(node.func, ast.Attribute) else context.text(node.func)
    prior = 0.7 if called in _coroutines(context) else 0.3
    code = Code(f"await {fitted(context.code(node), Level.ATOM)}", Level.AWAIT, context.code(node).is_open)
    yield Replacement(node, code, "missing-await", prior)


def _coroutines(context: Context) -> set[str]:
    return {each.name for each in context.module.below(context.module.tree) if isinstance(each, ast.AsyncFunctionDef)}

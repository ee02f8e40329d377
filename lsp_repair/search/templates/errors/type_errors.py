"""TypeError: conversions, calls taken for indexes, arguments too many or too few."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, Level, binary, bracketed, call, fitted, trailed
from lsp_repair.search.templates.context import Change, Context, ErrorPlace, Replacement, each_dropped
from lsp_repair.search.templates.expressions.calls import with_arguments
from lsp_repair.search.templates.expressions.keywords import added

_CONVERSIONS = ("str", "int", "list", "len", "float", "tuple", "set")
_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)")
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """Changes for an operation on the wrong type."""
    if place.failure.error_type != "TypeError":
        return
    message = place.failure.message
    for node in place.expressions:
        if isinstance(node, (ast.Starred, ast.Slice)) or isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            continue
        if isinstance(node, ast.BinOp):
            yield from _operands(context, node)
        if isinstance(node, ast.Call):
            yield from _call(context, node, message)
        if isinstance(node, ast.Subscript):
            yield from _subscript(context, node, message)
        yield from _value(context, node, message)


def _operands(context: Context, node: ast.BinOp) -> Iterator[Change]:
    for operand in (node.left, node.right):
        own = context.code(operand)
        codes = [call(each, own) for each in _CONVERSIONS]
        codes += [bracketed("[", [own], "]"), binary(own, "or", Code("0")), binary(own, "or", Code('""'))]
        for code in codes:
            yield Replacement(operand, code, "err:TypeError-convert", 0.5)


def _call(context: Context, node: ast.Call, message: str) -> Iterator[Change]:
    if "not callable" in message:
        if len(node.args) == 1:
            indexed = trailed(context.code(node.func), f"[{context.text(node.args[0])}]")
            yield Replacement(node, indexed, "err:TypeError-call-to-index", 1.0)
        yield Replacement(node, context.code(node.func), "err:unwrap", 0.8)
    if "has no len" in message and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
        argument = context.code(node.args[0])
        yield Replacement(node, argument, "err:unwrap", 1.0)
        yield Replacement(node.args[0], call("list", argument), "err:TypeError-convert", 0.8)
        yield Replacement(node.args[0], call("str", argument), "err:TypeError-convert", 0.7)
    if "argument" in message:
        yield from _arguments(context, node, message)


def _arguments(context: Context, node: ast.Call, message: str) -> Iterator[Change]:
    own = [context.code(each) for each in node.args]
    for name in context.ingredients.names(node)[:8]:
        yield with_arguments(context, node, [*own, Code(name)], "err:TypeError-args", 0.6)
        yield with_arguments(context, node, [Code(name), *own], "err:TypeError-args", 0.5)
    for rest in each_dropped(context, node.args):
        yield with_arguments(context, node, rest, "err:TypeError-args", 0.7)
    if len(node.args) > 1 and not node.keywords:
        for brackets, prior in (("[]", 0.7), ("()", 0.6)):
            packed = bracketed(brackets[0], own, brackets[1])
            yield with_arguments(context, node, [packed], "err:TypeError-args", prior)
    missing = _MISSING.search(message)
    for name in re.findall(r"'(\w+)'", missing[1]) if missing else []:
        is_visible = name in context.ingredients.names(node)
        for value, prior in ((name, 1.0 if is_visible else 0), (f"self.{name}", 0.4), ("None", 0.5), ("0", 0.3)):
            if prior:
                yield added(context, node, f"{name}={value}", prior, "err:TypeError-args")
    unexpected = _UNEXPECTED.search(message)
    for keyword in node.keywords if unexpected else []:
        if unexpected and keyword.arg == unexpected[1]:
            texts = [fitted(each, Level.LAMBDA) for each in (*own, context.code(keyword.value))]
            texts += [context.module.text_of(each) for each in node.keywords if each is not keyword]
            code = trailed(context.code(node.func), f"({', '.join(texts)})")
            yield Replacement(node, code, "err:TypeError-args", 0.6)


def _subscript(context: Context, node: ast.Subscript, message: str) -> Iterator[Change]:
    if isinstance(node.slice, ast.Slice):
        return
    value, index = context.code(node.value), context.code(node.slice)
    if "not subscriptable" in message:
        called = trailed(value, f"({fitted(index, Level.LAMBDA)})")
        yield Replacement(node, called, "err:TypeError-index-to-call", 1.0)
        yield Replacement(node, value, "err:unwrap", 0.6)
        if (
            isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
            and node.slice.value.isidentifier()
        ):
            yield Replacement(node, trailed(value, f".{node.slice.value}"), "index-to-attribute", 0.8)
    if "indices must be" in message:
        yield Replacement(node.slice, call("int", index), "err:TypeError-convert", 0.8)


def _value(context: Context, node: ast.expr, message: str) -> Iterator[Change]:
    own, parent = context.code(node), context.parent(node)
    if "not iterable" in message and isinstance(parent, (ast.For, ast.comprehension, ast.Call)):
        yield Replacement(node, call("range", own), "err:TypeError-iter", 0.7)
        yield Replacement(node, bracketed("[", [own], "]"), "err:TypeError-iter", 0.5)
        yield Replacement(node, binary(own, "or", Code("[]")), "err:TypeError-iter", 0.4)
    if "unhashable" in message:
        yield Replacement(node, call("tuple", own), "err:TypeError-hash", 0.6)
        yield Replacement(node, call("frozenset", own), "err:TypeError-hash", 0.4)
        yield Replacement(node, call("str", own), "err:TypeError-hash", 0.3)
    if "NoneType" in message and isinstance(node, (ast.Name, ast.Call, ast.Attribute)):
        for default in ("0", "[]", '""'):
            yield Replacement(node, binary(own, "or", Code(default)), "err:None-default", 0.3)
    if "sequence item" in message and "expected str" in message and isinstance(parent, ast.Call):
        yield Replacement(node, Code(f"map(str, {fitted(own, Level.LAMBDA)})"), "err:TypeError-convert", 0.9)
    if "JSON serializable" in message:
        for function in ("list", "str", "dict"):
            yield Replacement(node, call(function, own), "err:TypeError-convert", 0.5)
    if "coroutine" in message and isinstance(node, ast.Call):
        yield Replacement(node, Code(f"await {own.text}", Level.AWAIT, own.is_open), "missing-await", 0.9)

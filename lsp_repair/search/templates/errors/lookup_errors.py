"""KeyError, IndexError and ZeroDivisionError: defaults, bounds and guards at the failing expression."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code, Level, binary, call, conditional, fitted, trailed
from lsp_repair.search.templates.context import Change, Context, ErrorPlace, Replacement, loose_likeness, shifted
from lsp_repair.search.templates.expressions.strings import string_literal

_DEFAULTS = (("0", 1.0), ("None", 0.9), ('""', 0.6), ("[]", 0.7), ("False", 0.5), ("set()", 0.4), ('float("inf")', 0.4))


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """Changes for a look-up or a division that failed."""
    for node in place.expressions:
        match place.failure.error_type, node:
            case "KeyError", ast.Subscript(ctx=ast.Load(), slice=index) if not isinstance(index, ast.Slice):
                yield from _key(context, node)
            case "KeyError", ast.Constant(value=str() as value):
                yield from _misspelled_key(context, node, value)
            case "KeyError", ast.Call(func=ast.Attribute(attr="pop" | "remove")):
                yield from _missing_ok(context, node)
            case "IndexError", ast.Subscript(slice=index) if not isinstance(index, ast.Slice):
                yield from _index(context, node)
            case "ZeroDivisionError", ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod()):
                yield from _division(context, node)
            case "StopIteration", ast.Call(func=ast.Name(id="next"), args=[only]):
                code = call("next", context.code(only), Code("None"))
                yield Replacement(node, code, "err:StopIteration-default", 0.8)
            case "ValueError", ast.Call(func=ast.Name(id="max" | "min" as name), args=[only], keywords=[]):
                for default in ("0", "None"):
                    code = call(name, context.code(only), Code(f"default={default}"))
                    yield Replacement(node, code, "err:empty-default", 0.8)
            case _:
                pass


def _key(context: Context, node: ast.Subscript) -> Iterator[Change]:
    value, index = context.code(node.value), fitted(context.code(node.slice), Level.LAMBDA)
    for default, weight in (*_DEFAULTS, *_defaults_of_project(context)):
        yield Replacement(node, trailed(value, f".get({index}, {default})"), "err:KeyError-get", 0.8 * weight)
    yield Replacement(node, trailed(value, f".get({index})"), "err:KeyError-get", 0.7)
    for default in ("[]", "0", "set()", "{}"):
        yield Replacement(node, trailed(value, f".setdefault({index}, {default})"), "err:KeyError-setdefault", 0.6)


def _defaults_of_project(context: Context) -> Iterator[tuple[str, float]]:
    """The module's own constants, then the values that the failing tests speak of."""
    for statement in getattr(context.module.tree, "body", ()):
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        yield from ((target.id, 0.85) for target in targets if isinstance(target, ast.Name))
        if isinstance(statement, ast.ImportFrom):
            names = (alias.asname or alias.name for alias in statement.names)
            yield from ((name, 0.8) for name in names if name.isupper())
    for literal in context.hints.test_literals[:20]:
        if isinstance(literal, int | float | str) and not isinstance(literal, bool):
            yield repr(literal), 0.5


def _misspelled_key(context: Context, node: ast.expr, value: str) -> Iterator[Change]:
    strings = {each.value for each in context.module.below(context.module.tree) if isinstance(each, ast.Constant)}
    requested = {each for each in (*strings, *context.hints.test_literals) if isinstance(each, str) and len(each) < 60}
    for other in sorted(requested - {value}):
        alike = loose_likeness(other, value)
        if alike > 0.6:
            code = Code(string_literal(other, context.text(node)))
            yield Replacement(node, code, "err:misspelled-key", 0.4 + 0.6 * alike)


def _missing_ok(context: Context, node: ast.Call) -> Iterator[Change]:
    if not isinstance(node.func, ast.Attribute) or len(node.args) != 1:
        return
    owner, argument = context.code(node.func.value), fitted(context.code(node.args[0]), Level.LAMBDA)
    if node.func.attr == "pop":
        yield Replacement(node, trailed(owner, f".pop({argument}, None)"), "err:KeyError-get", 0.9)
    else:
        yield Replacement(node, trailed(owner, f".discard({argument})"), "err:KeyError-get", 0.9)


def _index(context: Context, node: ast.Subscript) -> Iterator[Change]:
    index = node.slice
    for code, prior in zip(shifted(context, index), (0.4, 0.7), strict=False):
        yield Replacement(index, code, "err:IndexError-off-by-one", prior)
    length = call("len", context.code(node.value))
    yield Replacement(index, binary(context.code(index), "%", length), "err:IndexError-wrap", 0.3)
    if isinstance(node.ctx, ast.Load):
        value = context.code(node.value)
        if isinstance(node.value, (ast.Name, ast.Attribute)):
            for default in ("None", "0", '""'):
                guarded = conditional(context.code(node), value, Code(default))
                yield Replacement(node, guarded, "err:IndexError-guard", 0.4)


def _division(context: Context, node: ast.BinOp) -> Iterator[Change]:
    divisor = context.code(node.right)
    for default, prior in (("0", 0.6), ("0.0", 0.5), ("None", 0.3)):
        code = conditional(context.code(node), divisor, Code(default))
        yield Replacement(node, code, "err:ZeroDivision", prior)
    yield Replacement(node.right, binary(divisor, "or", Code("1")), "err:ZeroDivision", 0.4)

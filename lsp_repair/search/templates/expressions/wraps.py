"""A value wrapped, sliced, clamped, combined with its surroundings, or replaced by another of the same function."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import parameters
from lsp_repair.pycode.precedence import Code, Level, binary, call, minus, negated, number, trailed
from lsp_repair.search.places import is_value
from lsp_repair.search.templates.context import Change, Context, Replacement, resemblance, shifted
from lsp_repair.search.templates.vocabulary import weighted

_FUNCTIONS = weighted(
    """
    len 0.16 abs 0.2 sorted 0.18 list 0.16 set 0.14 str 0.16 int 0.14 tuple 0.05 float 0.06 round 0.08 sum 0.06 max
    0.05 min 0.05 reversed 0.08 dict 0.04 bool 0.06
    """
)
_TRAILERS = weighted(
    """
    [::-1] 0.2 [1:] 0.2 [:-1] 0.18 .lower() 0.16 .upper() 0.08 .strip() 0.12 [0] 0.12 [-1] 0.12 .copy() 0.08 [:]
    0.08 .items() 0.06 .values() 0.04 .split() 0.06 .casefold() 0.05 .decode() 0.06 .encode() 0.06
    """
)
_SORT_KEYS = (
    "len",
    "str",
    "lambda x: (len(x), x)",
    "lambda x: (-len(x), x)",
    "lambda x: (-len(set(x)), x)",
    "lambda x: x[0]",
    "lambda x: x[1]",
    "lambda x: -x",
)
_UNWRAPPABLE = (ast.Starred, ast.Slice, ast.GeneratorExp, ast.Lambda, ast.JoinedStr, ast.Constant)
_SIMPLE = (ast.Name, ast.Call, ast.Subscript, ast.Attribute)
_WHOLE_RESULTS = (ast.Assign, ast.Return, ast.AugAssign)
_RESULTS = (*_WHOLE_RESULTS, ast.Yield, ast.Tuple, ast.List, ast.Dict, ast.FormattedValue)
"""Where a value goes out of a computation as it is, alone or beside others."""
_CONSTANTS = ("True", "False", "None", "[]", "0", "1", '""', "-1")


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Wrappers around a value."""
    parent = context.parent(node)
    if isinstance(node, _UNWRAPPABLE) or not is_value(parent, node):
        return
    own = context.code(node)
    for function, prior in _FUNCTIONS:
        if not own.text.startswith(function + "("):
            yield Replacement(node, call(function, own), "wrap-call", prior)
    yield from _by_helpers(context, node, own)
    if isinstance(node, _SIMPLE):
        yield from _simple(context, node, own)
    for code in shifted(context, node) if isinstance(parent, _RESULTS) else ():
        yield Replacement(node, code, "off-by-one", 0.4 if isinstance(parent, _WHOLE_RESULTS) else 0.3)
    if isinstance(parent, (ast.Assign, ast.Return, ast.AugAssign, ast.Call)):
        yield from _clamps(context, node, own)
    if isinstance(parent, (ast.Return, ast.Assign)):
        yield from _ordered(node, own)
        for digits in (0, 1, 2, 3):
            yield Replacement(node, call("round", own, number(digits)), "round", 0.15 if digits == 2 else 0.1)


def _by_helpers(context: Context, node: ast.expr, own: Code) -> Iterator[Change]:
    """The project's own functions of one argument."""
    around = context.module.function_of(node)
    for each in context.ingredients.definitions[:30]:
        if isinstance(each, ast.FunctionDef) and each is not around:
            required = len(each.args.posonlyargs + each.args.args) - len(each.args.defaults)
            if required == 1 and parameters(each.args) and not own.text.startswith(each.name + "("):
                yield Replacement(node, call(each.name, own), "wrap-helper", 0.2)
    for name in context.ingredients.borrowed:
        if not own.text.startswith(name + "("):
            yield Replacement(node, call(name, own), "wrap-helper", 0.15)


def _simple(context: Context, node: ast.expr, own: Code) -> Iterator[Change]:
    for trailer, prior in _TRAILERS:
        yield Replacement(node, trailed(own, trailer), "wrap-expr", prior)
    yield Replacement(node, binary(own, "**", number(2)), "wrap-expr", 0.15)
    yield Replacement(node, binary(own, "*", number(2)), "wrap-expr", 0.08)
    yield Replacement(node, binary(own, "//", number(2)), "wrap-expr", 0.08)
    yield Replacement(node, minus(own), "wrap-expr", 0.15)
    yield Replacement(node, negated(own), "wrap-expr", 0.1)
    for default in ("[]", "0", '""', "{}", "None"):
        yield Replacement(node, binary(own, "or", Code(default)), "or-default", 0.06)
    for name in context.ingredients.names(node)[:10]:
        yield Replacement(node, trailed(own, f"[{name}:]"), "wrap-slice", 0.1)
        yield Replacement(node, trailed(own, f"[:{name}]"), "wrap-slice", 0.08)
        yield Replacement(node, trailed(own, f"[{name}]"), "wrap-index", 0.08)


def _clamps(context: Context, node: ast.expr, own: Code) -> Iterator[Change]:
    parent = context.parent(node)
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    near = [context.text(each) for each in targets if isinstance(each, (ast.Name, ast.Subscript, ast.Attribute))]
    for text in dict.fromkeys(["0", "1", *near, *context.ingredients.names(node)[:8]]):
        if text != own.text:
            prior = 0.26 if text == "0" or text in near else 0.12
            yield Replacement(node, call("max", Code(text), own), "clamp", prior, 2)
            yield Replacement(node, call("min", Code(text), own), "clamp", prior * 0.8, 2)


def _ordered(node: ast.expr, own: Code) -> Iterator[Change]:
    if not isinstance(node, (ast.Name, ast.Call, ast.ListComp)):
        return
    for key in _SORT_KEYS:
        yield Replacement(node, call("sorted", own, Code(f"key={key}")), "wrap-sorted-key", 0.14, 2)
    yield Replacement(node, call("sorted", own, Code("reverse=True", Level.ATOM)), "wrap-sorted-key", 0.15, 2)
    yield Replacement(node, call("list", call("set", own)), "wrap-call", 0.1, 2)
    yield Replacement(node, call("sorted", call("set", own)), "wrap-call", 0.12, 2)
    yield Replacement(node, call("list", call("dict.fromkeys", own)), "wrap-call", 0.1, 2)


def replacements(context: Context, node: ast.expr) -> Iterator[Change]:
    """Other values to return, and ingredients for any value."""
    parent = context.parent(node)
    if not is_value(parent, node):
        return
    if isinstance(parent, ast.Return):
        yield from _returned(context, node)
    if not isinstance(node, (ast.Constant, ast.JoinedStr)):
        yield from _ingredients(context, node)
    if isinstance(node, (ast.Call, ast.BinOp, ast.Subscript, ast.Attribute)):
        for name in context.ingredients.names(node)[:14]:
            yield Replacement(node, Code(name), "expr-to-var", 0.18)


def _returned(context: Context, node: ast.expr) -> Iterator[Change]:
    own = context.code(node)
    for name in context.ingredients.names(node)[:14]:
        variable = Code(name)
        yield Replacement(node, binary(variable, "+", own), "return-combine", 0.2, 2)
        yield Replacement(node, binary(own, "+", variable), "return-combine", 0.18, 2)
        yield Replacement(node, variable, "return-var", 0.3)
        yield Replacement(node, Code(f"[{name}]"), "return-var", 0.15)
        yield Replacement(node, Code(f"{name} == 0", Level.COMPARE), "return-cond", 0.18, 2)
        yield Replacement(node, negated(variable), "return-cond", 0.15, 2)
        yield Replacement(node, Code(f"len({name}) == 0", Level.COMPARE), "return-cond", 0.08, 2)
    for text in _CONSTANTS:
        yield Replacement(node, Code(text), "return-const", 0.1)
    yield Replacement(node, trailed(own, "[::-1]"), "return-wrap", 0.15)
    yield Replacement(node, negated(own), "negate", 0.3)


def _works_on(context: Context, other: ast.expr, own: str) -> bool:
    """Whether it is a call on the same value: one place may have been forgotten."""
    if not isinstance(other, ast.Call):
        return False
    receiver = [other.func.value] if isinstance(other.func, ast.Attribute) else []
    return any(context.text(each) == own for each in (*receiver, *other.args))


def _ingredients(context: Context, node: ast.expr) -> Iterator[Change]:
    own = context.text(node)
    for other in context.ingredients.expressions(node):
        text = context.text(other)
        if text == own:
            continue
        if _works_on(context, other, own):
            yield Replacement(node, context.code(other), "as-elsewhere", 0.45, 2)
        else:
            alike = resemblance(own, text) if type(other) is type(node) else 0.2
            yield Replacement(node, context.code(other), "expr-ingredient", 0.12 + 0.2 * alike, 2)

"""Guard clauses: a condition over the names in scope, and what to do when it holds."""

import ast
import re
from collections.abc import Iterator
from itertools import permutations

from lsp_repair.pycode.nodes import Function
from lsp_repair.search.templates.context import Context

_KINDS = {
    "None": "none",
    "0": "int",
    "[]": "list",
    "False": "bool",
    "True": "bool",
    "1": "int",
    "-1": "int",
    '""': "str",
}
_NOT_RAISED = re.compile(r"DID NOT RAISE\b\s*(?:<class ')?(?:[\w.]*\.)?(\w+)")
_OFF_KIND = 0.4
"""Weight of a value whose type the function returns nowhere else."""

_CONDITIONS = (
    ("not {}", 1.0),
    ("{} is None", 0.7),
    ("{} == 0", 0.7),
    ("{} < 0", 0.5),
    ("{} == 1", 0.5),
    ("{} <= 1", 0.5),
    ("{} < 2", 0.3),
    ("{} <= 0", 0.4),
    ("len({}) == 1", 0.3),
    ("len({}) < 2", 0.2),
)


def guards(context: Context, node: ast.stmt, least_prior: float) -> Iterator[tuple[str, float]]:
    """Two-line `if` statements, each with its prior; conditions that cannot reach the least prior are left out."""
    function = context.module.function_of(node)
    assert function is not None
    values = list(returned_values(context, function))
    names = context.ingredients.names(node)
    requested = requested_errors(context)
    highest = 0.5 if requested else 0.2
    for condition, weight in conditions(names):
        if highest * weight < least_prior:
            continue
        for value, fit in values:
            yield f"if {condition}:\n    return {value}", 0.2 * weight * fit
        for name in names[:4]:
            yield f"if {condition}:\n    return {name}", 0.12 * weight
        if context.module.is_in_loop(node):
            yield f"if {condition}:\n    continue", 0.12 * weight
            yield f"if {condition}:\n    break", 0.12 * weight
        for error in requested:
            yield f'if {condition}:\n    raise {error}("{condition}")', 0.5 * weight


def requested_errors(context: Context) -> list[str]:
    """Exceptions that `pytest.raises` expected but did not see."""
    found = (_NOT_RAISED.search(failure.message) for failure in context.hints.failures)
    return list(dict.fromkeys(each[1] for each in found if each))


def conditions(names: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Conditions worth a guard, each with its weight."""
    for name in names[:8]:
        if name in {"self", "cls"}:
            continue
        yield from ((text.format(name), weight) for text, weight in _CONDITIONS)
    for one, other in permutations([name for name in names[:6] if name not in {"self", "cls"}], 2):
        yield f"{one} < {other}", 0.2
        yield f"{one} in {other}", 0.25
        yield f"{one} not in {other}", 0.25
        if one < other:
            yield f"{one} == {other}", 0.3


def returned_values(context: Context, function: Function) -> list[tuple[str, float]]:
    """What a new `return` may return: values the function already returns and simple constants, weighted by type."""
    returned = [
        each.value for each in context.module.below(function) if isinstance(each, ast.Return) and each.value is not None
    ]
    texts = {context.text(each) for each in returned if len(context.text(each)) < 40 and "\n" not in context.text(each)}
    kinds = {kind for kind in (_kind(each) for each in returned) if kind}
    return [(text, _fit(text, kinds)) for text in sorted(texts | set(_KINDS))]


def _fit(text: str, kinds: set[str]) -> float:
    kind = _KINDS.get(text)
    return 1.0 if kind is None or not kinds or kind in kinds else _OFF_KIND


def _kind(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=None):
            return "none"
        case ast.Constant(value=constant):
            return type(constant).__name__
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.Call(func=ast.Name(id="any" | "all" | "bool" | "isinstance")):
            return "bool"
        case ast.List() | ast.ListComp():
            return "list"
        case _:
            return ""

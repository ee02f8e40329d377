"""Comparisons and truth values that a patch makes looser."""

import ast
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.judge.rules.weakened_equality import members
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.nodes import Function

_EQUALITIES = frozenset({"__eq__", "__ne__"})
_COARSEST = frozenset({"abs", "bool", "hash", "id"})
_COARSE = _COARSEST | {"len", "any", "all", "min", "max", "sum"}


def check(context: RuleContext) -> Iterator[Finding]:
    """Where an equality compares less, or a result is always true."""
    if context.before is not None:
        for loosened in (_compares_less, _always_true):
            for line, message in loosened(context.before, context.after):
                yield Finding(Flag.ODD_COMPARISON, context.path, line, message)


def _compares_less(before: Module, after: Module) -> Iterator[tuple[int, str]]:
    """An equality that compares a size or a truth value; a new one may compare lengths first."""
    old = dict(_equalities(before))
    for key, node in _equalities(after):
        if _coarse(node, _COARSE) > _coarse(old[key], _COARSE) if key in old else _coarse(node, _COARSEST):
            yield node.lineno, f"{node.name} compares a size or a truth value instead of the values"


def _equalities(module: Module) -> Iterator[tuple[str, Function]]:
    return ((key, node) for key, node in module.scopes.named_functions() if node.name in _EQUALITIES)


def _coarse(equality: Function, functions: frozenset[str]) -> int:
    """How many of its comparisons have a side that many values share."""
    compared = (each for each in ast.walk(equality) if isinstance(each, ast.Compare))
    return sum(_is_coarse(each, functions) for each in compared)


def _is_coarse(compared: ast.Compare, functions: frozenset[str]) -> bool:
    """Whether one object alone is measured: the size of a difference is a tolerance."""
    return any(
        isinstance(each, ast.Call)
        and getattr(each.func, "id", "") in functions
        and sum(isinstance(name, ast.Name) and name.id in {"self", "other"} for name in ast.walk(each)) == 1
        for each in ast.walk(compared)
    )


def _always_true(before: Module, after: Module) -> Iterator[tuple[int, str]]:
    """A function that returned a truth value returns what is always true, or an object with a truth of its own."""
    gave_truth = {name for name, value in _returned(before) if _is_truth(value)}
    classes = {
        node.name
        for node in after.scopes.nodes
        if isinstance(node, ast.ClassDef) and any(name in {"__bool__", "__len__"} for name, _ in members(node))
    }
    for name, value in _returned(after):
        if name in gave_truth and _is_no_truth(value, classes):
            yield value.lineno, f"{name} returned a truth value and now returns an object"


def _returned(module: Module) -> Iterator[tuple[str, ast.expr]]:
    for node in module.scopes.nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            yield module.scopes.qualified(node), node.value


def _is_truth(value: ast.expr) -> bool:
    match value:
        case ast.Compare() | ast.UnaryOp(ast.Not()) | ast.Constant(bool()):
            return True
        case ast.Call(ast.Name("all" | "any" | "bool" | "isinstance" | "issubclass" | "callable")):
            return True
        case _:
            return False


def _is_no_truth(value: ast.expr, classes: set[str]) -> bool:
    match value:
        case ast.GeneratorExp() | ast.Lambda() | ast.Tuple([_, *_]) | ast.List([_, *_]):
            return True
        case ast.Call(ast.Name("filter" | "map" | "zip" | "iter" | "reversed" | "enumerate" | "object")):
            return True
        case ast.Call(ast.Name(name)):
            return name in classes
        case _:
            return False

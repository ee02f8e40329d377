"""Comparisons and truths that a patch makes looser, by both sides of the file that it changes."""

import ast
from collections.abc import Iterable, Iterator

from lsp_repair.judge.rules.weakened_equality import members, names_in
from lsp_repair.pycode.modules import Module

_EQUALITIES = frozenset({"__eq__", "__ne__"})
_COARSEST = frozenset({"abs", "bool", "hash", "id"})
_COARSE = _COARSEST | {"len", "any", "all", "min", "max", "sum"}
_SCALARS = frozenset({"builtins.str", "builtins.bytes", "builtins.int", "builtins.float", "builtins.complex"})
_Method = tuple[str, str]


def loosens_comparison(before: Module, after: Module) -> bool:
    """Whether an equality asks less than it did, an answer is always true, or a value carries more than its text."""
    return _asks_less(before, after) or _answers_otherwise(before, after) or _carries_more(before, after)


def _asks_less(before: Module, after: Module) -> bool:
    """Whether an equality newly compares a size or a truth instead of the values; a new one may compare lengths first."""
    old = dict(_equalities(before))
    return any(
        _coarse(compared, _COARSE) > _coarse(old[method], _COARSE)
        if method in old
        else _coarse(compared, _COARSEST) > 0
        for method, compared in _equalities(after)
    )


def _equalities(module: Module) -> Iterator[tuple[_Method, list[ast.Compare]]]:
    """What each of them compares."""
    for node in module.scopes.nodes:
        if isinstance(node, ast.FunctionDef) and node.name in _EQUALITIES:
            compared = [each for each in ast.walk(node) if isinstance(each, ast.Compare)]
            yield (module.scopes.qualified(node), node.name), compared


def _coarse(compared: Iterable[ast.Compare], functions: frozenset[str]) -> int:
    """How many comparisons have a side that many values share."""
    return sum(_is_coarse(each, functions) for each in compared)


def _is_coarse(compared: ast.Compare, functions: frozenset[str]) -> bool:
    """Whether one object alone is measured: the size of a difference is a tolerance."""
    return any(
        isinstance(each, ast.Call)
        and getattr(each.func, "id", "") in functions
        and sum(isinstance(name, ast.Name) and name.id in {"self", "other"} for name in ast.walk(each)) == 1
        for each in ast.walk(compared)
    )


def _carries_more(before: Module, after: Module) -> bool:
    """Whether a text or a number of its own kind is new: it can carry along what should be computed from it."""
    known = {node.name for node in before.scopes.nodes if isinstance(node, ast.ClassDef)}
    classes = [node for node in after.scopes.nodes if isinstance(node, ast.ClassDef) and node.name not in known]
    return any(
        len(node.bases) == 1 and not _SCALARS.isdisjoint(after.naming.names(node.bases[0])) and _holds_more(node, after)
        for node in classes
    )


def _holds_more(node: ast.ClassDef, module: Module) -> bool:
    """Whether objects that are asked for by this class have attributes of their own."""
    asked = any(
        isinstance(each, ast.Call) and getattr(each.func, "id", "") == "isinstance" and node.name in names_in(each)
        for each in module.scopes.nodes
    )
    stored = any(isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store) for each in module.scopes.nodes)
    return asked or stored


def _answers_otherwise(before: Module, after: Module) -> bool:
    """Whether a function that gave a truth now gives what is always true, or an object that has a truth of its own."""
    gave_truth = {name for name, value in _returned(before) if _is_truth(value)}
    classes = {
        node.name
        for node in after.scopes.nodes
        if isinstance(node, ast.ClassDef) and any(name in {"__bool__", "__len__"} for name, _ in members(node))
    }
    return any(name in gave_truth and _is_no_truth(value, classes) for name, value in _returned(after))


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

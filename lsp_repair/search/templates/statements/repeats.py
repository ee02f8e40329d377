"""The same edit in several places: a constant wherever it occurs, two constants or names exchanged."""

import ast
from collections.abc import Iterator
from itertools import combinations

from lsp_repair.pycode.nodes import is_docstring
from lsp_repair.pycode.precedence import OPERATORS, constant
from lsp_repair.search.ingredients import is_unreachable_for_edits
from lsp_repair.search.templates.context import Change, Context, Rewrite, loose_likeness, quoted, with_operator
from lsp_repair.search.templates.expressions.strings import string_literal

_MAX_DISTINCT = 10
_Places = list[ast.Constant]


def proposals(context: Context) -> Iterator[Change]:
    """Changes of several constants of one function or table at once."""
    for region in context.module.tree.body:
        if context.is_suspicious(region):
            places = _constants(context, region)
            for nodes in places:
                if len(nodes) > 1:
                    yield from _everywhere(context, nodes)
            yield from _operators_together(context, region)
            few = [nodes for nodes in places if len(nodes) <= 2][:_MAX_DISTINCT]
            for one, other in combinations(few, 2):
                if type(one[0].value) is type(other[0].value):
                    yield from _exchanged(context, one, other)


def _constants(context: Context, region: ast.stmt) -> list[_Places]:
    by_value: dict[str, _Places] = {}
    for node in context.module.below(region):
        if (
            not isinstance(node, ast.Constant)
            or node.value in {None, ..., ""}
            or isinstance(node.value, (bytes, complex))
        ):
            continue
        parent = context.parent(node)
        if (
            context.is_suspicious(node)
            and not is_docstring(parent)
            and not is_unreachable_for_edits(context.module, node)
        ):
            by_value.setdefault(repr(node.value), []).append(node)
    return list(by_value.values())


def _edits(context: Context, nodes: _Places, value: object) -> tuple[tuple[int, int, str], ...]:
    edits: list[tuple[int, int, str]] = []
    for node in nodes:
        text = string_literal(value, context.text(node)) if isinstance(value, str) else constant(value).text
        edits.append((*context.module.span(node), text))
    return tuple(edits)


def _everywhere(context: Context, nodes: _Places) -> Iterator[Change]:
    old = nodes[0].value
    for new in _alternatives(context, old):
        if new != old or type(new) is not type(old):
            title = f"{quoted(repr(old))} → {quoted(repr(new))} everywhere"
            yield Rewrite(_edits(context, nodes, new), nodes[0], "replace-all-const", 0.35, title, 2)


_BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def _operators_together(context: Context, region: ast.stmt) -> Iterator[Change]:
    """One boundary operator wherever it stands in a condition: ranges of several dimensions share their mistakes."""
    for condition in context.module.below(region):
        if not isinstance(condition, (ast.BoolOp, ast.Compare)) or not context.is_suspicious(condition):
            continue
        if isinstance(context.parent(condition), (ast.BoolOp, ast.Compare)):
            continue
        by_operator: dict[str, list[Rewrite]] = {}
        for node in [condition, *context.module.below(condition)]:
            if isinstance(node, ast.Compare):
                for old, change in _bound_changes(context, node):
                    by_operator.setdefault(old, []).append(change)
        for old, changes in by_operator.items():
            if len(changes) > 1:
                edits = tuple(dict.fromkeys(edit for change in changes for edit in change.edits))
                title = f"{quoted(old)} → {quoted(_BOUNDS[old])} throughout the condition"
                yield Rewrite(edits, condition, "cmp-op-together", 0.5, title, 2)


def _bound_changes(context: Context, node: ast.Compare) -> Iterator[tuple[str, Rewrite]]:
    operands = [node.left, *node.comparators]
    for index, operator in enumerate(node.ops):
        old = OPERATORS[type(operator)]
        if old in _BOUNDS:
            change = with_operator(
                context, (operands[index], operands[index + 1]), (old, _BOUNDS[old]), "cmp-op-together", 0.5
            )
            if isinstance(change, Rewrite):
                yield old, change


def _alternatives(context: Context, old: object) -> list[object]:
    if isinstance(old, bool):
        return [not old]
    if isinstance(old, int):
        return [old + 1, old - 1, 0, 1]
    if isinstance(old, str):
        strings = [each for each in context.hints.test_literals if isinstance(each, str)]
        words = dict.fromkeys(word for each in strings for word in (each, *each.split()))
        near = [word for word in words if loose_likeness(word, old) > 0.6]
        return ["", " ", old.lower(), old.upper(), old.strip(), old.capitalize(), *near]
    return []


def _exchanged(context: Context, one: _Places, other: _Places) -> Iterator[Change]:
    first, second = one[0].value, other[0].value
    edits = _edits(context, one, second) + _edits(context, other, first)
    title = f"swap {quoted(repr(first))} and {quoted(repr(second))}"
    yield Rewrite(edits, one[0], "swap-constants", 0.3, title, 2)
    if isinstance(first, str) and isinstance(second, str):
        for change in (str.capitalize, str.upper, str.lower):
            edits = _edits(context, one, change(first)) + _edits(context, other, change(second))
            title = f"{change.__name__} {quoted(repr(first))} and {quoted(repr(second))}"
            yield Rewrite(edits, one[0], "str-case-both", 0.25, title, 2)

"""One value more or less to compare with: `x == "a"` to `x in ("a", "b")`, `startswith("a")` to `startswith(("a", "b"))`."""

import ast
from collections.abc import Iterable, Iterator
from itertools import islice

from lsp_repair.pycode.precedence import Code, Level, bracketed, fitted, trailed
from lsp_repair.search.templates.context import Change, Context, Replacement, loose_likeness, without
from lsp_repair.search.templates.expressions.strings import string_literal

_MAX_VALUES = 25
_MAX_CHARACTERS = 40
_ALIKE = 0.4
"""Likeness above which a text elsewhere in the module may belong beside another."""
_BRACKETS: dict[type[ast.expr], tuple[str, str]] = {ast.Tuple: ("(", ")"), ast.List: ("[", "]"), ast.Set: ("{", "}")}

_Weighted = tuple[Code, float]


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of what a value is compared with."""
    match node:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as operator], comparators=[ast.Constant() as one]):
            word = "in" if isinstance(operator, ast.Eq) else "not in"
            for other, weight in _others(context, one):
                several = bracketed("(", [context.code(one), other], ")")
                text = f"{fitted(context.code(left), Level.BIT_OR)} {word} {several.text}"
                yield Replacement(node, Code(text, Level.COMPARE), "one-choice-more", 0.35 * weight)
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Tuple() | ast.List() | ast.Set() as display]):
            yield from _of_display(context, display)
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=[ast.Constant(value=str()) as one]):
            for other, weight in _others(context, one):
                several = bracketed("(", [context.code(one), other], ")")
                called = trailed(context.code(node.func), f"({several.text})")
                yield Replacement(node, called, "one-choice-more", 0.3 * weight)
        case _:
            pass


def _of_display(context: Context, node: ast.Tuple | ast.List | ast.Set) -> Iterator[Change]:
    constants = [each for each in node.elts if isinstance(each, ast.Constant)]
    if len(constants) < len(node.elts) or not constants:
        return
    opening, closing = _BRACKETS[type(node)]
    codes = [context.code(each) for each in node.elts]
    for other, weight in _others(context, *constants):
        yield Replacement(node, bracketed(opening, [*codes, other], closing), "one-choice-more", 0.35 * weight)
    for index in range(len(codes) if len(codes) > 1 else 0):
        yield Replacement(node, bracketed(opening, without(codes, index), closing), "one-choice-less", 0.15)


def _others(context: Context, *known: ast.Constant) -> Iterator[_Weighted]:
    """Values of the same type that tests or the code mention, the likeliest weighted 1."""
    values = {each.value for each in known}
    kind = type(known[0].value)
    if kind not in {str, int}:
        return
    offered: dict[object, float] = {}
    for value in context.hints.test_literals:
        offered.setdefault(value, 0.8)
        if isinstance(value, str) and kind is str:
            offered |= {word: 0.7 for word in value.split() if word not in offered}
    for value in context.ingredients.constants(known[0]):
        offered.setdefault(value, 0.6)
    if kind is str:
        offered |= {text: 1.0 for text in _alike(context, values) if text not in offered}
    fitting = (
        value for value in offered if type(value) is kind and value not in values and len(str(value)) < _MAX_CHARACTERS
    )
    for value in islice(fitting, _MAX_VALUES):
        text = string_literal(value, context.text(known[0])) if isinstance(value, str) else repr(value)
        yield Code(text), offered[value]


def _alike(context: Context, values: Iterable[object]) -> Iterator[str]:
    texts = {str(each) for each in values}
    for node in context.module.below(context.module.tree):
        match node:
            case ast.Constant(value=str() as text) if 0 < len(text) < _MAX_CHARACTERS:
                if any(loose_likeness(text, known) > _ALIKE for known in texts):
                    yield text
            case _:
                pass

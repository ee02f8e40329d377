"""Small expressions synthesised for the most suspicious places, for when no template's edit was right."""

import ast
from collections.abc import Iterator, Mapping

from lsp_repair.domain.patches import Candidate, Hints, SourceFile
from lsp_repair.pycode.precedence import Code, binary, call, compared, constant, trailed
from lsp_repair.search.emission import Emission
from lsp_repair.search.generation import context_of, editable_expressions
from lsp_repair.search.places import is_condition, is_value
from lsp_repair.search.templates.context import Context, Replacement, resemblance

_MAX_SITES = 25
_MAX_NAMES = 9
_MAX_ATOMS = 14
_ARITHMETIC = ("+", "-", "*", "//", "%")
_COMPARISONS = ("<", "<=", "==", "!=", "in", "not in")
_SYMMETRIC = {"*", "==", "!="}


def synthesised(source: SourceFile, scores: Mapping[int, float], hints: Hints, limit: int) -> list[Candidate]:
    """At most `limit` candidates that replace an expression by an operation over names in scope, best first."""
    context = context_of(source, scores, hints)
    if context is None:
        return []
    emission = Emission(source, context.module, context.scores, limit)
    sites = [node for node in editable_expressions(context.module) if _is_site(context, node)]
    sites.sort(key=lambda node: -context.scores.get(node.lineno, 0))
    for node in sites[:_MAX_SITES]:
        emission.extend(_replacements(context, node))
    return emission.candidates()


def _is_site(context: Context, node: ast.expr) -> bool:
    if context.scores.get(node.lineno, 0) <= 0 or isinstance(node, (ast.Starred, ast.GeneratorExp, ast.JoinedStr)):
        return False
    return is_value(context.parent(node), node) or is_condition(context.parent(node), node)


def _replacements(context: Context, node: ast.expr) -> Iterator[Replacement]:
    own = context.text(node)
    is_boolean = is_condition(context.parent(node), node) or isinstance(node, (ast.Compare, ast.BoolOp))
    atoms = _atoms(context, node)
    for code in _conditions(atoms) if is_boolean else _values(atoms):
        yield Replacement(node, code, "synthesis", 0.1 + 0.15 * resemblance(own, code.text), 2)


def _atoms(context: Context, node: ast.expr) -> list[Code]:
    names = context.ingredients.names(node)[:_MAX_NAMES]
    found = [Code(name) for name in names] + [constant(number) for number in (0, 1, 2)]
    parts = [each for each in context.ingredients.expressions(node) if isinstance(each, (ast.Subscript, ast.Attribute))]
    found += [context.code(each) for each in parts]
    found += [
        Code(f"{context.text(each.value)}[{name}]")
        for each in parts[:2]
        if isinstance(each, ast.Subscript)
        for name in names
    ]
    return list(dict.fromkeys(found))[:_MAX_ATOMS]


def _values(atoms: list[Code]) -> Iterator[Code]:
    for one in atoms:
        yield call("len", one)
        for trailer in ("[1:]", "[:-1]", "[::-1]"):
            yield trailed(one, trailer)
        for other in atoms:
            for operator in _ARITHMETIC:
                if operator not in _SYMMETRIC or one.text < other.text:
                    yield binary(one, operator, other)
            if one.text < other.text:
                yield call("max", one, other)
                yield call("min", one, other)


def _conditions(atoms: list[Code]) -> Iterator[Code]:
    for one in atoms:
        for other in atoms:
            for operator in _COMPARISONS:
                if one != other and (operator not in _SYMMETRIC or one.text < other.text):
                    yield compared(one, operator, other)

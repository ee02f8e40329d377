"""All candidates that are one template away from a source file, and small expressions where no template was right."""

import ast
from collections.abc import Iterator, Mapping

from lsp_repair.domain.patches import Candidate, Hints, SourceFile
from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.modules import Module, read_module
from lsp_repair.pycode.nodes import is_docstring
from lsp_repair.pycode.precedence import Code, binary, call, compared, constant, trailed
from lsp_repair.search import broken_syntax
from lsp_repair.search.emission import Emission
from lsp_repair.search.ingredients import Ingredients
from lsp_repair.search.places import is_condition, is_value
from lsp_repair.search.suspicion import suspicious_lines
from lsp_repair.search.templates.context import Change, Context, Replacement, place_at, resemblance
from lsp_repair.search.templates.errors import import_errors
from lsp_repair.search.templates.registry import ERRORS, EXPRESSIONS, MODULES, STATEMENTS
from lsp_repair.search.templates.statements import insertions

MAX_CANDIDATES = 6000
_FRAME_WEIGHTS = (0.97, 0.72)
"""How much the innermost and the next line of a traceback count."""
_SYNTAX_ERRORS = {"SyntaxError", "IndentationError", "TabError"}
_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError"}
_MAX_SITES = 25
_MAX_NAMES = 9
_MAX_ATOMS = 14
_ARITHMETIC = ("+", "-", "*", "//", "%")
_COMPARISONS = ("<", "<=", "==", "!=", "in", "not in")
_SYMMETRIC = {"*", "==", "!="}


def first_order(
    source: SourceFile, scores: Mapping[int, float], hints: Hints, limit: int = MAX_CANDIDATES
) -> list[Candidate]:
    """At most `limit` candidates for one file, best first and free of duplicates; few are found much sooner than many.

    `scores` holds the suspiciousness of each 1-based line, tracebacks counted in (`suspicion.localised`).
    """
    context = context_of(source, scores, hints)
    if context is None:
        is_syntax = any(failure.error_type in _SYNTAX_ERRORS for failure in hints.failures)
        return broken_syntax.repairs(source, hints.failures) if is_syntax else []
    emission = Emission(context.source, context.module, context.scores, limit)
    for failure in hints.failures:
        _from_error(context, emission, failure)
    localise = [node for node in editable_expressions(context.module) if context.is_suspicious(node)]
    # The most suspicious first: they set the score that the others have to reach.
    for node in sorted(localise, key=lambda each: -context.scores.get(each.lineno, 0)):
        for template in EXPRESSIONS:
            emission.extend(template(context, node))
    for module_template in MODULES:
        emission.extend(module_template(context))
    _from_statements(context, emission)
    return emission.candidates()


def context_of(source: SourceFile, scores: Mapping[int, float], hints: Hints) -> Context | None:
    """What templates look at; None when the file does not parse."""
    module = read_module(source.data)
    if module is None or module.encoding is None:
        return None
    suspicious = suspicious_lines(module, scores)
    return Context(source, module, Ingredients(module), suspicious, hints)


def _from_statements(context: Context, emission: Emission) -> None:
    nodes = [node for node in context.module.below(context.module.tree) if isinstance(node, ast.stmt)]
    near = [node for node in nodes if context.is_suspicious(node)]
    for node in near:
        for template in STATEMENTS:
            emission.extend(template(context, node))
    for node in sorted(near, key=lambda each: -context.scores.get(each.lineno, 0)):
        emission.extend(insertions.proposals(context, node, emission.least_prior(node.lineno)))


def editable_expressions(module: Module) -> Iterator[ast.expr]:
    """Expressions in order, without annotations, decorators, docstrings, patterns and the literal text of f-strings."""
    pending: list[ast.AST] = [module.tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.expr):
            yield node
        if node not in module.unlocated:
            pending.extend(_editable_children(node))


def _editable_children(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (*node.body, *node.args.defaults, *(each for each in node.args.kw_defaults if each))
        case ast.ClassDef():
            yield from (*node.body, *node.keywords)
        case ast.AnnAssign(target=target, value=value):
            yield from (target, *((value,) if value else ()))
        case ast.JoinedStr():
            for each in node.values:
                if isinstance(each, ast.FormattedValue):
                    yield each.value
                    yield from _editable_children(each.format_spec) if each.format_spec is not None else ()
        case ast.Import() | ast.ImportFrom():
            pass
        case ast.Expr() if is_docstring(node):
            pass
        case ast.MatchMapping() | ast.MatchClass():
            yield from (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.pattern))
        case _:
            yield from ast.iter_child_nodes(node)


def _from_error(context: Context, emission: Emission, failure: Failure) -> None:
    path = context.source.path
    if failure.error_type in _IMPORT_ERRORS:
        emission.extend(import_errors.imports(context, failure), 1.0)
        emission.extend(import_errors.definitions(context, failure), 1.0)
    lines = dict.fromkeys(frame.line for frame in reversed(failure.frames) if frame.path == path)
    for line, weight in zip(lines, _FRAME_WEIGHTS, strict=False):
        place = place_at(context, failure, line)
        for template in ERRORS:
            emission.extend(_weighted(template(context, place), weight))


def _weighted(changes: Iterator[Change], weight: float) -> Iterator[Change]:
    for change in changes:
        yield change._replace(prior=change.prior * weight)


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

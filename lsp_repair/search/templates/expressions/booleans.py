"""Conditions: boolean operations, negation, filters, and conditions built from the names in scope."""

import ast
import builtins
from collections.abc import Iterator
from itertools import permutations

from lsp_repair.pycode.precedence import Code, Level, binary, call, compared, negated, trailed
from lsp_repair.search.places import is_branching, is_condition
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, quoted, with_operator, without

_COMMON_KINDS = ("str", "bytes", "dict", "list")
_MAX_KINDS = 5
_MAX_SUBJECTS = 3
_MAX_ATTRIBUTES = 4
_Weighted = tuple[Code, float]


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a condition or a part of it."""
    match node:
        case ast.BoolOp():
            yield from _operation(context, node)
        case ast.UnaryOp():
            yield Replacement(node, context.code(node.operand), "drop-unary", 0.7)
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
            yield from _filters(context, node)
        case _:
            pass
    parent = context.parent(node)
    if is_condition(parent, node) and not isinstance(node, ast.Constant):
        if not isinstance(node, ast.UnaryOp):
            yield Replacement(node, negated(context.code(node)), "negate", 0.5)
        if not isinstance(parent, ast.BoolOp):
            yield Replacement(node, Code("True"), "force-cond", 0.06)
            yield Replacement(node, Code("False"), "force-cond", 0.08)


def _operation(context: Context, node: ast.BoolOp) -> Iterator[Change]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    if len(node.values) == 2 and not _is_nested(context, node):
        change = with_operator(context, (node.values[0], node.values[1]), (old, new), "bool-op", 0.8)
        if change is not None:
            yield change
    yield Replacement(node, _joined(context, node.values, new), "bool-op", 0.8)
    for index in range(len(node.values)):
        rest = without(node.values, index)
        yield Replacement(node, _joined(context, rest, old), "drop-condition", 0.5)


def _is_nested(context: Context, node: ast.BoolOp) -> bool:
    operands = (context.parent(node), *node.values)
    return any(isinstance(each, (ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.Lambda)) for each in operands)


def _joined(context: Context, values: list[ast.expr], operator: str) -> Code:
    code = context.code(values[0])
    for value in values[1:]:
        code = binary(code, operator, context.code(value))
    return code


def _filters(context: Context, node: ast.GeneratorExp | ast.ListComp | ast.SetComp) -> Iterator[Change]:
    for part in node.generators:
        for condition in part.ifs:
            start, end = context.module.span(condition)
            head = context.module.body.rfind(b"if", 0, start)
            between = context.module.text(head + 2, start)
            if head >= 0 and not between.strip():
                title = f"drop the filter {quoted(context.text(condition))}"
                head -= context.module.body[head - 1 : head] == b" "
                yield Rewrite(((head, end, ""),), node, "drop-condition", 0.35, title, is_certain=False)


def conditions(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes that add to a condition or replace it."""
    parent = context.parent(node)
    if is_condition(parent, node):
        yield from _presence(context, node)
    is_returned = isinstance(parent, ast.Return) and isinstance(node, (ast.Compare, ast.BoolOp, ast.UnaryOp))
    if is_branching(parent, node) or is_returned:
        yield from _narrowed(context, node)
    if not is_branching(parent, node):
        return
    own = context.code(node)
    for atom, weight in atoms(context, node):
        if isinstance(node, ast.Constant):
            yield Replacement(node, atom, "cond-synth", 0.5 * weight)
        elif atom.text != own.text:
            yield Replacement(node, binary(atom, "or", own), "cond-add-or", 0.38 * weight, 2)
            yield Replacement(node, binary(atom, "and", own), "cond-add-and", 0.38 * weight, 2)
            yield Replacement(node, binary(own, "or", atom), "cond-add-or", 0.37 * weight, 2)
            yield Replacement(node, binary(own, "and", atom), "cond-add-and", 0.37 * weight, 2)
            yield Replacement(node, atom, "cond-synth", 0.22 * weight, 2)
    if not isinstance(node, ast.Constant):
        yield from _remainders(context, node, own)


def _narrowed(context: Context, node: ast.expr) -> Iterator[Change]:
    """The condition with one more: about attributes, types and lengths of what it is about."""
    own = context.code(node)
    if isinstance(node, ast.Constant):
        return
    for atom, prior in dict(_about_subjects(context, node)).items():
        yield Replacement(node, binary(own, "and", atom), "cond-add-and", prior, 2)
        yield Replacement(node, binary(atom, "and", own), "cond-add-and", prior * 0.8, 2)
        yield Replacement(node, binary(own, "or", atom), "cond-add-or", prior * 0.7, 2)


def _about_subjects(context: Context, node: ast.expr) -> Iterator[_Weighted]:
    subjects = {each.text: each for each in map(context.code, _subjects(node)) if not each.is_open}
    kinds = list(dict.fromkeys([*context.ingredients.types[:_MAX_KINDS], *_COMMON_KINDS]))[:_MAX_KINDS]
    for subject in list(subjects.values())[:_MAX_SUBJECTS]:
        for attribute in context.ingredients.attributes_of.get(subject.text.rpartition(".")[2], ())[:_MAX_ATTRIBUTES]:
            yield trailed(subject, f".{attribute}"), 0.22
            yield negated(trailed(subject, f".{attribute}")), 0.18
        for kind in kinds:
            yield call("isinstance", subject, Code(kind)), 0.15
            yield negated(call("isinstance", subject, Code(kind))), 0.2
        for least in ("1", "2"):
            yield compared(call("len", subject), ">=", Code(least)), 0.12


def _subjects(node: ast.expr) -> Iterator[ast.expr]:
    """Names and attributes in the condition, without those that are called or belong to a longer one."""
    for each in ast.walk(node):
        if isinstance(each, (ast.Name, ast.Attribute)) and isinstance(each.ctx, ast.Load):
            is_whole = isinstance(each, ast.Name) or isinstance(each.value, ast.Name)
            if is_whole and not (isinstance(each, ast.Name) and each.id in {"self", "cls", *dir(builtins)}):
                yield each


def _presence(context: Context, node: ast.expr) -> Iterator[Change]:
    """`x.y > 1` to `x is not None and x.y > 1`."""
    own = context.code(node)
    for owner in _owners(node):
        is_there = compared(context.code(owner), "is not", Code("None"))
        prior = 0.35 if isinstance(owner, ast.Name) else 0.3
        yield Replacement(node, binary(is_there, "and", own), "presence-check", prior)
        yield Replacement(node, binary(context.code(owner), "and", own), "presence-check", prior * 0.8)


def _owners(node: ast.expr) -> Iterator[ast.expr]:
    seen: set[str] = set()
    for each in ast.walk(node):
        owner = each.value if isinstance(each, (ast.Attribute, ast.Subscript)) else None
        if isinstance(owner, (ast.Name, ast.Attribute)) and ast.unparse(owner) not in {*seen, "self", "cls"}:
            seen.add(ast.unparse(owner))
            yield owner
    if isinstance(node, ast.Compare):
        for each in (node.left, *node.comparators):
            if isinstance(each, ast.Attribute) and ast.unparse(each) not in seen:
                yield each


def atoms(context: Context, node: ast.expr) -> Iterator[_Weighted]:
    """Small conditions over the names visible at the node, each with its weight."""
    names = context.ingredients.names(node)
    for name in names[:14]:
        yield from _about(Code(name))
    for one, other in permutations(names[:10], 2):
        yield from _between(one, other)
    function = context.module.function_of(node)
    if function is not None:
        for each in context.module.below(function):
            if isinstance(each, ast.Compare):
                yield context.code(each), 0.5


def _about(name: Code) -> Iterator[_Weighted]:
    yield name, 0.8
    yield negated(name), 1
    for rest, weight in (
        ("is None", 0.8),
        ("is not None", 0.5),
        ("== 0", 0.5),
        ("> 0", 0.35),
        ("< 0", 0.3),
        ("== 1", 0.25),
        ("< 2", 0.15),
    ):
        yield Code(f"{name.text} {rest}", Level.COMPARE), weight
    yield Code(f"len({name.text}) == 0", Level.COMPARE), 0.15
    yield Code(f"len({name.text}) > 1", Level.COMPARE), 0.1


def _between(one: str, other: str) -> Iterator[_Weighted]:
    yield Code(f"{one} < {other}", Level.COMPARE), 0.35
    yield Code(f"{one} <= {other}", Level.COMPARE), 0.3
    yield Code(f"{one} in {other}", Level.COMPARE), 0.35
    yield Code(f"{one} not in {other}", Level.COMPARE), 0.35
    if one < other:
        yield Code(f"{one} == {other}", Level.COMPARE), 0.35
        yield Code(f"{one} != {other}", Level.COMPARE), 0.35


def _remainders(context: Context, node: ast.expr, own: Code) -> Iterator[Change]:
    for name in context.ingredients.names(node)[:8]:
        for divisor in (2, 3, 4, 5, 10):
            for rest in ("== 0", "!= 0", "== 1"):
                atom = Code(f"{name} % {divisor} {rest}", Level.COMPARE)
                yield Replacement(node, binary(atom, "and", own), "cond-modulo", 0.09, 3)
                yield Replacement(node, binary(atom, "or", own), "cond-modulo", 0.09, 3)

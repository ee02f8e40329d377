"""Missing statements: collected values, copies, updates, jumps, returns, and guards over the names in scope."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from lsp_repair.pycode.nodes import Function, is_docstring, last_line
from lsp_repair.search.templates.context import DECLARATIONS, Change, Context, Rewrite

_ADDERS = {"append", "add", "extend", "appendleft", "discard", "remove", "push"}
_REMOVERS = {"pop", "popleft", "sort", "reverse", "clear"}
_MAX_COPY = 70
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


@dataclass(frozen=True, slots=True)
class Insertion:
    """Lines that could be inserted, without indentation."""

    text: str
    prior: float
    kind: str


def proposals(context: Context, node: ast.stmt, least_prior: float) -> Iterator[Change]:
    """New statements before the node, and after it if it ends its block; none with a prior below the least."""
    if isinstance(node, DECLARATIONS) or is_docstring(node) or context.module.function_of(node) is None:
        return
    indent = context.module.indent(node)
    if indent is None:
        return
    near = max((node.lineno, last_line(node), node.lineno - 1), key=lambda line: context.scores.get(line, 0))
    if context.scores.get(near, 0) <= 0:
        return
    line = node.lineno if context.scores.get(node.lineno, 0) > 0 else near
    start, end = context.module.lines_span(node)
    is_elif = context.module.body[slice(*context.module.span(node))].startswith(b"elif")
    places = [] if is_elif else [start]
    block = context.module.block(node)
    if block and node is block[-1] and not isinstance(node, (ast.Return, ast.Break, ast.Continue, ast.Raise)):
        places.append(end)
    unended = {place for place in places if _is_unended(context, place)}
    for insertion in _insertions(context, node, least_prior):
        if insertion.prior < least_prior:
            continue
        text = indented(context, insertion.text, indent)
        for place in places:
            whole = "\n" + text if place in unended else text
            yield Rewrite(((place, place, whole),), line, f"insert:{insertion.kind}", insertion.prior, "", 2)


def indented(context: Context, text: str, indent: str) -> str:
    """Whole lines at an indentation; nested lines use the file's own unit."""
    if "\n" not in text:
        return f"{indent}{text}\n"
    return "".join(indent + line.replace("    ", context.module.indent_unit) + "\n" for line in text.split("\n"))


def _is_unended(context: Context, place: int) -> bool:
    return place == len(context.module.body) and not context.module.body.endswith((b"\n", b"\r"))


def _insertions(context: Context, node: ast.stmt, least_prior: float) -> Iterator[Insertion]:
    function = context.module.function_of(node)
    assert function is not None
    names = context.ingredients.names(node)[:12]
    yield from _collected(context, node, names)
    yield from _copies(context, node)
    yield from _updates([name for name in context.ingredients.own(function) if name in names], names)
    if context.module.is_in_loop(node):
        yield Insertion("break", 0.12, "jump")
        yield Insertion("continue", 0.12, "jump")
    for value, weight in returned_values(context, function):
        yield Insertion(f"return {value}", 0.1 * weight, "return")
    for name in names[:8]:
        yield Insertion(f"return {name}", 0.1, "return")
    for text, prior in guards(context, node, least_prior):
        yield Insertion(text, prior, "guard")


def _collected(context: Context, node: ast.stmt, names: tuple[str, ...]) -> Iterator[Insertion]:
    for owner, methods in _containers(context, node).items():
        if owner not in names:
            continue
        for method in sorted(methods & _ADDERS):
            for name in names:
                if name != owner:
                    yield Insertion(f"{owner}.{method}({name})", 0.3, "collect")
        for method in sorted(methods & _REMOVERS):
            yield Insertion(f"{owner}.{method}()", 0.15, "collect")


def _containers(context: Context, node: ast.stmt) -> dict[str, set[str]]:
    """Methods that the outermost function calls on each name, and those its displays imply."""
    functions = [each for each in context.module.ancestors(node) if isinstance(each, Function)]
    methods: dict[str, set[str]] = {}
    for each in context.module.below(functions[-1]):
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                methods.setdefault(owner, set()).add(name)
            case ast.Assign(targets=[ast.Name(id=owner)], value=value):
                method = _adder(value)
                if method:
                    methods.setdefault(owner, set()).add(method)
            case _:
                pass
    return methods


def _adder(value: ast.expr) -> str:
    called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
    if isinstance(value, (ast.List, ast.ListComp)) or called in {"list", "deque", "Queue"}:
        return "append"
    return "add" if isinstance(value, (ast.Set, ast.SetComp)) or called == "set" else ""


def _copies(context: Context, node: ast.stmt) -> Iterator[Insertion]:
    function = context.module.function_of(node)
    assert function is not None
    texts: dict[str, None] = {}
    for each in context.module.below(function):
        if isinstance(each, (ast.Assign, ast.AugAssign, ast.Expr)) and each is not node and not is_docstring(each):
            text = context.module.text_of(each)
            if "\n" not in text and len(text) < _MAX_COPY:
                texts[text] = None
    for text in texts:
        yield Insertion(text, 0.2, "copy")


def _updates(stored: list[str], names: tuple[str, ...]) -> Iterator[Insertion]:
    for one in stored:
        for other in names:
            if one != other:
                yield Insertion(f"{one} = {other}", 0.18, "assign")
        yield Insertion(f"{one} += 1", 0.2, "incr")
        yield Insertion(f"{one} -= 1", 0.15, "incr")
        for value in ("0", "[]", "None", "1", '""', "True", "False"):
            yield Insertion(f"{one} = {value}", 0.06, "assign")
        for value, prior in (
            (f"sorted({one})", 0.08),
            (f"list({one})", 0.05),
            (f"abs({one})", 0.06),
            (f"{one}.lower()", 0.05),
            (f"{one}.strip()", 0.05),
            (f"{one}[::-1]", 0.04),
        ):
            yield Insertion(f"{one} = {value}", prior, "normalise")


def guards(context: Context, node: ast.stmt, least_prior: float) -> Iterator[tuple[str, float]]:
    """Two-line `if` statements, each with its prior; conditions that cannot reach the least prior are left out."""
    function = context.module.function_of(node)
    assert function is not None
    values = list(returned_values(context, function))
    names = context.ingredients.names(node)
    requested = requested_errors(context)
    raised = _raised_in(context, function)
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
        for text in raised:
            yield f"if {condition}:\n    {text}", 0.15 * weight
        for error in requested:
            yield f'if {condition}:\n    raise {error}("{condition}")', 0.5 * weight


def _raised_in(context: Context, function: Function) -> list[str]:
    """The `raise` statements of the function, at most two."""
    found = (each for each in context.module.below(function) if isinstance(each, ast.Raise) and each.exc is not None)
    texts = dict.fromkeys(context.module.text_of(each) for each in found)
    return [text for text in texts if "\n" not in text and len(text) < _MAX_COPY][:2]


def requested_errors(context: Context) -> list[str]:
    """Exceptions that the failing tests expect and do not see."""
    found = (_NOT_RAISED.search(failure.message) for failure in context.hints.failures)
    return list(dict.fromkeys([*(each[1] for each in found if each), *context.hints.expected_errors]))


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

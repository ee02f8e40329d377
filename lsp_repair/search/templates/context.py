"""What every template may look at, what it yields, and the few changes that many families share."""

import ast
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from lsp_repair.domain.patches import Hints, SourceFile
from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.differences import common_ends
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.nodes import Definition, Function, first_line, is_docstring
from lsp_repair.pycode.precedence import BINARY_LEVELS, Code, binary, constant, level_of
from lsp_repair.search.ingredients import Ingredients, is_unreachable_for_edits
from lsp_repair.search.places import demanded_level

_MAX_QUOTED, _MAX_CHANGED = 30, 36
_AROUND = 10
"""Characters of what stays the same that are shown beside what differs."""
T = TypeVar("T")
ONE = constant(1)
DECLARATIONS = Definition | ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal
"""Statements that are not changed as a whole, and beside which nothing is inserted."""
_COMMENT = re.compile(r"#[^\r\n]*")
_MAX_LINES = 12
"""Expressions that span more lines than this do not locate the error."""


# NamedTuples instead of dataclasses, as for Code: templates make tens of thousands of them.
class Replacement(NamedTuple):
    """Puts other code in an expression's place."""

    node: ast.expr
    code: Code
    template: str
    prior: float
    size: int = 1


class Rewrite(NamedTuple):
    """Splices of the text other than of a single expression: statements inserted, moved or changed."""

    edits: tuple[tuple[int, int, str], ...]
    """Start, end and text; lines end in a plain newline, which becomes the file's."""
    at: ast.AST | int
    """The node, or 1-based line, whose suspiciousness counts."""
    template: str
    prior: float
    title: str
    """What it does; empty if it only inserts its text."""
    size: int = 1
    is_certain: bool = True
    """False if the result has to be parsed to know whether it is valid."""


Change = Replacement | Rewrite


def with_match(found: re.Match[str], text: str) -> str:
    """The searched string with other text in the match's place."""
    return found.string[: found.start()] + text + found.string[found.end() :]


def quoted(text: str) -> str:
    """Code for a title: on one line, cut, between backticks."""
    if "\n" in text or "  " in text or text[:1] == " ":
        text = " ".join(text.split())
    if len(text) > _MAX_QUOTED:
        text = text[: _MAX_QUOTED - 1] + "…"
    return f"`{text}`"


def becomes(old: str, new: str) -> str:
    """What code becomes, for a title: where it is too long, what stays the same is cut and never what differs."""
    one, other = _on_one_line(old), _on_one_line(new)
    if max(len(one), len(other)) > _MAX_QUOTED:
        head, tail = common_ends(one, other)
        start = max(0, head - _AROUND) if head > _AROUND + 1 else 0
        one, other = (_around(each, start, tail) for each in (one, other))
    return f"`{one}` → `{other}`"


def _on_one_line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text or "  " in text or text[:1] == " " else text


def _around(text: str, start: int, tail: int) -> str:
    """From `start` to a little after what differs, which all but the last `tail` characters may do."""
    end = min(len(text), max(len(text) - tail + _AROUND, start + _MAX_QUOTED // 2))
    shown = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return shown if len(shown) <= _MAX_CHANGED else f"{shown[: _MAX_CHANGED - 1]}…"


@dataclass(frozen=True, slots=True)
class Context:
    """One module under repair."""

    source: SourceFile
    module: Module
    ingredients: Ingredients
    scores: Mapping[int, float]
    hints: Hints

    def code(self, node: ast.expr) -> Code:
        """The node's own source."""
        return self.module.code(node)

    def text(self, node: ast.expr) -> str:
        """The node's own source without its precedence."""
        return self.module.code(node).text

    def parent(self, node: ast.AST) -> ast.AST:
        """The node around this one."""
        return self.module.parent(node)

    def is_suspicious(self, node: ast.expr | ast.stmt) -> bool:
        """Whether any line of the node is suspicious."""
        last = node.end_lineno or node.lineno
        return any(self.scores.get(line, 0) > 0 for line in range(node.lineno, last + 1))


ExpressionTemplate = Callable[[Context, ast.expr], Iterator[Change]]
StatementTemplate = Callable[[Context, ast.stmt], Iterator[Change]]
ModuleTemplate = Callable[[Context], Iterator[Change]]


def shifted(context: Context, node: ast.expr) -> Iterator[Code]:
    """The expression plus one and minus one; nothing if tweaking a constant gives the same."""
    match node:
        case ast.Constant() | ast.Starred() | ast.GeneratorExp() | ast.Lambda() | ast.JoinedStr():
            return
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            return
        case ast.List() | ast.Dict() | ast.Set() | ast.Tuple() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            return
        case _:
            yield binary(context.code(node), "+", ONE)
            yield binary(context.code(node), "-", ONE)


def with_operator(
    context: Context, operands: tuple[ast.expr, ast.expr], operators: tuple[str, str], template: str, prior: float
) -> Change | None:
    """Another operator between two operands; keeps spaces and comments. None if the operator cannot be found."""
    (left, right), (old, new) = operands, operators
    start, end = context.module.span(left)[1], context.module.span(right)[0]
    gap = context.module.text(start, end)
    at = _COMMENT.sub(lambda found: " " * len(found[0]), gap).find(old)
    if at < 0:
        return None
    title = becomes(old, new)
    before, after = gap[:at], gap[at + len(old) :]
    at = start + len(before.encode())
    text = new
    if new[0].isalpha():
        text = ("" if before[-1:].isspace() else " ") + new + ("" if after[:1].isspace() else " ")
    return Rewrite(((at, at + len(old), text),), context.parent(right), template, prior, title)


def with_binary_operator(context: Context, node: ast.BinOp, old: str, new: str, prior: float) -> Change | None:
    """The operation with another operator, in new parentheses only if the tree would change without them."""
    left, right = node.left, node.right
    level = BINARY_LEVELS[new]
    is_same_shape = (
        BINARY_LEVELS[old] == level != BINARY_LEVELS["**"]
        or (_binds(context, left) > level and _binds(context, right) > level)
    ) and (
        level >= demanded_level(context.parent(node), node)
        or context.module.is_parenthesised(*context.module.span(node))
    )
    if is_same_shape:
        return with_operator(context, (left, right), (old, new), "arith-op", prior)
    return Replacement(node, binary(context.code(left), new, context.code(right)), "arith-op", prior)


def _binds(context: Context, node: ast.expr) -> int:
    is_own = context.module.is_parenthesised(*context.module.span(node))
    return 99 if is_own or isinstance(node, ast.Tuple) else level_of(node)


def function_start(context: Context, function: Function) -> tuple[int, str] | None:
    """Offset and indentation of the first statement after the docstring; None if it is on the line of the `def`."""
    statement = next((each for each in function.body if not is_docstring(each)), function.body[0])
    indent = context.module.indent(statement)
    if indent is None or first_line(statement) == function.lineno:
        return None
    return context.module.lines_span(statement)[0], indent


def swapped(context: Context, one: ast.expr, other: ast.expr) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
    """The splices that exchange two expressions."""
    module = context.module
    return (*module.span(one), module.text_of(other)), (*module.span(other), module.text_of(one))


def without(items: list[T], index: int) -> list[T]:
    """The list without one element."""
    return items[:index] + items[index + 1 :]


def each_dropped(context: Context, items: list[ast.expr]) -> Iterator[list[Code]]:
    """The items without the first, without the second, and so on."""
    codes = [context.code(each) for each in items]
    return (without(codes, index) for index in range(len(codes)))


def exchanged(items: list[ast.expr], one: int, other: int) -> list[ast.expr]:
    """The list with two elements exchanged."""
    result = list(items)
    result[one], result[other] = result[other], result[one]
    return result


@lru_cache(maxsize=20_000)
def likeness(one: str, other: str) -> float:
    """Between 0 and 1, the share of characters two names have in common, in order."""
    return difflib.SequenceMatcher(None, one, other).ratio()


@lru_cache(maxsize=20_000)
def loose_likeness(one: str, other: str) -> float:
    """Likeness regardless of case."""
    return likeness(one.lower(), other.lower())


def resemblance(one: str, other: str) -> float:
    """Between 0 and 1, the share of tokens two expressions have in common; cheap enough for all pairs in a function."""
    left, right = _tokens(one), _tokens(other)
    return 2 * len(left & right) / (len(left) + len(right) or 1)


@lru_cache(maxsize=5_000)
def _tokens(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+|[^\w\s]", text))


def import_line(tree: ast.Module) -> int:
    """1-based line for a new import: before the first import, or else after the docstring."""
    for node in tree.body:
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_docstring(node) and not is_future:
            return first_line(node)
    return (tree.body[-1].end_lineno or 0) + 1 if tree.body else 1


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """A line of a failure's traceback that lies in the module."""

    failure: Failure
    line: int
    expressions: tuple[ast.expr, ...]
    """Those that include the line."""
    function: Function | None


ErrorTemplate = Callable[[Context, ErrorPlace], Iterator[Change]]


def place_at(context: Context, failure: Failure, line: int) -> ErrorPlace:
    """The place of the traceback's line."""
    found = tuple(_expressions_at(context, line))
    function = context.module.function_of(found[0]) if found else None
    return ErrorPlace(failure, line, found, function)


def _expressions_at(context: Context, line: int) -> Iterator[ast.expr]:
    for node in context.module.below(context.module.tree):
        if isinstance(node, ast.expr) and node.lineno <= line <= (node.end_lineno or node.lineno):
            is_long = (node.end_lineno or node.lineno) - node.lineno >= _MAX_LINES
            if not is_long and not is_unreachable_for_edits(context.module, node):
                yield node


def at_function_start(context: Context, place: ErrorPlace, text: str, template: str, prior: float) -> Iterator[Change]:
    """Lines inserted as the first statements of the function the error came from."""
    function = place.function
    found = None if function is None or all(map(is_docstring, function.body)) else function_start(context, function)
    if function is not None and found is not None:
        start, indent = found
        lines = "".join(f"{indent}{line}\n" for line in text.split("\n"))
        title = f"insert {quoted(text)} in `{function.name}`"
        yield Rewrite(((start, start, lines),), place.line, template, prior, title)


def new_import(context: Context, line: int, statement: str, prior: float) -> Change:
    """An import among the module's own."""
    start = context.module.starts[min(import_line(context.module.tree), len(context.module.starts)) - 1]
    edit, title = (start, start, f"{statement}\n"), f"insert {quoted(statement)}"
    return Rewrite((edit,), line, "err:missing-import", prior, title, is_certain=False)

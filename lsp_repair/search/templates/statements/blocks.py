"""Statements in the wrong place: order, nesting, branches."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import first_line, is_docstring, last_line
from lsp_repair.search.templates.context import Change, Context, Rewrite, quoted

_MOVABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)
_MAX_USED = 4
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def proposals(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Moves of one statement."""
    if isinstance(node, _DEFINITIONS) or is_docstring(node) or context.module.indent(node) is None:
        return
    if context.scores.get(node.lineno, 0) <= 0:
        return
    yield from _keywords(context, node)
    yield from _exchanged(context, node)
    if isinstance(node, _MOVABLE):
        yield from _conditional(context, node)
        yield from _dedented(context, node)
        yield from _indented(context, node)


def _keywords(context: Context, node: ast.stmt) -> Iterator[Change]:
    start, _ = context.module.span(node)
    if isinstance(node, ast.While):
        yield Rewrite(((start, start + 5, "if"),), node, "if-while", 0.12, "`while` → `if`")
    if not isinstance(node, ast.If):
        return
    block = context.module.block(node)
    index = block.index(node) if node in block else 0
    previous = block[index - 1] if index else None
    if context.module.body[start : start + 4] == b"elif":
        yield Rewrite(((start, start + 4, "if"),), node, "elif-if", 0.3, "`elif` → `if`")
    elif isinstance(previous, ast.If) and not previous.orelse:
        yield Rewrite(((start, start + 2, "elif"),), node, "elif-if", 0.25, "`if` → `elif`", is_certain=False)
    if not node.orelse and context.module.body[start : start + 2] == b"if":
        yield Rewrite(((start, start + 2, "while"),), node, "if-while", 0.2, "`if` → `while`")
    yield from _exchanged_branches(context, node)


def _exchanged_branches(context: Context, node: ast.If) -> Iterator[Change]:
    if not node.orelse or (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
        return
    body, otherwise = node.body, node.orelse
    if first_line(body[0]) <= last_line(node.test) or first_line(otherwise[0]) <= last_line(body[-1]):
        return
    first = context.module.starts[first_line(body[0]) - 1], context.module.starts[last_line(body[-1])]
    second = context.module.starts[first_line(otherwise[0]) - 1], context.module.starts[last_line(otherwise[-1])]
    edits = ((*first, _line(context, *second)), (*second, _line(context, *first)))
    yield Rewrite(edits, node, "swap-branches", 0.3, "swap the branches of `if`", 2, is_certain=False)


def _conditional(context: Context, node: ast.stmt) -> Iterator[Change]:
    """The statement only where something that it uses is there."""
    indent, module = context.module.indent(node) or "", context.module
    start, end = module.lines_span(node)
    body = _reindented(module.text(start, end), indent, indent + module.indent_unit)
    for used in dict.fromkeys(_used(context, node)):
        for condition, prior in ((f"{used} is not None", 0.3), (used, 0.25)):
            text = f"{indent}if {condition}:\n{body}"
            title = f"only if {quoted(condition)}: {quoted(module.text_of(node))}"
            yield Rewrite(((start, end, text),), node, "conditional", prior, title, 2, is_certain=False)


def _used(context: Context, node: ast.stmt) -> Iterator[str]:
    """Owners and arguments of the statement's calls, and single values that it assigns; each on one line."""
    value = getattr(node, "value", None)
    found: list[ast.expr] = [value] if isinstance(value, (ast.Name, ast.Attribute)) else []
    for each in ast.walk(value) if isinstance(value, ast.expr) else ():
        if isinstance(each, ast.Call):
            found += [each.func.value] if isinstance(each.func, ast.Attribute) else []
            found += each.args
    for each in found[:_MAX_USED]:
        text = context.text(each) if isinstance(each, (ast.Name, ast.Attribute, ast.Call)) else ""
        if text not in {"", "self", "cls"} and "\n" not in text:
            yield text


def _line(context: Context, start: int, end: int) -> str:
    text = context.module.text(start, end)
    return text if text.endswith(("\n", "\r")) else text + "\n"


def _exchanged(context: Context, node: ast.stmt) -> Iterator[Change]:
    block = context.module.block(node)
    index = block.index(node) + 1 if node in block else len(block)
    if index >= len(block):
        return
    after = block[index]
    is_movable = isinstance(node, (*_MOVABLE, ast.If)) or isinstance(after, (ast.Assign, ast.AugAssign, ast.Expr))
    if first_line(after) <= last_line(node) or isinstance(after, _DEFINITIONS) or not is_movable:
        return
    (start, middle), (second, end) = context.module.lines_span(node), context.module.lines_span(after)
    text = _line(context, second, end) + context.module.text(middle, second) + _line(context, start, middle)
    title = f"swap lines {node.lineno} and {after.lineno}"
    yield Rewrite(((start, end, text),), node, "stmt-swap", 0.3, title, is_certain=False)


def _dedented(context: Context, node: ast.stmt) -> Iterator[Change]:
    """The last statement of a block moved to after the block, and to after the blocks around it."""
    start, end = context.module.lines_span(node)
    indent = context.module.indent(node) or ""
    inner: ast.stmt = node
    prior = 0.4
    for around in context.module.ancestors(node):
        if not isinstance(around, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try)):
            break
        block = context.module.block(inner)
        if inner is not block[-1] or last_line(inner) != last_line(around):
            break
        outer = context.module.indent(around)
        if outer is not None and (len(context.module.block(node)) > 1):
            text = _reindented(context.module.text(start, end), indent, outer)
            title = f"dedent {quoted(context.module.text_of(node))}"
            yield Rewrite(((start, end, text),), node, "dedent", prior, title, is_certain=False)
        inner, prior = around, prior * 0.8


def _indented(context: Context, node: ast.stmt) -> Iterator[Change]:
    block = context.module.block(node)
    index = block.index(node) if node in block else 0
    previous = block[index - 1] if index else None
    if not isinstance(previous, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With)):
        return
    last = previous.body[-1] if isinstance(previous, ast.With) else (previous.orelse or previous.body)[-1]
    inner = context.module.indent(last)
    if inner is None:
        return
    start, end = context.module.lines_span(node)
    text = _reindented(context.module.text(start, end), context.module.indent(node) or "", inner)
    title = f"indent {quoted(context.module.text_of(node))}"
    yield Rewrite(((start, end, text),), node, "indent", 0.35, title, is_certain=False)


def _reindented(text: str, old: str, new: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(new + line[len(old) :] if line.startswith(old) else line for line in lines)

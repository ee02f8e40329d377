"""Class bodies: shared mutable attributes and defaults of dataclass fields."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import first_line, is_docstring
from lsp_repair.search.templates.context import Change, Context, Rewrite, function_start

_MUTABLE = (ast.List, ast.Dict, ast.Set)


def proposals(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Changes of a class's variables."""
    if not isinstance(node, ast.ClassDef):
        return
    is_dataclass = any("dataclass" in context.text(each) for each in node.decorator_list)
    for each in node.body:
        value = each.value if isinstance(each, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, _MUTABLE) and isinstance(each, (ast.Assign, ast.AnnAssign)):
            yield from _field(context, each, value) if is_dataclass else _in_constructor(context, node, each, value)


def _field(context: Context, node: ast.stmt, value: ast.expr) -> Iterator[Change]:
    kind = type(value).__name__.lower()
    is_empty = context.text(value) in {"[]", "{}"}
    factory = kind if is_empty else f"lambda: {context.text(value)}"
    edits = [(*context.module.span(value), f"field(default_factory={factory})")]
    if "field" not in context.ingredients.imported:
        edits.append(_import_of_field(context))
    title = f"`{context.text(value)[:20]}` → `field(default_factory={factory[:20]})`"
    yield Rewrite(tuple(edits), node, "default-factory", 0.9, title)


def _import_of_field(context: Context) -> tuple[int, int, str]:
    for node in context.module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
            end = context.module.span(node.names[-1])[1]
            return end, end, ", field"
    place = context.module.starts[import_line(context.module.tree) - 1]
    return place, place, "from dataclasses import field\n"


def import_line(tree: ast.Module) -> int:
    """1-based line for a new import: before the first import, or else after the docstring."""
    for node in tree.body:
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_docstring(node) and not is_future:
            return first_line(node)
    return (tree.body[-1].end_lineno or 0) + 1 if tree.body else 1


def _in_constructor(
    context: Context, owner: ast.ClassDef, node: ast.Assign | ast.AnnAssign, value: ast.expr
) -> Iterator[Change]:
    """`items = []` shared by all instances to `self.items = []` in `__init__`."""
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    constructor = next(
        (each for each in owner.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None
    )
    indent = context.module.indent(node)
    if not isinstance(target, ast.Name) or indent is None:
        return
    assignment = f"self.{target.id} = {context.text(value)}\n"
    title = f"create a new `{target.id}` for each instance of `{owner.name}`"
    if constructor is None:
        start, end = context.module.lines_span(node)
        text = f"{indent}def __init__(self):\n{indent}{context.module.indent_unit}{assignment}"
        before = context.module.text(start, end) + ("\n" if owner.body[-1] is not node else "")
        yield Rewrite(((start, end, f"{before}{text}"),), node, "shared-attribute", 0.5, title, 2, is_certain=False)
        return
    found = function_start(context, constructor)
    if found is not None:
        place, inner = found
        yield Rewrite(((place, place, inner + assignment),), node, "shared-attribute", 0.6, title)

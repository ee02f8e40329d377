"""Where a definition goes that the file does not have yet: beside the one that it was written beside."""

import ast

from lsp_repair.models.answers.body_merging import reindented, step_of
from lsp_repair.models.answers.changes import indent_of
from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.naming_targets import Target
from lsp_repair.models.answers.splices import Splice
from lsp_repair.models.answers.written_code import Item, is_definition
from lsp_repair.pycode.nodes import Definition, first_line, last_line


def inserted(item: Item, page: Page, beside: Target | None) -> Splice:
    """A new definition behind the one before it in the reply, at the end of its class, or at the end of the file.

    A new constant goes below the imports, where everything can use it.
    """
    node = beside.node if beside is not None else None
    if beside is not None and beside.is_owner and isinstance(node, ast.ClassDef):
        indent = indent_of(page.lines[node.lineno - 1]) + step_of(page)
        return _behind(item, page, node.body[-1], indent)
    if not is_definition(item.node) and not item.owner:
        return _constant(item, page)
    if node is not None:
        around = _outermost(item, page, node)
        return _behind(item, page, around, indent_of(page.lines[around.lineno - 1]))
    last = page.tree.body[-1] if page.tree is not None and page.tree.body else None
    return _behind(item, page, last, "") if last is not None else Splice(len(page.lines), len(page.lines), item.lines)


def _outermost(item: Item, page: Page, node: ast.stmt) -> ast.stmt:
    """A method stands beside methods; a function that has no `self` stands outside of classes and functions."""
    args = getattr(item.node, "args", None)
    is_method = args is not None and bool(args.args) and args.args[0].arg in {"self", "cls"}
    if item.owner or is_method or page.tree is None:
        return node
    line = node.lineno
    return next(
        (
            each
            for each in page.tree.body
            if isinstance(each, Definition) and first_line(each) <= line <= last_line(each)
        ),
        node,
    )


def _behind(item: Item, page: Page, node: ast.stmt, indent: str) -> Splice:
    at = last_line(node)
    gap = ("",) * (1 if indent else 2) if is_definition(item.node) else ()
    return Splice(at, at, (*gap, *(each.rstrip() for each in reindented(item, indent, step_of(page)))))


def _constant(item: Item, page: Page) -> Splice:
    imports = [
        each
        for each in (page.tree.body if page.tree is not None else ())
        if isinstance(each, ast.Import | ast.ImportFrom)
    ]
    at = last_line(imports[-1]) if imports else 0
    return Splice(at, at, ("", *item.lines) if imports else (*item.lines, "", ""))

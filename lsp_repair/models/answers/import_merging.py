"""Imports that new code brings along, put where the file keeps its own."""

import ast
import re
from collections.abc import Sequence

from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.splices import Splice
from lsp_repair.pycode.nodes import first_line, is_docstring, last_line

_Import = ast.Import | ast.ImportFrom


def merged_imports(node: ast.stmt, page: Page, text: str) -> list[Splice]:
    """What of an import the file does not have; with a text, only names that it mentions."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    if page.tree is None:
        return []
    known = {
        _bound(alias, each)
        for each in ast.walk(page.tree)
        if isinstance(each, ast.Import | ast.ImportFrom)
        for alias in each.names
    }
    new = [alias for alias in node.names if _bound(alias, node) not in known]
    used = [
        alias
        for alias in new
        if not text or re.search(rf"\b{re.escape((alias.asname or alias.name).partition('.')[0])}\b", text)
    ]
    if not used:
        return []
    top = [each for each in page.tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    return [_extended(node, used, page, top) or _at(_place(node, page, top), _line(node, used))]


def _bound(alias: ast.alias, node: _Import) -> str:
    """What an import binds, and from where."""
    source = f"{'.' * node.level}{node.module or ''}:" if isinstance(node, ast.ImportFrom) else ":"
    return f"{source}{alias.name}:{alias.asname or alias.name}"


def _line(node: _Import, names: Sequence[ast.alias]) -> str:
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(list(names)))
    return ast.unparse(ast.ImportFrom(node.module, list(names), node.level))


def _extended(node: _Import, names: Sequence[ast.alias], page: Page, top: Sequence[_Import]) -> Splice | None:
    """The file's own import from the same module with further names, if it stands on one line."""
    if not isinstance(node, ast.ImportFrom):
        return None
    for each in top:
        same = isinstance(each, ast.ImportFrom) and (each.module, each.level) == (node.module, node.level)
        line = page.lines[each.lineno - 1]
        if same and each.lineno == last_line(each) and line.strip() == ast.unparse(each):
            every = [*each.names, *names]
            is_sorted = [one.name for one in each.names] == sorted(one.name for one in each.names)
            ordered = sorted(every, key=lambda one: one.name) if is_sorted else every
            return Splice(each.lineno - 1, each.lineno, (_line(each, ordered),))
    return None


def _at(place: int, line: str) -> Splice:
    """A line put in front of another one."""
    return Splice(place, place, (line,))


def _place(node: _Import, page: Page, top: Sequence[_Import]) -> int:
    """In the order of the alphabet among imports of its kind where these are in order, else behind them."""
    future = [each for each in top if isinstance(each, ast.ImportFrom) and each.module == "__future__"]
    block = _first_block(page, [each for each in top if each not in future])
    alike = [each for each in block if isinstance(each, ast.ImportFrom) == isinstance(node, ast.ImportFrom)]
    later = next((each for each in alike if _key(each) > _key(node)), None)
    if later is not None and [_key(each) for each in alike] == sorted(_key(each) for each in alike):
        return first_line(later) - 1
    if alike:
        return last_line(alike[-1])
    if block:
        return first_line(block[0]) - 1 if isinstance(node, ast.Import) else last_line(block[-1])
    return _first_place(page, future)


def _first_block(page: Page, top: Sequence[_Import]) -> list[_Import]:
    """The imports that stand together at the beginning."""
    found: list[_Import] = []
    for each in top:
        if found and any(not line.strip() for line in page.lines[last_line(found[-1]) : each.lineno - 1]):
            break
        found.append(each)
    return found


def _first_place(page: Page, future: Sequence[_Import]) -> int:
    """Below `__future__` imports, or the docstring, or the comments at the top."""
    assert page.tree is not None
    if future:
        return last_line(future[-1])
    first = page.tree.body[0] if page.tree.body else None
    if first is not None and is_docstring(first):
        at = last_line(first)
        return at + 1 if at < len(page.lines) and not page.lines[at].strip() else at
    at = 0
    while at < len(page.lines) and page.lines[at].startswith("#"):
        at += 1
    return at


def _key(node: _Import) -> str:
    return (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name

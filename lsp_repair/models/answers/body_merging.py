"""One whole function or assignment put in the place of the one that is there; what a model usually leaves out stays."""

import ast
import difflib
from collections.abc import Iterator, Sequence

from lsp_repair.models.answers.changes import Mismatch, Unclear, indent_of
from lsp_repair.models.answers.eliding import expanded
from lsp_repair.models.answers.indenting import Indentation
from lsp_repair.models.answers.line_forms import is_comment, is_elision, typed
from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.splices import Splice
from lsp_repair.models.answers.written_code import Item
from lsp_repair.pycode.nodes import Definition, Function, first_line, last_line


def merged_statement(item: Item, page: Page, node: ast.stmt) -> list[Splice] | Mismatch:
    """The splices that make a statement of the file the written one; empty where they are the same."""
    first, end = _range(item, node)
    old = page.lines[first:end]
    new = reindented(item, indent_of(page.lines[node.lineno - 1]), step_of(page))
    elided = any(is_elision(each) and each.strip() not in {line.strip() for line in old} for each in new)
    if elided:
        filled = expanded(old, new)
        if filled is None:
            return Unclear(f"{item.name} leaves code out: write it in full, or only the lines that change as a block")
        new = list(filled)
    new = [
        typed(each)
        if each.strip() not in {line.strip() for line in old} and not any(typed(line) != line for line in old)
        else each
        for each in new
    ]
    kept = _omitted(item, node, page, new) if not elided else set[int]()
    if not elided and _stops_early([page.lines[at] for at in range(first, end) if at not in kept], new):
        return Unclear(
            f"{item.name} is shorter than what is there: write it in full, or only the lines that change as a block"
        )
    indexes = [at for at in range(first, end) if at not in kept]
    return list(_differences(indexes, page, new))


def _stops_early(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether a reply probably shows only a part of a function: much is missing, or all behind a line that was copied."""
    before = [each.strip() for each in old if each.strip() and not is_comment(each)]
    after = [each.strip() for each in new if each.strip() and not is_comment(each)]
    lost = [each for each in before if each not in after]
    if len(lost) > 3 and len(lost) > 2 * len(after):
        return True
    if not after or after[-1] not in before or after[-1] == before[-1]:
        return False
    at = len(before) - 1 - before[::-1].index(after[-1])
    return not (set(before[:at]) <= set(after) <= set(before) and len(before) - 1 - at <= 2)


def _range(item: Item, node: ast.stmt) -> tuple[int, int]:
    """The lines that are replaced; decorators that the reply leaves out are not among them."""
    written: list[ast.expr] = getattr(item.node, "decorator_list", [])
    first = first_line(node) if written or not isinstance(node, Definition) else node.lineno
    return first - 1, last_line(node)


def step_of(page: Page) -> str:
    """One level of indentation as the file writes it."""
    for node in page.definitions:
        outer, inner = indent_of(page.lines[node.lineno - 1]), indent_of(page.lines[node.body[0].lineno - 1])
        if len(inner) > len(outer) and inner.startswith(outer) and first_line(node.body[0]) > node.lineno:
            return inner[len(outer) :]
    return "    "


def reindented(item: Item, indent: str, step: str) -> list[str]:
    """Written lines at the depth and in the steps of the file."""
    here = indent_of(item.lines[item.node.lineno - first_line(item.node)])
    body: Sequence[ast.stmt] = getattr(item.node, "body", ())
    pairs = [(here, indent)]
    if body and body[0].lineno > item.node.lineno:
        inner = indent_of(item.lines[first_line(body[0]) - first_line(item.node)])
        if len(inner) > len(here):
            pairs.append((inner, indent + step))
    return Indentation((*pairs, *pairs[:1])).of(item.lines, ())


def _omitted(item: Item, node: ast.stmt, page: Page, new: Sequence[str]) -> set[int]:
    """Lines (indexes) of the file that stay although the reply does not have them: a docstring, comments, empty lines."""
    first, end = first_line(node) - 1, last_line(node)
    found: set[int] = set()
    if isinstance(node, Definition) and isinstance(item.node, Definition):
        for old, written in _both(node, item.node):
            if ast.get_docstring(old, clean=False) is not None and ast.get_docstring(written, clean=False) is None:
                found.update(range(old.body[0].lineno - 1, last_line(old.body[0])))
    if not any(is_comment(each) for each in new):
        found.update(at for at in range(first, end) if is_comment(page.lines[at]))
    if all(each.strip() for each in new):
        found.update(at for at in range(first, end) if not page.lines[at].strip())
    return found


def _both(old: ast.AST, new: ast.AST) -> Iterator[tuple[Function | ast.ClassDef, Function | ast.ClassDef]]:
    """A definition and those inside of it, each with the written one of its name."""
    if isinstance(old, Definition) and isinstance(new, Definition):
        yield old, new
        inner = {each.name: each for each in ast.walk(new) if isinstance(each, Definition) and each is not new}
        for each in ast.walk(old):
            if each is not old and isinstance(each, Definition) and each.name in inner:
                yield each, inner[each.name]


def _differences(indexes: Sequence[int], page: Page, new: Sequence[str]) -> Iterator[Splice]:
    old = [page.lines[at].rstrip() for at in indexes]
    matcher = difflib.SequenceMatcher(None, old, [each.rstrip() for each in new], autojunk=False)
    for verb, first, last, start, end in matcher.get_opcodes():
        lines = tuple(each.rstrip() for each in new[start:end])
        if verb == "equal" or (verb != "replace" and not any(each.strip() for each in [*old[first:last], *lines])):
            continue
        if first == last:
            at = indexes[first - 1] + 1 if first else indexes[0]
            yield Splice(at, at, lines)
            continue
        yield from _runs([indexes[at] for at in range(first, last)], lines)


def _runs(places: Sequence[int], new: tuple[str, ...]) -> Iterator[Splice]:
    start = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or places[at] != places[at - 1] + 1:
            yield Splice(places[start], places[at - 1] + 1, new if start == 0 else ())
            start = at

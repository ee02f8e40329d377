"""Whole functions, classes and files merged by name into what is there; what a reply leaves out stays."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.models.answers.body_merging import merged_statement
from lsp_repair.models.answers.changes import Code, Dropped, Mismatch, Unclear
from lsp_repair.models.answers.import_merging import merged_imports
from lsp_repair.models.answers.line_forms import is_elision
from lsp_repair.models.answers.line_matching import Page, nearest_text
from lsp_repair.models.answers.naming_targets import Target, target_of, targets_named
from lsp_repair.models.answers.new_definitions import inserted
from lsp_repair.models.answers.splices import Splice
from lsp_repair.models.answers.written_code import Item, is_definition, is_stub, items_of, members_of

Located = tuple[Code, Mapping[str, Page]]
"""A piece of code, and the files that it may belong to."""


@dataclass(slots=True)
class _Work:
    """What has been found so far."""

    splices: dict[str, list[Splice]] = field(default_factory=dict[str, list[Splice]])
    dropped: list[Dropped] = field(default_factory=list[Dropped])
    versions: dict[tuple[str, int], list[tuple[Splice, ...]]] = field(
        default_factory=dict[tuple[str, int], list[tuple[Splice, ...]]]
    )
    known: set[str] = field(default_factory=set[str])
    """Files in which something was found by its name."""
    last: Target | None = None
    """The definition that came last, which a new one stands behind."""
    waiting: list[tuple[Item, Mapping[str, Page], Target | None]] = field(
        default_factory=list[tuple[Item, Mapping[str, Page], Target | None]]
    )
    imports: list[tuple[ast.stmt, Mapping[str, Page]]] = field(
        default_factory=list[tuple[ast.stmt, Mapping[str, Page]]]
    )
    text: list[str] = field(default_factory=list[str])
    """All code that was merged: what it mentions may need an import."""


def merged_by_name(codes: Sequence[Located]) -> tuple[dict[str, list[Splice]], list[Dropped]] | Mismatch:
    """Splices by path of all pieces of a reply; a Mismatch where none of them says anything about what was shown."""
    work = _Work()
    for code, pages in codes:
        items = items_of(code.lines)
        if items is None and any(map(is_elision, code.lines)):
            return Unclear(f"it is not clear what {nearest_text(code.lines)!r} leaves out: write it in full")
        if items is None:
            work.dropped.append(Dropped(nearest_text(code.lines), "it is no whole statement of Python"))
            continue
        work.last = None if code.place.path and code.place.sure else work.last
        problem = _piece(items, pages, work)
        if problem is not None:
            return problem
    problem = _settled(work)
    if problem is not None:
        return problem
    _rest(work)
    return (work.splices, work.dropped) if work.splices else _nothing(work)


def _nothing(work: _Work) -> Mismatch:
    if work.dropped:
        return Mismatch(f"{work.dropped[0].what!r}: {work.dropped[0].why}")
    return Mismatch("the code that the reply contains is the code that is there")


def _piece(items: Sequence[Item], pages: Mapping[str, Page], work: _Work) -> Mismatch | None:
    """Every statement of one piece of code."""
    for item in items:
        if isinstance(item.node, ast.Import | ast.ImportFrom):
            work.imports.append((item.node, pages))
            continue
        if not item.name or is_stub(item.node):
            continue
        if is_definition(item.node) and re.match(r"test_|Test[A-Z]", item.name):
            work.dropped.append(Dropped(item.name, "tests are not changed"))
            continue
        problem = _named(item, pages, work)
        if problem is not None:
            return problem
    return None


def _named(item: Item, pages: Mapping[str, Page], work: _Work) -> Mismatch | None:
    """One definition or assignment: merged into the one of its name, or kept for later where there is none."""
    found = targets_named(item, pages)
    if not found:
        work.waiting.append((item, pages, work.last))
        return None
    target = target_of(item, found)
    if target is None:
        return Unclear(
            f"{item.name} is defined several times: {', '.join(each.said for each in found)}; say which one with its class or path"
        )
    work.last = target
    work.known.add(target.page.path)
    work.text.append("\n".join(item.lines))
    if isinstance(item.node, ast.ClassDef) and isinstance(target.node, ast.ClassDef):
        return _class(item, target, work)
    return _replaced(item, target, work)


def _class(item: Item, target: Target, work: _Work) -> Mismatch | None:
    """A class member by member."""
    assert isinstance(target.node, ast.ClassDef)
    last: Target | None = None
    for member in members_of(item):
        if not member.name or is_stub(member.node):
            continue
        node = next((each for each in target.node.body if _names(each) == member.name), None)
        if node is None:
            work.waiting.append(
                (member, {target.page.path: target.page}, last or Target(target.page, target.node, is_owner=True))
            )
            continue
        last = Target(target.page, node)
        problem = _replaced(member, last, work)
        if problem is not None:
            return problem
    return None


def _names(node: ast.stmt) -> str:
    return Item(node, ()).name


def _replaced(item: Item, target: Target, work: _Work) -> Mismatch | None:
    splices = merged_statement(item, target.page, target.node)
    if isinstance(splices, Mismatch):
        return splices
    if splices:
        work.versions.setdefault((target.page.path, target.node.lineno), []).append(tuple(splices))
    return None


def _settled(work: _Work) -> Mismatch | None:
    """One version of each definition; several that differ from what is there are for the model to choose from."""
    for (path, _), versions in work.versions.items():
        if len(set(versions)) > 1:
            return Unclear(f"the reply contains several versions of the same code in {path}: give one")
        work.splices.setdefault(path, []).extend(versions[0])
    return None


def _rest(work: _Work) -> None:
    """What has no name in the files: new definitions that something mentions, and the imports they need."""
    for item, pages, beside in work.waiting:
        text = "\n".join([*work.text, *("\n".join(each.lines) for each, _, _ in work.waiting if each is not item)])
        homes = [pages[path] for path in pages if path in work.known] or list(pages.values())
        where = (text, *("\n".join(page.lines) for page in homes if is_definition(item.node)))
        mentioned = any(re.search(rf"\b{re.escape(item.name)}\b", each) for each in where)
        if not mentioned or (beside is None and len(homes) != 1):
            work.dropped.append(Dropped(item.name, "nothing of this name was shown"))
            continue
        page = beside.page if beside is not None else homes[0]
        work.splices.setdefault(page.path, []).append(inserted(item, page, beside))
        work.text.append("\n".join(item.lines))
        work.known.add(page.path)
    _imports(work)


def _imports(work: _Work) -> None:
    text = "\n".join(work.text)
    for node, pages in work.imports:
        homes = [page for path, page in pages.items() if path in work.known] or list(pages.values())
        if len(homes) == 1:
            added = merged_imports(node, homes[0], text)
            if added:
                work.splices.setdefault(homes[0].path, []).extend(added)

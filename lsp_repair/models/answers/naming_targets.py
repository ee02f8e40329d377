"""Which of the shown definitions a written one means."""

import ast
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.models.answers.line_matching import Page
from lsp_repair.models.answers.written_code import Item, is_definition, name_of_statement, pseudo_definition, scanned
from lsp_repair.pycode.nodes import Function, first_line, last_line

_LIKE = 0.7
_UNLIKE = 0.5


@dataclass(frozen=True, slots=True)
class Target:
    """A statement of a file."""

    page: Page
    node: ast.stmt
    is_owner: bool = False
    """Whether it is only the class around what is meant."""

    @property
    def said(self) -> str:
        """Its place, for a message."""
        return f"{self.page.path}:{self.node.lineno}"

    @property
    def text(self) -> str:
        """Its lines, without indentation."""
        return "\n".join(each.strip() for each in self.page.lines[first_line(self.node) - 1 : last_line(self.node)])


def targets_named(item: Item, pages: Mapping[str, Page]) -> list[Target]:
    """Everything of the name of a written statement: definitions wherever they stand, constants of the module only."""
    found: list[Target] = []
    for page in pages.values():
        if page.tree is None:
            found += _scanned(item, page)
            continue
        if is_definition(item.node):
            kind = ast.ClassDef if isinstance(item.node, ast.ClassDef) else Function
            found += [
                Target(page, each) for each in page.definitions if isinstance(each, kind) and each.name == item.name
            ]
        else:
            found += [
                Target(page, each)
                for each in page.tree.body
                if not is_definition(each) and name_of_statement(each) == item.name
            ]
    return found


def _scanned(item: Item, page: Page) -> list[Target]:
    """In a file that does not parse, which may be the fault."""
    if not isinstance(item.node, Function):
        return []
    return [
        Target(page, pseudo_definition(name, at + 1, end, is_class=False))
        for name, is_class, at, end in scanned(page.lines)
        if name == item.name and not is_class
    ]


def target_of(item: Item, found: Sequence[Target]) -> Target | None:
    """The one that is meant; None where it could be several."""
    candidates = list(found)
    for kept in (
        [each for each in candidates if _bound(item.node) == _bound(each.node)],
        [each for each in candidates if each.page.is_shown(each.node.lineno - 1)],
        [each for each in candidates if _signature(item.node) == _signature(each.node)],
    ):
        if len(kept) == 1:
            return kept[0]
        candidates = [each for each in candidates if each in kept] or candidates
        if len(candidates) == 1:
            return candidates[0]
    return _likest(item, candidates)


def _likest(item: Item, candidates: Sequence[Target]) -> Target | None:
    text = "\n".join(each.strip() for each in item.lines)
    scores = sorted(
        (
            (difflib.SequenceMatcher(None, text, each.text, autojunk=False).ratio(), at)
            for at, each in enumerate(candidates[:8])
        ),
        reverse=True,
    )
    if len(text) > 8_000 or scores[0][0] < _LIKE or (len(scores) > 1 and scores[1][0] > _UNLIKE):
        return None
    return candidates[scores[0][1]]


def _bound(node: ast.stmt) -> bool:
    """Whether it is a method."""
    return isinstance(node, Function) and bool(node.args.args) and node.args.args[0].arg in {"self", "cls"}


def _signature(node: ast.stmt) -> str:
    return ast.dump(node.args) if isinstance(node, Function) else ""

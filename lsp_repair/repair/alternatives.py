"""Other edits at the place that a patch changes: those that the tests reject say how much they pin down."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lsp_repair.domain.patches import Candidate, Edit, FileChange, Hints, Patch, SourceFile
from lsp_repair.domain.runs import Outcome, TestResult
from lsp_repair.pycode.differences import changed_blocks, common_ends
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import own_lines
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.search.generation import first_order

_MOST = 40
"""Of each side of a patch."""
_CONFIRMING = 3
_UNTRIED = 12
"""Alternatives on each side that are screened after a search: what it has screened before costs nothing."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What the tests say of the place that a patch changes."""

    by: int = 0
    """Passing tests that execute it."""
    rejected: int = 0
    """Alternatives that fail a test."""
    killed: int = 0
    """Those of them that edit the patched text."""
    rivals: tuple[Candidate, ...] = ()
    """Edits of the old text that pass the same tests as the patch."""
    mutants: tuple[Candidate, ...] = ()
    """Edits of the patched text that pass them as well: the tests do not see what they change."""


def pinned(patch: Patch, hints: Hints, passing: Iterable[TestResult], screen: WarmScreen) -> Pinned:
    """Screen the alternatives to a patch; tests count that execute its lines, or those around what it inserts."""
    by = executing_tests(patch, passing, screen)
    old: list[Candidate] = []
    new: list[Candidate] = []
    for side, candidate in alternatives(patch, hints):
        (new if side else old).append(candidate)
    found = {each: was for each in old if (was := screen.before(each)) is not None}
    most = _UNTRIED if screen.known else _MOST
    untried = [*[each for each in old if each not in found][:most], *new[:most]]
    found |= {each.candidate: each.survived for each in screen(untried) if not each.inconclusive}
    survivors = {key for key, survived in found.items() if survived}
    also = _also_repaired(patch, screen)
    lesser = {each for each in survivors if also and screen.also_repaired(each) < also}
    rejected = lesser | (found.keys() - survivors)
    rivals, mutants = (tuple(each for each in side if each in survivors - lesser) for side in (old, new))
    return Pinned(by, len(rejected), len(rejected.intersection(new)), rivals, mutants)


def _also_repaired(patch: Patch, screen: WarmScreen) -> int:
    """How many failing tests of other groups the patch repairs: an alternative that repairs fewer is none."""
    match patch.changes:
        case (FileChange(path, bytes() as before, bytes() as after),):
            return screen.also_repaired(_on(SourceFile(path, before), after, "patch"))
        case _:
            return 0


def executing_tests(patch: Patch, passing: Iterable[TestResult], screen: WarmScreen) -> int:
    """How many passing tests execute its lines, or those around what it inserts.

    What coverage recorded counts only if a run of one of these tests confirms it.
    """
    places = {change.path: changed_lines(change.before or b"", change.after or b"") for change in patch.changes}
    found = [each for each in passing if _executes(each, places)]
    if found and all(each.is_from_coverage for each in found):
        served = {test.node_id for test in screen.server.collection.collected}
        quickest = sorted((each for each in found if each.node_id in served), key=lambda each: each.seconds)
        ids = [each.node_id for each in quickest[:_CONFIRMING]]
        seen = (
            screen.server.run(ids, screen.deadline.within(10.0), record=True, test_seconds=6.0).results if ids else {}
        )
        if not any(_executes(each, places) for each in seen.values() if each.outcome is Outcome.PASSED):
            return 0
    return len(found)


def _executes(result: TestResult, places: Mapping[str, frozenset[int]]) -> bool:
    return any(not result.executed.get(path, frozenset()).isdisjoint(lines) for path, lines in places.items())


def alternatives(patch: Patch, hints: Hints) -> Iterator[tuple[bool, Candidate]]:
    """Edits of the old text and of the patched one (True) in the lines of the patch, as candidates on the old text."""
    for change in patch.changes:
        if change.before is None or change.after is None or not change.path.endswith(".py"):
            continue
        seen = {change.before, change.after}
        old, new = SourceFile(change.path, change.before), SourceFile(change.path, change.after)
        for source, other in ((old, new), (new, old)):
            lines = changed_lines(source.data, other.data)
            for each in first_order(source, dict.fromkeys(lines, 1.0), hints, _MOST):
                after = each.after
                if after not in seen:
                    seen.add(after)
                    yield source is new, each if source is old else _on(old, after, each.template, each)


def _on(source: SourceFile, after: bytes, template: str, made: Candidate | None = None) -> Candidate:
    """A whole new text as a candidate; `made` is what it was made as."""
    start, tail = common_ends(source.data, after)
    edit = Edit(start, len(source.data) - tail, after[start : len(after) - tail])
    line, title, score = (made.line, made.title, made.score) if made is not None else (1, template, 1.0)
    return Candidate(source, (edit,), template, line, title, score)


def changed_lines(before: bytes, after: bytes) -> frozenset[int]:
    """Lines of the text before that another text changes, widened to whole statements; around an insertion both sides."""
    old, new = before.decode("latin-1").splitlines(), after.decode("latin-1").splitlines()
    found: set[int] = set()
    for block, _ in changed_blocks(old, new):
        inside = range(block.start + 1, block.stop + 1)
        found.update(inside or (each for each in (block.start, block.start + 1) if 1 <= each <= len(old)))
    module = read_module(before)
    statements = [] if module is None else [each for each in ast.walk(module.tree) if isinstance(each, ast.stmt)]
    touched = (own for each in statements if not found.isdisjoint(own := own_lines(each)))
    return frozenset(found).union(*touched)

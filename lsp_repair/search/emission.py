"""Collecting what templates propose: text fitted into its place, scored, deduplicated, titled."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lsp_repair.domain.encoding import native
from lsp_repair.domain.patches import Candidate, Edit, SourceFile, spliced
from lsp_repair.pycode.differences import common_ends
from lsp_repair.pycode.f_strings import fit_for_field
from lsp_repair.pycode.modules import Module, tree_of
from lsp_repair.search.places import Slot, slot_of
from lsp_repair.search.templates.context import Change, Replacement, Rewrite, becomes, quoted
from lsp_repair.search.templates.frequencies import MAX_OF_INSERTIONS, WEIGHTS

_MAX_TITLE = 80
_MAX_BARE, _MAX_AROUND = 5, 24
_TELLING = (ast.Subscript, ast.BinOp, ast.Compare, ast.Call)
_LINES_OF_A_NODE = 4
"""How many lines of a long node count for its suspiciousness."""


class Draft(NamedTuple):
    """A change with its place in bytes and its score."""

    score: float
    edits: tuple[tuple[int, int, str], ...]
    line: int
    change: Change


@dataclass(slots=True)
class Emission:
    """Everything proposed for one module so far, one draft for each distinct result."""

    source: SourceFile
    module: Module
    scores: Mapping[int, float]
    limit: int
    """How many of the best to keep."""
    _least: float = 0.0
    _drafts: dict[tuple[tuple[int, int, str], ...], Draft] = field(
        default_factory=dict[tuple[tuple[int, int, str], ...], Draft]
    )
    _slots: dict[ast.expr, Slot] = field(default_factory=dict[ast.expr, Slot])

    def extend(self, changes: Iterable[Change], suspiciousness: float | None = None) -> None:
        """Add the changes; a given suspiciousness replaces that of their lines."""
        for change in changes:
            slot = self._slot(change.node) if isinstance(change, Replacement) else None
            if slot is not None:
                line, value = slot.line, slot.suspiciousness
            else:
                line, value = self._of_place(change.at if isinstance(change, Rewrite) else 0)
            value = value if suspiciousness is None else suspiciousness
            score = value**2 * change.prior * WEIGHTS.get(change.template, 1.0) / (1 + 0.15 * (change.size - 1))
            if score <= self._least:
                continue
            if isinstance(change, Rewrite):
                fit = self._fitted(change)
                if fit is not None:
                    self._add(Draft(score, fit.edits, line, fit))
            elif slot is not None and (code := slot.fitted(change.code)) is not None:
                self._add(Draft(score, (slot.splice(code),), line, change))

    def _fitted(self, change: Rewrite) -> Rewrite | None:
        """The change with other quotes where it lies in fields of f-strings; None where it cannot."""
        if not self.module.fields:
            return change
        found = [self.module.quotes_around(start, end) for start, end, _ in change.edits]
        if not any(found):
            return change
        edits: list[tuple[int, int, str]] = []
        for (start, end, text), quotes in zip(change.edits, found, strict=True):
            fit = text if quotes is None else fit_for_field(text, quotes)
            if fit is None:
                return None
            edits.append((start, end, fit))
        return change._replace(edits=tuple(edits), is_certain=False)

    def _slot(self, node: ast.expr) -> Slot:
        known = self._slots.get(node)
        if known is None:
            known = self._slots[node] = slot_of(self.module, node, *self._of_place(node))
        return known

    def _of_place(self, place: ast.AST | int) -> tuple[int, float]:
        line = place if isinstance(place, int) else int(getattr(place, "lineno", 1))
        last = line if isinstance(place, int) else int(getattr(place, "end_lineno", line))
        if last == line:
            return line, self.scores.get(line, 0.0)
        lines = range(line, min(last + 1, line + _LINES_OF_A_NODE))
        best = max(lines, key=lambda each: self.scores.get(each, 0.0))
        return best, self.scores.get(best, 0.0)

    def _add(self, draft: Draft) -> None:
        edits = (self._minimal(*edit) for edit in draft.edits)
        key = tuple([edit for edit in edits if edit[0] != edit[1] or edit[2]])
        if not key:
            return
        known = self._drafts.get(key)
        if known is None or known.score < draft.score:
            self._drafts[key] = draft
            if len(self._drafts) > self.limit + self.limit // 4:
                self._prune()

    def _prune(self) -> None:
        best = sorted(self._drafts.items(), key=lambda item: -item[1].score)[: self.limit]
        self._drafts = dict(best)
        self._least = best[-1][1].score

    def least_prior(self, line: int) -> float:
        """The prior below which no insertion at the line can still be kept."""
        score = self.scores.get(line, 0.0) ** 2 * MAX_OF_INSERTIONS / 1.15
        return self._least / score if score else 0.0

    def _minimal(self, start: int, end: int, text: str) -> tuple[int, int, str]:
        """The splice without the text it leaves unchanged, so that two ways to the same result count as one."""
        if start == end:
            return start, end, text
        old = self.module.text(start, end)
        head, tail = common_ends(old, text)
        if head:
            start += head if old.isascii() else len(old[:head].encode())
        if tail:
            end -= tail if old.isascii() else len(old[len(old) - tail :].encode())
            return start, end, text[head:-tail]
        return start, end, text[head:]

    def candidates(self) -> list[Candidate]:
        """The best candidates, best first; what does not parse or encode is left out."""
        drafts = sorted(self._drafts.values(), key=lambda draft: -draft.score)
        made = (self._candidate(draft) for draft in drafts[: self.limit])
        return [each for each in made if each is not None]

    def _candidate(self, draft: Draft) -> Candidate | None:
        module, change = self.module, draft.change
        edits = tuple(Edit(start, end, self._line_ends(text).encode()) for start, end, text in draft.edits)
        if isinstance(change, Rewrite) and not change.is_certain and not _parses(module, edits):
            return None
        encoded = None if module.encoding is None else native(edits, module.body, module.encoding)
        if encoded is None:
            return None
        return Candidate(self.source, encoded, change.template, draft.line, self._title(draft), draft.score)

    def _line_ends(self, text: str) -> str:
        if "\n" not in text or self.module.newline == "\n":
            return text
        return text.replace("\r\n", "\n").replace("\n", self.module.newline)

    def _replaced(self, change: Replacement, draft: Draft) -> str:
        """What an expression becomes; a name or a constant alone says little, so what stands around it is shown, too."""
        old, new, parent = self.module.code(change.node).text, change.code.text, self.module.parent(change.node)
        if len(old) <= _MAX_BARE and isinstance(parent, _TELLING):
            (start, end), ((first, last, text),) = self.module.span(parent), draft.edits
            around = self.module.text(start, end)
            if len(around) <= _MAX_AROUND and around.isascii() and start <= first <= last <= end:
                return becomes(around, around[: first - start] + text + around[last - start :])
        return becomes(old, new)

    def _title(self, draft: Draft) -> str:
        change = draft.change
        if isinstance(change, Replacement):
            title = self._replaced(change, draft)
        else:
            title = change.title or f"insert {quoted(change.edits[0][2])}"
        title = " ".join(title.split())
        function = self.module.function_names.get(draft.line, "")
        whole = f"{title} in `{function}`"
        if function and f"`{function}`" not in title and len(whole) <= _MAX_TITLE:
            return whole
        return title if len(title) <= _MAX_TITLE else title[: _MAX_TITLE - 1] + "…"


def _parses(module: Module, edits: tuple[Edit, ...]) -> bool:
    """Whether the function around the edits, or else the file, still parses."""
    start, end, indent = module.function_around(min(each.start for each in edits), max(each.end for each in edits))
    moved = (Edit(each.start - start, each.end - start, each.text) for each in edits)
    text = spliced(module.body[start:end], moved).decode()
    return tree_of(f"if 1:\n{text}" if indent else text) is not None

"""The product side of what a model is told: the code of the failing path, and after a failed attempt more of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.patches import SourceFile
from lsp_repair.domain.runs import Failure
from lsp_repair.models.context.class_lines import class_lines
from lsp_repair.models.context.code_around import CodeAround
from lsp_repair.models.context.definitions import At, Definitions
from lsp_repair.models.context.failing_path import FailingPath, ranked
from lsp_repair.models.context.later_rounds import reordered
from lsp_repair.models.context.room import Chosen, Code, bytes_of
from lsp_repair.models.excerpts import Excerpt, FileView
from lsp_repair.repair.case import Case
from lsp_repair.repair.with_models.moved_code import Moved
from lsp_repair.repair.with_models.recent_changes import changes_told, recent_lines

_CODE_SHARE = 0.6
"""Of a prompt, about: how much code the first one is taken to have shown."""
_MAX_CHANGED = 3
"""Functions whose earlier lines are told."""
_MAX_PLACES = 3
"""Definitions of one name that a model asked for."""

Overlay = Mapping[str, bytes]
Views = Mapping[str, FileView]


@dataclass(slots=True)
class ToldCode:
    """Of one case."""

    case: Case
    origin: Path
    sources: Mapping[str, SourceFile]
    definitions: Definitions
    original: Views
    """The files as the user has them."""
    context_tokens: int
    _ordered: tuple[Excerpt, ...] | None = field(default=None)
    _changes: tuple[str, ...] | None = field(default=None)

    def code(self, views: Views, overlay: Overlay, attempts: int, failure: Failure | None) -> Code:
        """Excerpts of these files, the best first; `failure` is the one that a changed program has."""
        ordered = self.ordered
        moved = {path: self._moved(path, data) for path, data in overlay.items() if path in self.original}
        if attempts or overlay:
            before = self._chosen(ordered)
            shown = [each for each in ordered if before.lines.get(each.path, set()).issuperset(each.lines)]
            raised = self._raised(failure)

            def concerned(each: Excerpt) -> bool:
                is_touched = each.path in moved and moved[each.path].touches(each)
                return is_touched or any((each.path, line) in raised for line in each.lines)

            ordered = reordered(ordered, shown, concerned, attempts)
        return tuple(
            (views[each.path], moved[each.path].excerpt(each) if each.path in moved else each) for each in ordered
        )

    def _raised(self, failure: Failure | None) -> set[tuple[str, int]]:
        """Places of a failure that is not the case's own: its traceback, and what its test executed when it passed."""
        if failure is None or failure == self.case.group.representative:
            return set()
        places = {(each.path, each.line) for each in failure.frames}
        ran = next((each.executed for each in self.case.passing if each.node_id == failure.node_id), {})
        return places | {(path, line) for path, lines in ran.items() for line in lines}

    def spans(self, views: Views, overlay: Overlay) -> tuple[Excerpt, ...]:
        """The code of these files that a prompt shows: suspicious functions, the most suspicious first, then all lines."""
        chosen = Chosen(int(bytes_of(self.context_tokens) * _CODE_SHARE))
        code = self.code(views, overlay, 0, None)
        chosen.take(code)
        seen = [each for _, each in code if not chosen.lines.get(each.path, set()).isdisjoint(each.lines)]
        suspects = sorted((each for each in seen if each.suspiciousness > 0), key=lambda each: -each.suspiciousness)
        pieces = (Excerpt(each.view.path, each.first, each.last, 0.0, each.first) for each in chosen.pieces())
        return (*suspects, *pieces)

    def _chosen(self, ordered: Sequence[Excerpt]) -> Chosen:
        chosen = Chosen(int(bytes_of(self.context_tokens) * _CODE_SHARE))
        chosen.take([(self.original[each.path], each) for each in ordered])
        return chosen

    @property
    def ordered(self) -> tuple[Excerpt, ...]:
        """The code of the case as the user's files hold it, the best first."""
        if self._ordered is None:
            found = self._ranked()
            self._ordered = CodeAround(self.definitions, self.sources.__contains__).ordered(found)
        return self._ordered

    def _ranked(self) -> tuple[Excerpt, ...]:
        localisation = self.case.localisation
        executed = executed_by(self.case) if localisation.is_seen else {}
        files = [path for path in self.sources if path in localisation.scores or path in executed]
        recent = recent_lines(self.origin, {path: self.sources[path].data for path in files})
        path = FailingPath(localisation.scores, executed, self.case.group.failures[:3], recent)
        outlines = {each: self.definitions.outline(each) for each in files}
        return tuple(self._inside(each) for each in ranked(path, outlines, self.sources.__contains__))

    def _inside(self, excerpt: Excerpt) -> Excerpt:
        return replace(excerpt, last=min(excerpt.last, len(self.original[excerpt.path].lines)))

    def _moved(self, path: str, data: bytes) -> Moved:
        after = data.decode("utf-8", "replace").split("\n")
        return Moved.between(self.sources[path].data.decode("utf-8", "replace").split("\n"), after)

    def changes(self) -> tuple[str, ...]:
        """A small diff of what was changed lately."""
        if self._changes is None:
            now = {path: source.data for path, source in self.sources.items()}
            first = [each for each in self.ordered if each.suspiciousness > 0][:_MAX_CHANGED]
            self._changes = changes_told(self.case, self.origin, now, first)
        return self._changes

    def classes(self) -> tuple[str, ...]:
        """A line for each class of the most suspicious functions that is not shown whole."""
        before = self._chosen(self.ordered)
        return class_lines(self.ordered, self.definitions, lambda path: before.lines.get(path, set()))

    def named(self, name: str, paths: Sequence[str]) -> list[At]:
        """At most three definitions in these files: by the whole name, else by its last two parts or its last one."""
        parts = name.split(".")
        needle = parts[-1].encode("utf-8", "replace")
        files = [path for path in paths if needle in (self.definitions.read(path) or b"")]
        for count in range(len(parts), 0, -1):
            tail = ".".join(parts[-count:])
            every = (At(path, part) for path in files for part in self.definitions.outline(path).parts)
            found = [at for at in every if at.part.name == tail or at.part.name.endswith(f".{tail}")]
            if found:
                return found[:_MAX_PLACES]
        return []

    def asked(self, at: At, overlay: Overlay) -> Excerpt:
        """A definition as a program left it."""
        found = Excerpt(at.path, at.part.first, at.part.last, 1.0, at.part.first, at.part.name)
        return self._moved(at.path, overlay[at.path]).excerpt(found) if at.path in overlay else found


def executed_by(case: Case) -> dict[str, frozenset[int]]:
    """The lines that the failing tests executed, by path."""
    found: dict[str, frozenset[int]] = {}
    for result in case.failing:
        for path, lines in result.executed.items():
            found[path] = found.get(path, frozenset()) | lines
    return found

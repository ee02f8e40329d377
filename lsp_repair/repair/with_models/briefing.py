"""From a case to what a model is told of it: the failing test, the failure, the code that it executed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.model_choice import CONTEXT_TOKENS
from lsp_repair.domain.patches import SourceFile
from lsp_repair.domain.redaction import Redactor
from lsp_repair.domain.runs import Failure, TestRun
from lsp_repair.models.context.definitions import Definitions
from lsp_repair.models.excerpts import Excerpt, FileView
from lsp_repair.models.prompts import Material
from lsp_repair.models.sanitising import visible
from lsp_repair.repair.case import Case
from lsp_repair.repair.stages.localise import editable_files
from lsp_repair.repair.stages.prepare import read_file
from lsp_repair.repair.with_models.described_failures import described, with_source
from lsp_repair.repair.with_models.recent_changes import diff_lines
from lsp_repair.repair.with_models.told_code import ToldCode, executed_by
from lsp_repair.repair.with_models.told_tests import ToldTests

_MAX_FILES = 120
_MAX_BYTES = 400_000
_MAX_TRIED = 60
"""Lines of the diff of what was tried."""


@dataclass(slots=True)
class Briefing:
    """Makes the material of one case, for the user's code and for programs that changed it."""

    case: Case
    root: Path
    """Of the snapshot."""
    origin: Path
    """Of the user's project: its history is read there."""
    baseline: TestRun
    redactor: Redactor
    ignored: Callable[[str], bool]
    editable: Callable[[str], bool] | None = None
    """By path, whether a repair may change a file; None: whatever belongs to no test."""
    context_tokens: int = CONTEXT_TOKENS
    """How large a prompt may be."""
    sources: Mapping[str, SourceFile] = field(init=False)
    """The product's files that a model may be shown and may change, by path: the suspicious ones first."""
    tests: ToldTests = field(init=False)
    code: ToldCode = field(init=False)
    _read: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    _original: dict[str, FileView] = field(default_factory=dict[str, FileView])

    def __post_init__(self) -> None:
        suspicious = {source.path: source for source in self.case.sources}
        editable = self.editable or editable_files(self.baseline)
        modules = {
            name: Path(file).relative_to(self.root).as_posix()
            for name, file in self.baseline.module_files.items()
            if Path(file).is_relative_to(self.root)
        }
        self._read.update((path, source.data) for path, source in suspicious.items() if not self.ignored(path))
        definitions = Definitions(self.read, modules)
        candidates = dict.fromkeys((*suspicious, *self._executed(), *modules.values()))
        product = [path for path in candidates if path in suspicious or editable(path)]
        found = ((path, self.read(path)) for path in product[:_MAX_FILES])
        self.sources = {
            path: suspicious.get(path) or SourceFile(path, data) for path, data in found if data is not None
        }
        self._original.update((path, FileView(path, each.data, self.redactor)) for path, each in self.sources.items())
        self.code = ToldCode(self.case, self.origin, self.sources, definitions, self._original, self.context_tokens)
        self.tests = ToldTests(
            self.baseline, definitions, lambda path: path in suspicious or editable(path), self.ignored, self._view
        )

    def read(self, path: str) -> bytes | None:
        """A file of the snapshot that may be shown; None for what an ignore file keeps, and for what is not there."""
        if path not in self._read:
            data = None if self.ignored(path) else read_file(self.root, path)
            self._read[path] = data if data is not None and len(data) <= _MAX_BYTES else None
        return self._read[path]

    def _executed(self) -> list[str]:
        """Files that the failing tests execute, the most suspicious first."""
        scores = self.case.localisation.scores
        return sorted(executed_by(self.case), key=lambda path: -max(scores.get(path, {}).values(), default=0.0))

    def _view(self, path: str) -> FileView:
        return self._original.get(path) or FileView(path, self.read(path) or b"", self.redactor)

    def views(self, overlay: Mapping[str, bytes]) -> dict[str, FileView]:
        """These files as a program left them."""
        changed = {path: FileView(path, data, self.redactor) for path, data in overlay.items() if path in self.sources}
        return {**self._original, **changed}

    def material(
        self, overlay: Mapping[str, bytes], error: str, attempts: Sequence[str], *, failure: Failure | None = None
    ) -> Material:
        """What may be told; `error` is empty for the user's own code.

        `failure` is what the error describes, where it is another one than the case's: with a patch that does not
        suffice a test fails otherwise, and after one that breaks another test that test is shown.
        """
        first = self.case.group.representative
        now = failure or first
        return Material(
            test_id=self._clean(now.node_id),
            test=self.tests.source(now),
            error=self._clean(self._error(overlay, error, failure)),
            code=tuple(self.code.code(self.views(overlay), overlay, len(attempts), failure)),
            signatures=tuple(map(self._clean, self.code.classes())),
            changes=tuple(map(self._clean, self.code.changes())) if not overlay else (),
            attempts=tuple(map(self._clean, attempts)),
            test_code=tuple(self.tests.needs(now, first)),
            where=self._clean(self.tests.where(now)),
            tried=self._tried(overlay),
            context_tokens=self.context_tokens,
        )

    def _error(self, overlay: Mapping[str, bytes], error: str, failure: Failure | None) -> str:
        """Of a changed program only what is known of that program: the line of a traceback is one of its own files."""
        first = self.case.group.representative
        now = failure or first
        told = error or described(first, self._clean)
        frame = now.innermost_project_frame
        if failure is not None or not overlay:
            is_same = frame is not None and frame.path not in overlay
            told = with_source(told, now, self.read if is_same else overlay.get)
        if now.node_id == first.node_id:
            return told
        return (
            f"{now.node_id} passed before the change that was tried, and fails with it:\n{told}\n"
            f"With the change {first.node_id} passes, and it has to stay so."
        )

    def _tried(self, overlay: Mapping[str, bytes]) -> tuple[str, ...]:
        known = ((self.sources[path], data) for path, data in overlay.items() if path in self.sources)
        lines = [line for source, data in known for line in diff_lines(source.path, source.data, data)]
        return tuple(map(self._clean, lines[:_MAX_TRIED]))

    def described(self, failure: Failure) -> str:
        """A failure as models are told it."""
        return described(failure, self.redactor.redacted)

    def shown(self, views: Mapping[str, FileView]) -> tuple[Excerpt, ...]:
        """The lines of these files that a prompt shows."""
        overlay = {path: view.data for path, view in views.items() if view.data != self.sources[path].data}
        return self.code.spans(views, overlay)

    def requested(self, names: Sequence[str], overlay: Mapping[str, bytes]) -> Material:
        """The definitions of names that a model asked to see; its `signatures` are the names that are nowhere."""
        views = self.views(overlay)
        paths = [*dict.fromkeys((*self.sources, *self.code.definitions.modules.values()))]
        found = {name: self.code.named(name, paths) for name in names}
        code = [
            (views.get(at.path) or self._view(at.path), self.code.asked(at, overlay))
            for places in found.values()
            for at in places
        ]
        missing = tuple(self._clean(name) for name, places in found.items() if not places)
        return Material("", "", "", tuple(code), missing, context_tokens=self.context_tokens)

    def _clean(self, text: str) -> str:
        return self.redactor.redacted(visible(text))

    def attempt_line(self, views: Mapping[str, FileView], overlay: Mapping[str, bytes], result: str) -> str:
        """One line for what was tried: the first changed lines, and how it failed."""
        changed = [_first_change(view.lines, overlay[path]) for path, view in views.items() if path in overlay]
        what = self._clean("; ".join(filter(None, changed)))
        return f"{what[:160]} -> {self._clean(result)[:160]}"


def _first_change(before: Sequence[str], data: bytes) -> str:
    after = data.decode("utf-8", "replace").split("\n")
    known = {each.strip() for each in before}
    return next((line.strip() for line in after if line.strip() and line.strip() not in known), "lines were removed")

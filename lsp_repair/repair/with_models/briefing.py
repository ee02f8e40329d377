"""From a case to what a model is told of it: the failing test, the failure, the suspicious code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.patches import SourceFile
from lsp_repair.domain.redaction import Redactor
from lsp_repair.domain.runs import Failure, TestRun
from lsp_repair.models.excerpts import Excerpt, FileView, called_names, excerpts, function_at, signatures
from lsp_repair.models.prompts import Material
from lsp_repair.models.sanitising import visible
from lsp_repair.pycode.differences import changed_blocks
from lsp_repair.repair.case import Case
from lsp_repair.repair.history.git_objects import blob
from lsp_repair.repair.stages.prepare import read_file

_VALUE = 300
"""Characters of a value, as in the paper on self-repair."""
_MAX_FUNCTIONS = 3
_MAX_SIGNATURES = 5
_MAX_MODULES = 80
_MAX_LOCALS = 6
_MAX_LINES = 6
_MAX_COMPARED = 2_000
"""Changed lines that are compared exactly."""


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
    sources: Mapping[str, SourceFile] = field(init=False)
    """The suspicious files that a model may be shown, by path."""
    _signatures: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.sources = {source.path: source for source in self.case.sources if not self.ignored(source.path)}

    def views(self, overlay: Mapping[str, bytes]) -> dict[str, FileView]:
        """These files as a program left them."""
        return {
            path: FileView(path, overlay.get(path, source.data), self.redactor) for path, source in self.sources.items()
        }

    def material(self, overlay: Mapping[str, bytes], error: str, attempts: Sequence[str]) -> Material:
        """What may be told; `error` is empty for the user's own code."""
        views = self.views(overlay)
        shown = self.shown(views)
        failure = self.case.group.representative
        return Material(
            test_id=self._clean(failure.node_id),
            test=self._test(failure),
            error=self._clean(error or described(failure, self._clean)),
            code=tuple((views[each.path], each) for each in shown),
            signatures=self._called(views, shown),
            changes=self._changes(views, shown) if not overlay else (),
            attempts=tuple(map(self._clean, attempts)),
        )

    def described(self, failure: Failure) -> str:
        """A failure as models are told it."""
        return described(failure, self.redactor.redacted)

    def shown(self, views: Mapping[str, FileView]) -> tuple[Excerpt, ...]:
        """The suspicious functions."""
        return excerpts(views, self.case.localisation.scores, _MAX_FUNCTIONS)

    def _clean(self, text: str) -> str:
        return self.redactor.redacted(visible(text))

    def _test(self, failure: Failure) -> str:
        """Source of the failing test; of a file that does not collect there is none."""
        at = next((test for test in self.baseline.collected if test.node_id == failure.node_id), None)
        if at is None:
            return "(this file cannot be collected)"
        if self.ignored(at.path):
            return "(not shown: an ignore file keeps it here)"
        data = read_file(self.root, at.path)
        if data is None:
            return "(not readable)"
        view = FileView(at.path, data, self.redactor)
        first, last = function_at(view.data, at.line)
        return view.between(first, last)

    def _called(self, views: Mapping[str, FileView], shown: Sequence[Excerpt]) -> tuple[str, ...]:
        names = [name for each in shown for name in called_names(views[each.path].between(each.first, each.last))]
        inside = {
            line.split("(")[0].removeprefix("async ").removeprefix("def ").strip()
            for each in shown
            for line in (views[each.path].lines[each.first - 1].strip(),)
        }
        requested = [name for name in dict.fromkeys(names) if name not in inside]
        missing = [name for name in requested if name not in self._signatures]
        if missing:
            found = signatures(self._modules(), missing)
            self._signatures |= {name: found.get(name, "") for name in missing}
        reported = [self._clean(self._signatures[name]) for name in requested if self._signatures[name]]
        return tuple(reported[:_MAX_SIGNATURES])

    def _modules(self) -> dict[str, bytes]:
        """The project's imported modules, but no tests and nothing that stays here."""
        found = {path: source.data for path, source in self.sources.items()}
        for file in list(self.baseline.module_files.values())[:_MAX_MODULES]:
            if not Path(file).is_relative_to(self.root):
                continue
            path = Path(file).relative_to(self.root).as_posix()
            if path in self.baseline.oracle_paths or self.ignored(path):
                continue
            data = read_file(self.root, path)
            if data is not None and len(data) < 200_000:
                found.setdefault(path, data)
        return found

    def _changes(self, views: Mapping[str, FileView], shown: Sequence[Excerpt]) -> tuple[str, ...]:
        for each in shown[:1]:
            lines = replaced_lines(self.origin, each.path, views[each.path].data, (each.first, each.last))
            return tuple(self._clean(line) for line in lines)
        return ()

    def attempt_line(self, views: Mapping[str, FileView], overlay: Mapping[str, bytes], result: str) -> str:
        """One line for what was tried: the first changed lines, and how it failed."""
        changed = [_first_change(view.lines, overlay[path]) for path, view in views.items() if path in overlay]
        what = self._clean("; ".join(filter(None, changed)))
        return f"{what[:160]} -> {self._clean(result)[:160]}"


def _first_change(before: Sequence[str], data: bytes) -> str:
    after = data.decode("utf-8", "replace").split("\n")
    known = {each.strip() for each in before}
    return next((line.strip() for line in after if line.strip() and line.strip() not in known), "lines were removed")


def described(failure: Failure, clean: Callable[[str], str] = str) -> str:
    """A failure as models are told it: missing name, error, or wrong answer; every value cut.

    `clean` takes secrets out before anything is cut: half a token is not recognised any more.
    """
    lines = [
        f"{failure.error_type}: {clean(failure.message.strip())[:_VALUE]}" if failure.message else failure.error_type
    ]
    if failure.comparison is not None:
        lines = [
            failure.error_type,
            f"expected: {clean(failure.comparison.expected)[:_VALUE]}",
            f"got: {clean(failure.comparison.actual)[:_VALUE]}",
        ]
    frame = failure.innermost_project_frame
    if frame is not None and failure.phase != "collect":
        values = ", ".join(f"{name}={clean(value)[:60]}" for name, value in frame.locals[:_MAX_LOCALS])
        lines.append(
            f"at {frame.path}:{frame.line} in {frame.function}" + (f" with {values[:_VALUE]}" if values else "")
        )
    return "\n".join(lines)


def replaced_lines(root: Path, path: str, now: bytes, span: tuple[int, int]) -> tuple[str, ...]:
    """Lines that stood in `span` (1-based) of the file before: in the last commit, or in the one before it.

    Empty where git, a history or a change is missing.
    """
    for old, new in (("HEAD", None), ("HEAD~1", "HEAD")):
        before = blob(root, old, path)
        after = now if new is None else blob(root, new, path)
        if before is None or after is None:
            return ()
        found = _replaced(_lines(before), _lines(after), span)
        if found:
            return found[:_MAX_LINES]
    return ()


def _replaced(before: Sequence[str], after: Sequence[str], span: tuple[int, int]) -> tuple[str, ...]:
    found: list[str] = []
    for there, here in changed_blocks(before, after, _MAX_COMPARED):
        if here.start < span[1] and max(here.stop, here.start + 1) >= span[0]:
            found += [f"-{line}" for line in before[there] if line.strip()]
    return tuple(found)


def _lines(data: bytes) -> list[str]:
    return [each.removesuffix("\r") for each in data.decode("utf-8", "replace").split("\n")]

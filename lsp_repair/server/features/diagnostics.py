"""Diagnostics: where they are shown, as the protocol has them, and the lines on which code actions are offered."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types as lsp

from lsp_repair.server.state.buffers import Texts, line_edits
from lsp_repair.server.state.view import FailingTest, FileText, Place, Report, View, line_mapping


@dataclass(frozen=True, slots=True)
class DiagnosticPosition:
    """One diagnostic."""

    place: Place
    code: str
    message: str
    related: tuple[tuple[Place, str], ...]
    severe: bool
    """A failing assertion, or only the place where its cause may lie."""


def diagnostic_positions(view: View) -> Mapping[str, Sequence[DiagnosticPosition]]:
    """All diagnostics of a root, by file."""
    found: dict[str, list[DiagnosticPosition]] = {}
    for each in (*_at_tests(view), *_at_causes(view)):
        found.setdefault(each.place.path, []).append(each)
    return found


def _at_tests(view: View) -> Iterator[DiagnosticPosition]:
    for test in view.failing.values():
        report = view.report_of(test.id)
        lines = [_what_failed(test)]
        related: list[tuple[Place, str]] = []
        if report is not None:
            lines += [report.explanation, *_available(report, view)]
            related = [(place, "suspicious") for place in report.places[:2]]
        yield DiagnosticPosition(test.place, test.error_type, "\n".join(lines), tuple(related), severe=True)


def _at_causes(view: View) -> Iterator[DiagnosticPosition]:
    for report in view.reports.values():
        failing = [view.failing[key] for key in report.tests if key in view.failing]
        if not failing or not report.places or any(report.places[0] == test.place for test in failing):
            continue
        count = f"{len(failing)} failing tests" if len(failing) > 1 else f"the failing test {failing[0].id}"
        lines = [f"Probable cause of {count}.", report.explanation, *_available(report, view)]
        related = tuple((test.place, _what_failed(test)) for test in failing[:3])
        yield DiagnosticPosition(report.places[0], report.error_type, "\n".join(lines), related, severe=False)


def _what_failed(test: FailingTest) -> str:
    name = test.id.rpartition("::")[2] or test.id
    if test.expected or test.actual:
        return f"{name} fails: expected {test.expected}, got {test.actual}"
    first = test.message.strip().split("\n", 1)[0]
    return f"{name} fails: {test.error_type}: {first}" if first else f"{name} fails: {test.error_type}"


def _available(report: Report, view: View) -> list[str]:
    best, *others = view.offers(report) or (None,)
    if best is None:
        return []
    more = f" (and {len(others)} more)" if others else ""
    return [f"{'Fix available' if best.proved else 'Possible fix'}: {best.bare_title}{more}"]


@dataclass(frozen=True, slots=True)
class Touched:
    """A failure that a code action request is about."""

    report: Report | None
    test: str


def touched(view: View, path: str, lines: range, texts: Texts) -> tuple[Touched, ...]:
    """The failures on these lines (from 0) of a file: their tests, diagnosed lines, and lines that a proposal edits."""
    found: dict[str, Touched] = {}
    for test in failing_at(view, path, lines):
        report = view.report_of(test.id)
        found.setdefault(report.fingerprint if report else test.id, Touched(report, test.id))
    for report in view.reports.values():
        if view.is_current(report) and report.fingerprint not in found and _edits(report, view, (path, lines), texts):
            found[report.fingerprint] = Touched(report, view.tests_of(report.fingerprint)[0])
    return tuple(found.values())


def failing_at(view: View, path: str, lines: range) -> Iterator[FailingTest]:
    """Tests that have a diagnostic on these lines (from 0): at the test, or at the probable cause."""
    for test in view.failing.values():
        report = view.report_of(test.id)
        places = [test.place, *(report.places[:1] if report is not None else ())]
        if any(place.path == path and place.line - 1 in lines for place in places):
            yield test


def _edits(report: Report, view: View, where: tuple[str, range], texts: Texts) -> bool:
    path, lines = where
    files = (file for offer in view.offers(report) for file in offer.files if file.path == path)
    spans = (span for file in files for span in _edited_lines(file, texts.document(path)[0] or ""))
    return any(first < lines.stop and lines.start <= last for first, last in spans)


def _edited_lines(file: FileText, now: str) -> Iterator[tuple[int, int]]:
    mapped = line_mapping(file.before, now)
    for edit in line_edits("", file.before, file.after):
        yield mapped(edit.first + 1) - 1, mapped(max(edit.first + 1, edit.last)) - 1


SOURCE = "lsp-repair"
PULL_OPTIONS = lsp.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=SOURCE)
_MAX_MESSAGE = 4000
_MAX_RELATED = 500

Pulled = lsp.RelatedFullDocumentDiagnosticReport | lsp.RelatedUnchangedDocumentDiagnosticReport


def diagnostics(view: View, path: str, texts: Texts) -> list[lsp.Diagnostic]:
    """The diagnostics of a file."""
    found = diagnostic_positions(view).get(path, ())
    lines = texts.lines(path) if found else []
    return [_diagnostic(view, each, lines, texts) for each in found]


def _diagnostic(view: View, at: DiagnosticPosition, lines: Sequence[str], texts: Texts) -> lsp.Diagnostic:
    related = [
        lsp.DiagnosticRelatedInformation(
            location=lsp.Location(uri=view.uri_of(place.path), range=_range(place.line, (), texts)),
            message=message[:_MAX_RELATED],
        )
        for place, message in at.related
    ]
    return lsp.Diagnostic(
        range=_range(at.place.line, lines, texts),
        message=at.message[:_MAX_MESSAGE],
        severity=lsp.DiagnosticSeverity.Error if at.severe else lsp.DiagnosticSeverity.Warning,
        code=at.code,
        source=SOURCE,
        related_information=related or None,
    )


def _range(number: int, lines: Sequence[str], texts: Texts) -> lsp.Range:
    """A line without its indentation and trailing blanks."""
    index = max(0, number - 1)
    line = lines[index] if index < len(lines) else ""
    start = texts.units(line[: len(line) - len(line.lstrip())])
    end = max(start + 1, texts.units(line.rstrip()))
    return lsp.Range(start=lsp.Position(line=index, character=start), end=lsp.Position(line=index, character=end))


def pulled(root: Path | None, items: Sequence[lsp.Diagnostic], previous: str | None) -> Pulled:
    """The answer to a client that asks; *unchanged* when it has these diagnostics already."""
    name = _name(root, items)
    if name == previous:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
    return lsp.RelatedFullDocumentDiagnosticReport(items=items, result_id=name)


def _name(root: Path | None, items: Iterable[lsp.Diagnostic]) -> str:
    """The same for the same diagnostics."""
    shown = [(str(each.range), each.message, str(each.code)) for each in items]
    return hashlib.sha256(repr((root, shown)).encode("utf-8", "replace")).hexdigest()[:16]

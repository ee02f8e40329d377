"""Diagnostics as the protocol has them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from lsprotocol import types as lsp

from lsp_repair.server.features.diagnostic_positions import DiagnosticPosition, diagnostic_positions
from lsp_repair.server.state.buffers import Texts
from lsp_repair.server.state.view import View

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

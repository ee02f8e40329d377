"""Code lenses and inlay hints."""

from collections.abc import Iterator

from lsprotocol import types as lsp

from lsp_repair.server.features.code_actions import command
from lsp_repair.server.state.buffers import Texts
from lsp_repair.server.state.view import View

_MAX_VALUES = 80


def code_lenses(view: View, path: str) -> list[lsp.CodeLens]:
    """On failing tests, and on the most suspicious line of each failure."""
    return [*_on_tests(view, path), *_on_causes(view, path)]


def _on_tests(view: View, path: str) -> Iterator[lsp.CodeLens]:
    for test in view.failing.values():
        if test.place.path == path:
            report = view.report_of(test.id)
            count = len(view.offers(report))
            title = f"✘ fails — {count} {'fix' if count == 1 else 'fixes'} proved" if count else "✘ fails"
            yield _lens(view, test.place.line, title, report.fingerprint if report else test.id)


def _on_causes(view: View, path: str) -> Iterator[lsp.CodeLens]:
    for report in view.reports.values():
        place = report.places[0] if report.places else None
        if place is not None and place.path == path and view.is_current(report):
            yield _lens(view, place.line, "suspicious: explain", report.fingerprint)


def _lens(view: View, line: int, title: str, failure: str) -> lsp.CodeLens:
    at = lsp.Position(line=max(0, line - 1), character=0)
    return lsp.CodeLens(lsp.Range(start=at, end=at), command(view, title, "explain", failure=failure))


def value_hints(view: View, path: str, lines: range, texts: Texts) -> list[lsp.InlayHint]:
    """Local variables where a test failed, after the end of their lines."""
    text = texts.lines(path)
    found: dict[tuple[int, str], lsp.InlayHint] = {}
    for report in filter(view.is_current, view.reports.values()):
        for at, number, values in report.values:
            index = number - 1
            if at == path and index in lines and index < len(text):
                position = lsp.Position(line=index, character=texts.units(text[index]))
                found[index, values] = lsp.InlayHint(position, f"  {values[:_MAX_VALUES]}", padding_left=True)
    return list(found.values())

"""Hovers, code lenses and inlay hints, and the explanation of a failure on request."""

from collections.abc import Callable, Iterator, Sequence

from lsprotocol import types as lsp

from lsp_repair.server.features.code_actions import command
from lsp_repair.server.features.diagnostics import failing_at
from lsp_repair.server.state.buffers import Texts
from lsp_repair.server.state.view import FailingTest, Offer, Report, View

_MAX_VALUES = 80


def code_lenses(view: View, path: str) -> list[lsp.CodeLens]:
    """On failing tests, and on the most suspicious line of each failure."""
    return [*_on_tests(view, path), *_on_causes(view, path)]


def _on_tests(view: View, path: str) -> Iterator[lsp.CodeLens]:
    for test in view.failing.values():
        if test.place.path == path:
            report = view.report_of(test.id)
            title = " — ".join(["✘ fails", *_counted(view.offers(report))])
            yield _lens(view, test.place.line, title, report.fingerprint if report else test.id)


def _counted(offers: Sequence[Offer]) -> Iterator[str]:
    proved = sum(each.proved for each in offers)
    if proved:
        yield f"{proved} {'fix' if proved == 1 else 'fixes'} proved"
    elif offers:
        yield f"{len(offers)} possible {'fix' if len(offers) == 1 else 'fixes'}"


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


_MAX_VALUE = 300


def hover(view: View, path: str, line: int, kind: lsp.MarkupKind) -> lsp.Hover | None:
    """The failures on a line (from 0), in plain text or in Markdown; no text of the tests is markup."""
    is_plain = kind is lsp.MarkupKind.PlainText
    parts = [_failure_text(view, test, is_plain=is_plain) for test in failing_at(view, path, range(line, line + 1))]
    text = ("\n\n" if is_plain else "\n\n---\n\n").join(parts)
    return lsp.Hover(contents=lsp.MarkupContent(kind=kind, value=text)) if text else None


def _failure_text(view: View, test: FailingTest, *, is_plain: bool) -> str:
    shown, strong, quoted = (str, "{}", "{}") if is_plain else (_escaped, "**{}**", "`{}`")
    lines = [f"{strong.format(shown(test.id))} fails: {shown(test.error_type)}"]
    if test.expected or test.actual:
        values = (quoted.format(_code(each)) for each in (test.expected, test.actual))
        lines.append("- expected {}\n- got {}".format(*values))
    report = view.report_of(test.id)
    if report is not None:
        lines.append(shown(report.explanation))
        lines += [line for offer in view.offers(report) for line in _offered(offer, shown)]
        lines += [f"- {shown(text)}" for text in _asked(report)]
    return "\n\n".join(lines)


def _asked(report: Report) -> list[str]:
    if report.question is None:
        return []
    values = " or ".join(value for value, _ in report.question.answers)
    return [f"which is right? {report.question.call}: {values}"]


def _offered(offer: Offer, shown: Callable[[str], str]) -> list[str]:
    lines = [f"- {'fix available' if offer.proved else 'possible fix'}: {shown(offer.bare_title)}"]
    lines += [f"- changes: {shown(each)}" for each in offer.behaviour]
    return [*lines, *(f"- note: {shown(note)}" for note in offer.notes)]


def _escaped(text: str) -> str:
    for mark in "\\`*_{}[]<>#|!":
        text = text.replace(mark, f"\\{mark}")
    return text


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")[:_MAX_VALUE]


def _titled(offer: Offer) -> str:
    return f"proved: {offer.title}" if offer.proved else offer.title


def explanation(view: View, failure: str) -> str:
    """All that is known of a failure, as plain text."""
    report, test = view.find_report(failure), view.failing.get(failure)
    if report is not None:
        proved = ("\n".join((_titled(offer), *offer.behaviour, *offer.notes)) for offer in view.offers(report))
        asked = _asked(report)
        return "\n".join(filter(None, [", ".join(report.tests), report.explanation, report.detail, *proved, *asked]))
    return f"{failure}: {test.error_type}: {test.message}" if test is not None else "This test no longer fails."

"""What is known of a failure, as text: on hover, and when the user asks for an explanation."""

from collections.abc import Callable

from lsprotocol import types as lsp

from lsp_repair.server.features.diagnostic_positions import failing_at
from lsp_repair.server.state.failures import FailingTest, Offer
from lsp_repair.server.state.view import View

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
    return "\n\n".join(lines)


def _offered(offer: Offer, shown: Callable[[str], str]) -> list[str]:
    return [f"- fix available: {shown(offer.title)}", *(f"- note: {shown(note)}" for note in offer.notes)]


def _escaped(text: str) -> str:
    for mark in "\\`*_{}[]<>#|!":
        text = text.replace(mark, f"\\{mark}")
    return text


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")[:_MAX_VALUE]


def explanation(view: View, failure: str) -> str:
    """All that is known of a failure, as plain text."""
    report, test = view.find_report(failure), view.failing.get(failure)
    if report is not None:
        proved = ("\n".join((f"proved: {offer.title}", *offer.notes)) for offer in view.offers(report))
        return "\n".join(filter(None, [", ".join(report.tests), report.explanation, report.detail, *proved]))
    return f"{failure}: {test.error_type}: {test.message}" if test is not None else "This test no longer fails."

"""Code actions, hovers, lenses and hints: look-ups that never wait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types as lsp

from lsp_repair.server.features.diagnostic_positions import Touched
from lsp_repair.server.root_session import RootSession, View
from lsp_repair.server.state.buffers import line_edits, plain_lines, same_text
from lsp_repair.server.workers.reports import FileText, Offer

FIX_ALL = "source.fixAll.lspRepair"


@dataclass(frozen=True, slots=True)
class Texts:
    """The files of a root as the editor sees them."""

    document: Callable[[str], tuple[str | None, int | None]]
    """Text and version of a file by its path; the version is None when no editor has it open."""
    units: Callable[[str], int]
    """The length of a text as the client counts."""


def actions_for(
    work: RootSession, found: Sequence[Touched], texts: Texts, requested: Sequence[str] | None
) -> list[lsp.CodeAction]:
    """What can be done about these failures, best first."""
    made: list[lsp.CodeAction] = []
    for each in found:
        made += _of_failure(work, each, texts)
    if requested and any(kind.startswith("source") for kind in requested):
        made = _fix_all(work, texts)
    return [each for each in made if _is_requested(each, requested)]


def _is_requested(action: lsp.CodeAction, requested: Sequence[str] | None) -> bool:
    kind = str(getattr(action.kind, "value", action.kind))
    return not requested or any(kind == each or kind.startswith(f"{each}.") or not each for each in requested)


def _of_failure(work: RootSession, found: Touched, texts: Texts) -> Iterator[lsp.CodeAction]:
    report = found.report
    if report is not None:
        offers = work.view.offers(report)
        for number, offer in enumerate(offers):
            edit = workspace_edit(work, offer, texts)
            if edit is not None:
                yield _accept(work, offer, edit, best=number == 0)
        for offer in offers:
            yield _command("Show diff: ", offer.title, "showDiff", {"root": str(work.root), "proposal": offer.id})
        for offer in offers:
            yield _command("Reject fix: ", offer.title, "reject", {"root": str(work.root), "proposal": offer.id})
    failure = report.fingerprint if report is not None else found.test
    about: dict[str, Any] = {"root": str(work.root), "failure": failure}
    yield _command("Explain failure", "", "explain", about)
    yield _command("Repair this failure", _price(work), "repair", {**about, "models": work.models})
    yield _command("Try again with a hint…", "", "retryWithHint", about)


def _accept(work: RootSession, offer: Offer, edit: lsp.WorkspaceEdit, *, best: bool) -> lsp.CodeAction:
    arguments = {"root": str(work.root), "proposal": offer.id, "edited": True}
    title = f"Accept fix: {offer.title}"
    return lsp.CodeAction(
        title=title,
        kind=lsp.CodeActionKind.QuickFix,
        is_preferred=best and offer.widely_proved and not offer.flagged,
        edit=edit,
        command=lsp.Command(title=title, command="lspRepair.selected", arguments=[arguments]),
    )


def _command(verb: str, title: str, name: str, arguments: dict[str, Any]) -> lsp.CodeAction:
    text = f"{verb}{title}"
    return lsp.CodeAction(
        title=text,
        kind=lsp.CodeActionKind.QuickFix,
        command=lsp.Command(title=text, command=f"lspRepair.{name}", arguments=[arguments]),
    )


def _price(work: RootSession) -> str:
    """Its greatest price, beforehand."""
    if not work.models:
        return " (no cost)"
    if work.most_usd is None:
        return " (models may be asked, no cap on money)"
    return f" (models may be asked, at most ${work.most_usd})"


def _fix_all(work: RootSession, texts: Texts) -> list[lsp.CodeAction]:
    """The best unflagged proposal of each failure, as far as they touch different files."""
    taken: set[str] = set()
    chosen: list[str] = []
    changes: list[Any] = []
    for report in work.view.reports.values():
        offer = next((each for each in work.view.offers(report) if not each.flagged), None)
        if offer is None or taken & {file.path for file in offer.files}:
            continue
        edit = workspace_edit(work, offer, texts)
        if edit is not None:
            changes += edit.document_changes or []
            taken |= {file.path for file in offer.files}
            chosen.append(offer.id)
    if not changes:
        return []
    edit = lsp.WorkspaceEdit(document_changes=changes)
    title, arguments = "Accept all unflagged fixes", {"root": str(work.root), "proposals": chosen, "edited": True}
    command = lsp.Command(title=title, command="lspRepair.selected", arguments=[arguments])
    return [lsp.CodeAction(title=title, kind=FIX_ALL, edit=edit, command=command)]


def workspace_edit(work: RootSession, offer: Offer, texts: Texts) -> lsp.WorkspaceEdit | None:
    """The versioned edit of a proposal; None where a text is not the one it was proved on."""
    changes: list[lsp.TextDocumentEdit | lsp.CreateFile | lsp.RenameFile | lsp.DeleteFile] = []
    for file in offer.files:
        text, version = texts.document(file.path)
        if text is None or not same_text(text, file.before):
            return None
        changes.append(
            lsp.TextDocumentEdit(
                text_document=lsp.OptionalVersionedTextDocumentIdentifier(uri=uri_of(work, file.path), version=version),
                edits=list(_text_edits(text, file, texts.units)),
            )
        )
    return lsp.WorkspaceEdit(document_changes=changes) if changes else None


def _text_edits(text: str, file: FileText, units: Callable[[str], int]) -> Iterator[lsp.TextEdit]:
    """Whole lines; only the end of a last line without an end is a column."""
    lines = plain_lines(text)
    end_of_text = lsp.Position(line=len(lines) - 1, character=units(lines[-1]))
    for edit in line_edits(text, file.before, file.after):
        start = lsp.Position(line=edit.first, character=0) if edit.first < len(lines) else end_of_text
        end = lsp.Position(line=edit.last, character=0) if edit.last < len(lines) else end_of_text
        yield lsp.TextEdit(range=lsp.Range(start=start, end=end), new_text=edit.text)


def uri_of(work: RootSession, path: str) -> str:
    """The address of a file of the root."""
    return (work.root / path).as_uri()


def hover_text(view: View, where: tuple[str, int], kind: lsp.MarkupKind) -> str | None:
    """What is known of the failures on a line (from 0), plain or in Markdown that holds no text as markup."""
    path, line = where
    is_plain = kind is lsp.MarkupKind.PlainText
    shown, strong, rule = (str, "{}", "\n\n") if is_plain else (_escaped, "**{}**", "\n\n---\n\n")
    quoted = "{}" if is_plain else "`{}`"
    parts: list[str] = []
    for test in view.failing.values():
        report = view.report_of(test.id)
        places = [test.place, *(report.places[:1] if report is not None else ())]
        if not any(place.path == path and place.line - 1 == line for place in places):
            continue
        lines = [f"{strong.format(shown(test.id))} fails: {shown(test.error_type)}"]
        if test.expected or test.actual:
            values = (quoted.format(_code(each)) for each in (test.expected, test.actual))
            lines.append("- expected {}\n- got {}".format(*values))
        if report is not None:
            lines.append(shown(report.explanation))
            lines += [f"- fix available: {shown(offer.title)}" for offer in view.offers(report)]
        parts.append("\n\n".join(lines))
    return rule.join(parts) or None


def _escaped(text: str) -> str:
    for mark in "\\`*_{}[]<>#|!":
        text = text.replace(mark, f"\\{mark}")
    return text


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")[:300]


def lenses(work: RootSession, view: View, path: str) -> list[lsp.CodeLens]:
    """On failing tests and on the most suspicious line of each failure."""
    found: list[lsp.CodeLens] = []
    for test in view.failing.values():
        report = view.report_of(test.id)
        offers = view.offers(report) if report is not None else ()
        title = f"✘ fails — {len(offers)} {'fix' if len(offers) == 1 else 'fixes'} proved" if offers else "✘ fails"
        if test.place.path == path:
            found.append(_lens(work, test.place.line, title, report.fingerprint if report else test.id))
    for report in view.reports.values():
        place = report.places[0] if report.places else None
        if place is not None and place.path == path and any(key in view.failing for key in report.tests):
            found.append(_lens(work, place.line, "suspicious: explain", report.fingerprint))
    return found


def _lens(work: RootSession, line: int, title: str, failure: str) -> lsp.CodeLens:
    at = lsp.Position(line=max(0, line - 1), character=0)
    command = lsp.Command(
        title=title, command="lspRepair.explain", arguments=[{"root": str(work.root), "failure": failure}]
    )
    return lsp.CodeLens(range=lsp.Range(start=at, end=at), command=command)


def value_hints(view: View, path: str, lines: range, texts: Texts) -> list[lsp.InlayHint]:
    """Values of variables where a test failed, behind the end of their lines."""
    text = plain_lines(texts.document(path)[0] or "")
    found: dict[tuple[int, str], lsp.InlayHint] = {}
    for report in view.reports.values():
        if not any(key in view.failing for key in report.tests):
            continue
        for at, number, values in report.values:
            index = number - 1
            if at == path and index in lines and index < len(text):
                position = lsp.Position(line=index, character=texts.units(text[index]))
                found[index, values] = lsp.InlayHint(position=position, label=f"  {values[:80]}", padding_left=True)
    return list(found.values())


def explanation_text(view: View, failure: str) -> str:
    """All that is known of a failure, as plain text."""
    report = view.reports.get(failure) or view.report_of(failure)
    if report is None:
        test = view.failing.get(failure)
        return (
            f"{failure}: {test.error_type}: {test.message}" if test is not None else "This failure is no longer there."
        )
    offers = [f"proved: {offer.title}" for offer in view.offers(report)]
    return "\n".join([", ".join(report.tests), report.explanation, *filter(None, [report.detail]), *offers])

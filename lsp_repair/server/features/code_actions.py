"""What the user can do about a failure: accept, look at or reject a fix, or repair it again."""

from collections.abc import Iterator, Sequence
from typing import Any

from lsprotocol import types as lsp

from lsp_repair.server.features.diagnostics import Touched
from lsp_repair.server.features.workspace_edits import appended, workspace_edit
from lsp_repair.server.state.buffers import Texts
from lsp_repair.server.state.view import Offer, View

FIX_ALL = "source.fixAll.lspRepair"
KINDS = [lsp.CodeActionKind.QuickFix, FIX_ALL]


def code_actions(
    view: View, failures: Sequence[Touched], texts: Texts, requested: Sequence[str] | None
) -> list[lsp.CodeAction]:
    """What can be done about these failures, best first; `requested` names kinds of actions (None: all)."""
    if requested and any(kind.startswith("source") for kind in requested):
        found = list(_fix_all(view, texts))
    else:
        found = [action for each in failures for action in _for_failure(view, each, texts)]
    return [each for each in found if _is_requested(each, requested)]


def _is_requested(action: lsp.CodeAction, requested: Sequence[str] | None) -> bool:
    kind = str(getattr(action.kind, "value", action.kind))
    return not requested or any(kind == each or kind.startswith(f"{each}.") or not each for each in requested)


def _for_failure(view: View, failure: Touched, texts: Texts) -> Iterator[lsp.CodeAction]:
    report = failure.report
    offers = view.offers(report)
    for number, offer in enumerate(offers):
        edit = workspace_edit(view, offer, texts)
        if edit is not None:
            yield _accept(view, offer, edit, best=number == 0)
    for offer in offers:
        yield _action(view, f"Show diff: {offer.title}", "showDiff", proposal=offer.id)
    for offer in offers:
        yield _action(view, f"Reject fix: {offer.title}", "reject", proposal=offer.id)
    name = report.fingerprint if report is not None else failure.test
    if report is not None and report.question is not None:
        for value, expression in report.question.answers:
            if expression:
                title = f"Answer: {report.question.call} is {value}"
                yield _action(view, title, "answer", failure=name, expression=expression)
    for case in report.new_cases if report is not None else ():
        added = appended(view, case.path, case.text, texts)
        if added is not None:
            yield lsp.CodeAction(title=f"Add a test: {case.expression}", kind=lsp.CodeActionKind.QuickFix, edit=added)
    yield _action(view, "Explain failure", "explain", failure=name)
    yield _action(view, f"Repair this failure ({_price(view)})", "repair", failure=name, models=view.models)
    yield _action(view, "Try again with a hint…", "retryWithHint", failure=name)


def _accept(view: View, offer: Offer, edit: lsp.WorkspaceEdit, *, best: bool) -> lsp.CodeAction:
    title = f"Accept fix: {offer.title}"
    return lsp.CodeAction(
        title=title,
        kind=lsp.CodeActionKind.QuickFix,
        is_preferred=best and offer.proved and offer.widely_proved and not offer.flagged,
        edit=edit,
        command=command(view, title, "selected", proposal=offer.id, edited=True),
    )


def _action(view: View, title: str, name: str, **arguments: Any) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=title, kind=lsp.CodeActionKind.QuickFix, command=command(view, title, name, **arguments)
    )


def _price(view: View) -> str:
    """The most that a repair can cost."""
    if not view.models:
        return "no cost"
    if view.most_usd is None:
        return "models may be asked, no cost limit"
    return f"models may be asked, at most ${view.most_usd}"


def _fix_all(view: View, texts: Texts) -> Iterator[lsp.CodeAction]:
    """The best proved and unflagged proposal of each failure, as far as they touch different files."""
    taken: set[str] = set()
    chosen: list[str] = []
    changes: list[Any] = []
    for report in view.reports.values():
        offer = next((each for each in view.offers(report) if each.proved and not each.flagged), None)
        if offer is None or taken & {file.path for file in offer.files}:
            continue
        edit = workspace_edit(view, offer, texts)
        if edit is not None:
            changes += edit.document_changes or []
            taken |= {file.path for file in offer.files}
            chosen.append(offer.id)
    if changes:
        title = "Accept all proved fixes"
        selected = command(view, title, "selected", proposals=chosen, edited=True)
        edit = lsp.WorkspaceEdit(document_changes=changes)
        yield lsp.CodeAction(title=title, kind=FIX_ALL, edit=edit, command=selected)


PREFIX = "lspRepair."


def command(view: View, title: str, name: str, **arguments: Any) -> lsp.Command:
    """A command of ours on a root."""
    return lsp.Command(title=title, command=f"{PREFIX}{name}", arguments=[{"root": str(view.root), **arguments}])

"""The edit that a proposal makes to the editor's buffers, and its diff."""

import difflib
from collections.abc import Callable, Iterator

from lsprotocol import types as lsp

from lsp_repair.server.state.buffers import Texts, line_edits, plain_lines, same_text
from lsp_repair.server.state.view import FileText, Offer, View


def workspace_edit(view: View, offer: Offer, texts: Texts) -> lsp.WorkspaceEdit | None:
    """The versioned edit of a proposal; None when a text is not the one it was proved on."""
    changes: list[lsp.TextDocumentEdit | lsp.CreateFile | lsp.RenameFile | lsp.DeleteFile] = []
    for file in offer.files:
        text, version = texts.document(file.path)
        if text is None or not same_text(text, file.before):
            return None
        document = lsp.OptionalVersionedTextDocumentIdentifier(uri=view.uri_of(file.path), version=version)
        changes.append(lsp.TextDocumentEdit(document, list(_text_edits(text, file, texts.units))))
    return lsp.WorkspaceEdit(document_changes=changes) if changes else None


def _text_edits(text: str, file: FileText, units: Callable[[str], int]) -> Iterator[lsp.TextEdit]:
    """Whole lines; only the end of a last line without a line end has a column."""
    lines = plain_lines(text)
    end_of_text = lsp.Position(line=len(lines) - 1, character=units(lines[-1]))
    for edit in line_edits(text, file.before, file.after):
        start = lsp.Position(line=edit.first, character=0) if edit.first < len(lines) else end_of_text
        end = lsp.Position(line=edit.last, character=0) if edit.last < len(lines) else end_of_text
        yield lsp.TextEdit(range=lsp.Range(start=start, end=end), new_text=edit.text)


def diff_text(offer: Offer) -> str:
    """A unified diff."""
    pieces: list[str] = [f"# {offer.title}\n", f"# run in isolation {offer.isolation}\n"]
    pieces += [f"# {line}\n" for line in offer.behaviour]
    pieces += [f"# note: {note}\n" for note in offer.notes]
    for file in offer.files:
        before, after = file.before.splitlines(keepends=True), file.after.splitlines(keepends=True)
        pieces += difflib.unified_diff(before, after, f"a/{file.path}", f"b/{file.path}")
    return "".join(each if each.endswith("\n") else f"{each}\n" for each in pieces)

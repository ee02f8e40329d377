"""The edit that a proposal makes to the editor's buffers, and its diff."""

import difflib
from collections.abc import Callable, Iterator, Sequence

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


def appended(view: View, path: str, more: str, texts: Texts) -> lsp.WorkspaceEdit | None:
    """The versioned edit that puts a text at the end of a file; None where it is there already, or the file is gone."""
    text, version = texts.document(path)
    if text is None or more.strip() in text:
        return None
    lines = plain_lines(text)
    end = _end_of(lines, texts.units)
    document = lsp.OptionalVersionedTextDocumentIdentifier(uri=view.uri_of(path), version=version)
    new_text = more if not lines[-1] else f"\n{more}"
    new_text = new_text.replace("\n", "\r\n") if "\r\n" in text else new_text
    return lsp.WorkspaceEdit(
        document_changes=[lsp.TextDocumentEdit(document, [lsp.TextEdit(lsp.Range(end, end), new_text)])]
    )


def _text_edits(text: str, file: FileText, units: Callable[[str], int]) -> Iterator[lsp.TextEdit]:
    """Whole lines; only the end of a last line without a line end has a column."""
    lines = plain_lines(text)
    end_of_text = _end_of(lines, units)
    for edit in line_edits(text, file.before, file.after):
        start = lsp.Position(line=edit.first, character=0) if edit.first < len(lines) else end_of_text
        end = lsp.Position(line=edit.last, character=0) if edit.last < len(lines) else end_of_text
        yield lsp.TextEdit(range=lsp.Range(start=start, end=end), new_text=edit.text)


def _end_of(lines: Sequence[str], units: Callable[[str], int]) -> lsp.Position:
    return lsp.Position(line=len(lines) - 1, character=units(lines[-1]))


def diff_text(offer: Offer) -> str:
    """A unified diff."""
    pieces: list[str] = [f"# {offer.title}\n", f"# run in isolation {offer.isolation}\n"]
    pieces += [f"# {line}\n" for line in offer.behaviour]
    pieces += [f"# note: {note}\n" for note in offer.notes]
    for file in offer.files:
        before, after = file.before.splitlines(keepends=True), file.after.splitlines(keepends=True)
        pieces += difflib.unified_diff(before, after, f"a/{file.path}", f"b/{file.path}")
    return "".join(each if each.endswith("\n") else f"{each}\n" for each in pieces)

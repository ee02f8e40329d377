"""Diagnostics for clients that ask for them: of the files they have open; all others are told."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer
    from lsp_repair.server.root_session import RootSession

OPTIONS = lsp.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="lsp-repair")


def pulls(server: "RepairServer") -> bool:
    """Whether the client asks for diagnostics, and asks again when it is told that they changed."""
    asks = server.can("text_document", "diagnostic") is not None
    return asks and bool(server.can("workspace", "diagnostics", "refresh_support"))


def pulled(
    server: "RepairServer", uri: str, previous: str | None
) -> lsp.RelatedFullDocumentDiagnosticReport | lsp.RelatedUnchangedDocumentDiagnosticReport:
    """What a file has now; nothing where it was told already, or is no file of ours."""
    found = server.work_at(uri) if pulls(server) else None
    items = server.publisher.diagnostics(*found) if found is not None else []
    name = _name(found[0] if found is not None else None, items)
    if name == previous:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
    return lsp.RelatedFullDocumentDiagnosticReport(items=items, result_id=name)


def _name(work: "RootSession | None", items: Sequence[lsp.Diagnostic]) -> str:
    """The same for the same diagnostics."""
    reported = [(str(each.range), each.message, str(each.code)) for each in items]
    return hashlib.sha256(
        repr((str(work.root) if work is not None else "", reported)).encode("utf-8", "replace")
    ).hexdigest()[:16]

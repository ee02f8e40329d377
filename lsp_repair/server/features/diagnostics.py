"""Diagnostics and status as the client gets them: sent when they are new, and not while somebody types."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from lsp_repair.server.features import code_actions
from lsp_repair.server.features.diagnostic_positions import Spot, by_path, spots
from lsp_repair.server.features.pull_diagnostics import pulls
from lsp_repair.server.root_session import Autonomy, RootSession
from lsp_repair.server.state.buffers import plain_lines

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer

SOURCE = "lsp-repair"
_NO_LINES: tuple[str, ...] = ()


class Publisher:
    """Remembers what was sent, so that each report of a worker does not send everything again."""

    def __init__(self, server: "RepairServer") -> None:
        self._server = server
        self._sent: dict[Path, dict[str, tuple[int, list[Spot]]]] = {}
        self._shown: dict[Path, tuple[Any, Any]] = {}

    def publish(self, work: RootSession) -> None:
        """The diagnostics of a root, then its status."""
        before = self._sent.get(work.root, {})
        now = {path: (work.view.runs, found) for path, found in by_path(self._spots(work)).items()}
        self._sent[work.root] = now
        changed = [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
        for path in changed:
            if not self._is_pulled(work, path):
                self._send(work, path, self.diagnostics(work, path))
        if any(self._is_pulled(work, path) for path in changed):
            self._server.soon(_courtesy(self._server.workspace_diagnostic_refresh_async(None)))
        self._send_status(work)
        self._refresh(work)

    def send_again(self, work: RootSession, path: str) -> None:
        """For a file that was just opened: some editors show nothing in it that they were told before."""
        if path in self._sent.get(work.root, {}):
            self._send(work, path, [] if pulls(self._server) else self.diagnostics(work, path))

    def closed(self, work: RootSession, path: str) -> None:
        """A client that asks does so for open files only."""
        if pulls(self._server) and path in self._sent.get(work.root, {}):
            self._send(work, path, self.diagnostics(work, path))

    def diagnostics(self, work: RootSession, path: str) -> list[lsp.Diagnostic]:
        """What a file has now, at the lines where it is now."""
        found = by_path(self._spots(work)).get(path, [])
        text = self._server.document(work, path)[0] if found else None
        lines = plain_lines(text or "")
        return [self._diagnostic(work, each, lines) for each in found]

    def _spots(self, work: RootSession) -> tuple[Spot, ...]:
        return () if work.autonomy is Autonomy.OFF else spots(self._server.view(work))

    def _is_pulled(self, work: RootSession, path: str) -> bool:
        return pulls(self._server) and self._server.buffer(work, path) is not None

    def _send(self, work: RootSession, path: str, found: list[lsp.Diagnostic]) -> None:
        document = self._server.buffer(work, path)
        self._server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(
                uri=document.uri if document is not None else code_actions.uri_of(work, path),
                version=document.version if document is not None else None,
                diagnostics=found,
            )
        )

    def _diagnostic(self, work: RootSession, spot: Spot, lines: list[str]) -> lsp.Diagnostic:
        related = [
            lsp.DiagnosticRelatedInformation(
                location=lsp.Location(
                    uri=code_actions.uri_of(work, place.path), range=self._range(place.line, _NO_LINES)
                ),
                message=message[:500],
            )
            for place, message in spot.related
        ]
        return lsp.Diagnostic(
            range=self._range(spot.place.line, lines),
            message=spot.message[:4000],
            severity=lsp.DiagnosticSeverity.Error if spot.severe else lsp.DiagnosticSeverity.Warning,
            code=spot.code,
            source=SOURCE,
            related_information=related or None,
        )

    def _range(self, number: int, lines: list[str] | tuple[str, ...]) -> lsp.Range:
        """What a line holds between its blanks."""
        index = max(0, number - 1)
        line = lines[index] if index < len(lines) else ""
        indent = line[: len(line) - len(line.lstrip())]
        start = self._server.units(indent)
        end = max(start + 1, self._server.units(line.rstrip()))
        return lsp.Range(start=lsp.Position(line=index, character=start), end=lsp.Position(line=index, character=end))

    def _send_status(self, work: RootSession) -> None:
        if not self._server.options.get("status"):
            return
        reported = {
            "root": str(work.root),
            "phase": str(work.view.phase),
            "failing": len(work.view.failing),
            "proposals": sum(len(work.view.offers(each)) for each in work.view.reports.values()),
            "costUsd": self._server.decisions.cost_today(),
            "text": work.view.text,
        }
        self._server.protocol.notify("lspRepair/status", reported)

    def _refresh(self, work: RootSession) -> None:
        """Lenses and hints are asked for again when somebody says that they changed."""
        now = work.view.failing, work.view.reports
        before = self._shown.get(work.root, ({}, {}))
        self._shown[work.root] = now
        if now == before:
            return
        if self._server.can("workspace", "code_lens", "refresh_support"):
            self._server.soon(_courtesy(self._server.workspace_code_lens_refresh_async(None)))
        if self._server.can("workspace", "inlay_hint", "refresh_support") and self._server.settings.get("inlayHints"):
            self._server.soon(_courtesy(self._server.workspace_inlay_hint_refresh_async(None)))


async def _courtesy(asking: Any) -> None:
    """A client may refuse it."""
    with contextlib.suppress(Exception):
        await asking

"""Sends diagnostics, status and progress when they are new, and not while somebody types."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from lsp_repair.server.client import Client
from lsp_repair.server.consent.client_configuration import Configuration
from lsp_repair.server.consent.decisions import Decisions
from lsp_repair.server.editor_workspace import EditorWorkspace
from lsp_repair.server.features import client_views
from lsp_repair.server.features.diagnostics import DiagnosticPosition, diagnostic_positions, diagnostics
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.view import BUSY, Autonomy, View

Sent = tuple[int, Sequence[DiagnosticPosition]]
"""The number of a run and the diagnostics of a file after it."""


class Publisher:
    """Remembers what was sent, so that a report of a worker does not send everything again."""

    def __init__(
        self, client: Client, workspace: EditorWorkspace, configuration: Configuration, decisions: Decisions
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._configuration = configuration
        self._decisions = decisions
        self._sent: dict[Path, dict[str, Sent]] = {}
        self._shown: dict[Path, tuple[Any, Any]] = {}

    def publish(self, session: RootSession) -> None:
        """The diagnostics of a root, then its status."""
        before = self._sent.get(session.root, {})
        found = diagnostic_positions(self._view(session))
        now: dict[str, Sent] = {path: (session.view.runs, each) for path, each in found.items()}
        self._sent[session.root] = now
        changed = [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
        for path in changed:
            if not self._is_pulled(session, path):
                self._send(session, path, self.diagnostics(session, path))
        if any(self._is_pulled(session, path) for path in changed):
            self._ask(self._client.server.workspace_diagnostic_refresh_async(None))
        if self._client.options.get("status"):
            status = client_views.status(session.view, self._decisions.cost_today())
            self._client.server.protocol.notify("lspRepair/status", status)
        self._refresh(session)

    def opened(self, session: RootSession, path: str) -> None:
        """Send again for a file that was just opened: some editors ignore what they got before."""
        if path in self._sent.get(session.root, {}):
            self._send(session, path, [] if self._client.pulls_diagnostics else self.diagnostics(session, path))

    def closed(self, session: RootSession, path: str) -> None:
        """A client that asks for diagnostics does so for open files only."""
        if self._client.pulls_diagnostics and path in self._sent.get(session.root, {}):
            self._send(session, path, self.diagnostics(session, path))

    def diagnostics(self, session: RootSession, path: str) -> list[lsp.Diagnostic]:
        """The diagnostics of a file, on the lines where they are now."""
        return diagnostics(self._view(session), path, self._workspace.texts(session.root))

    def _view(self, session: RootSession) -> View:
        return View(session.root) if session.autonomy is Autonomy.OFF else self._workspace.current(session.view)

    def _is_pulled(self, session: RootSession, path: str) -> bool:
        return self._client.pulls_diagnostics and self._workspace.document(session.root, path) is not None

    def _send(self, session: RootSession, path: str, found: list[lsp.Diagnostic]) -> None:
        document = self._workspace.document(session.root, path)
        uri, version = (session.view.uri_of(path), None) if document is None else (document.uri, document.version)
        self._client.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))

    def _refresh(self, session: RootSession) -> None:
        """Clients ask for lenses and hints again when they are told that these changed."""
        now = session.view.failing, session.view.reports
        before = self._shown.get(session.root, ({}, {}))
        self._shown[session.root] = now
        if now == before:
            return
        if self._client.can("workspace", "code_lens", "refresh_support"):
            self._ask(self._client.server.workspace_code_lens_refresh_async(None))
        wants_hints = self._configuration.settings.get("inlayHints")
        if wants_hints and self._client.can("workspace", "inlay_hint", "refresh_support"):
            self._ask(self._client.server.workspace_inlay_hint_refresh_async(None))

    def _ask(self, request: Awaitable[Any]) -> None:
        self._client.soon(_ignoring_refusal(request))


async def _ignoring_refusal(request: Awaitable[Any]) -> None:
    with contextlib.suppress(Exception):
        await request


_MAX_WAIT_SECONDS = 10.0


class ProgressReports:
    """One progress report for as long as a root is busy; its cancel button stops the work."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._news: dict[Path, asyncio.Event] = {}
        self._shown: dict[str | int, RootSession] = {}

    def follow(self, session: RootSession) -> None:
        """The view of this session changed."""
        news = self._news.get(session.root)
        if news is not None:
            news.set()
        elif session.view.phase in BUSY and self._client.can("window", "work_done_progress"):
            self._news[session.root] = asyncio.Event()
            self._client.soon(self._show(session, str(uuid.uuid4())))

    def cancelled(self, token: str | int) -> None:
        """The user pressed the button."""
        if token in self._shown:
            self._shown[token].cancel()

    async def _show(self, session: RootSession, token: str) -> None:
        progress: Any = self._client.server.work_done_progress
        try:
            await asyncio.wait_for(progress.create_async(token), _MAX_WAIT_SECONDS)
            self._shown[token] = session
            begin = lsp.WorkDoneProgressBegin(title=session.root.name, message=session.view.text, cancellable=True)
            progress.begin(token, begin)
            await self._report(session, token)
            progress.end(token, lsp.WorkDoneProgressEnd(message=session.view.text))
        except Exception as error:  # noqa: BLE001 - whatever the client objects to, the work goes on
            self._client.log(error)
            while session.view.phase in BUSY:
                await self._next(session)
        finally:
            self._shown.pop(token, None)
            self._news.pop(session.root, None)
            with contextlib.suppress(KeyError):
                progress.tokens.pop(token)

    async def _report(self, session: RootSession, token: str) -> None:
        said = session.view.text
        while session.view.phase in BUSY:
            if session.view.text != said:
                said = session.view.text
                report = lsp.WorkDoneProgressReport(message=said)
                self._client.server.work_done_progress.report(token, report)
            await self._next(session)

    async def _next(self, session: RootSession) -> None:
        news = self._news[session.root]
        await news.wait()
        news.clear()

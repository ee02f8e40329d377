"""The language server of one editor: its sessions, and what the editor's notifications mean for them."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from lsp_repair import __version__
from lsp_repair.server.client import Client
from lsp_repair.server.consent.acceptance import Acceptance
from lsp_repair.server.consent.client_configuration import Configuration, changes_runs
from lsp_repair.server.consent.decisions import Decisions
from lsp_repair.server.consent.trust_requests import Trust
from lsp_repair.server.editor_workspace import EditorWorkspace
from lsp_repair.server.file_watching import PendingChanges, SeenWrites, Watcher
from lsp_repair.server.lenient_protocol import AnsweringProtocol, lenient_converter
from lsp_repair.server.listening import Listening
from lsp_repair.server.publisher import ProgressReports, Publisher
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.view import Ask, Autonomy
from lsp_repair.server.workers.client_models import ClientModels
from lsp_repair.server.workspace_roots import local_path, roots_below

_MAX_STARTED = 8
"""This many roots run by themselves at the start; the others when one of their files is opened or saved."""


class RepairServer(Listening):
    """One editor's server, for all folders of its workspace."""

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - the library leaves its factory's type open
            "lsp-repair",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
            converter_factory=lenient_converter,
            protocol_cls=AnsweringProtocol,
            max_workers=2,
        )
        self.sessions: dict[Path, RootSession] = {}
        self.client = Client(self)
        self.files = EditorWorkspace(self)
        self.decisions = Decisions()
        self.configuration = Configuration(self.client)
        self.trust = Trust(self.client, self.decisions, self.files.folder_of, self._trusted)
        self.acceptance = Acceptance(self.client, self.files, self.decisions, self.run_changed)
        self.progress_reports = ProgressReports(self.client)
        self.publisher = Publisher(self.client, self.files, self.configuration, self.decisions)
        self.watcher = Watcher(lambda file: self.written(file.as_uri()))
        self._pending = PendingChanges(self._files_changed)
        self._writes = SeenWrites()

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 - the library's signature
        """To the log, not into a popup: no fault of ours interrupts the user."""
        self.client.log(error)

    # Sessions

    def session_at(self, uri: str) -> tuple[RootSession, str] | None:
        """The session of a file's root, and its path there; None for a file of no project."""
        place = self.files.place_of(uri)
        return (self._session(place[0]), place[1]) if place is not None else None

    def find_session(self, root: str) -> RootSession | None:
        """A session by its root."""
        return self.sessions.get(Path(root)) or self.sessions.get(Path(os.path.realpath(root)))

    def _session(self, root: Path) -> RootSession:
        if root not in self.sessions:
            models = ClientModels(self) if self.client.options.get("editorModels") is True else None
            self.sessions[root] = RootSession(root, self.configuration.settings, self._changed, models)
        return self.sessions[root]

    def _changed(self, session: RootSession) -> None:
        """Something new is known of this root: publish it, since no client asks by itself."""
        self.publisher.publish(session)
        self.progress_reports.follow(session)
        if session.refused_for_isolation and not session.busy:
            self.trust.ask_for_weak_isolation(session)

    def close(self) -> None:
        """End all processes."""
        for session in self.sessions.values():
            session.stop()
        self.watcher.close()
        self.decisions.close()

    # Folders

    async def start_folders(self) -> None:
        """Run what the workspace holds once, so that the first change finds a baseline."""
        folders = self.files.folders
        for folder in folders:
            await self.watcher.watch(folder)
        if self.watcher.problem:
            self.client.warn_once(self.watcher.problem)
        roots = [root for folder in folders for root in await asyncio.to_thread(roots_below, folder)]
        for root in roots[:_MAX_STARTED]:
            self.files.roots.of(root / "conftest.py", folders)  # known from now on, whatever is removed later
            await self.start(self._session(root))

    async def folders_changed(self) -> None:
        """Stop what no workspace folder holds any longer, and start what is new."""
        self.files.folders_changed()
        for root, session in list(self.sessions.items()):
            if not self.files.holds(root):
                session.forget()
                del self.sessions[root]
        await self.start_folders()

    async def settings_changed(self, pushed: Any) -> None:
        """Ask for all settings again; where they make a difference, the tests run again."""
        sessions = dict(self.sessions)
        for root, settings in (await self.configuration.changed(pushed, list(sessions))).items():
            session = sessions[root]
            if self.sessions.get(root) is not session:
                continue  # its folder has left the workspace
            before, session.settings = session.settings, settings
            if session.autonomy is Autonomy.OFF:
                session.forget()
            elif session.started and changes_runs(before, settings):
                await self.run_all(session)
            elif not session.started:
                await self.start(session)

    # Runs

    @property
    def runs_manually(self) -> bool:
        """Whether tests run only when the user says so."""
        return self.configuration.settings.get("runOn") == "manual"

    async def start(self, session: RootSession) -> None:
        """Run its tests unless they ran already, or run only when the user says so."""
        if session.started or self.runs_manually:
            return
        session.started = True
        session.settings = await self.configuration.settings_of(session.root)
        session.started = await self.run_all(session)

    async def run_all(self, session: RootSession) -> bool:
        """Run all tests again; whether they may run."""
        if not self._may_run(session):
            return False
        await session.run_all(self.files.buffers(session.root))
        return True

    async def run_changed(self, session: RootSession, paths: Iterable[str]) -> None:
        """Run the tests that these files can affect."""
        if self._may_run(session):
            await session.files_changed(paths, self.files.buffers(session.root))

    async def repair(self, session: RootSession, failure: str, *, models: bool, hint: str = "") -> None:
        """Start a repair that the user asked for."""
        tests = session.view.tests_of(failure)
        if tests and self._may_run(session):
            await session.repair(Ask(tests, models, hint))

    def _may_run(self, session: RootSession) -> bool:
        return session.autonomy is not Autonomy.OFF and self.trust.allows(session)

    async def _trusted(self, folder: Path) -> None:
        for session in list(self.sessions.values()):
            if session.root.is_relative_to(folder):
                await self.run_all(session)

    # Changes

    def opened(self, uri: str) -> None:
        """The tests of a root run when one of its files is opened for the first time."""
        found = self.session_at(uri)
        if found is None:
            return
        session, path = found
        text = self.files.text(session.root, path)[0]
        if text is not None:
            session.opened(path, text)
        if session.started:
            self.publisher.opened(session, path)
        else:
            self.client.soon(self.start(session))

    def text_changed(self, uri: str) -> None:
        """An edit arrived: it may be one that was expected, or undo what ran without being saved."""
        self.acceptance.text_changed()
        found = self.session_at(uri)
        if found is not None and found[0].ran_unsaved(found[1]) and self.files.is_saved(found[0].root, found[1]):
            self._pending.add(found[0].root, found[1])

    def saved(self, uri: str) -> None:
        """The editor wrote a file."""
        file = local_path(uri)
        if file is not None:
            self._writes.add(file)
            self._noticed(file, uri)

    def written(self, uri: str) -> None:
        """Somebody wrote a file, as the client reports; it reports the editor's own writes too."""
        file = local_path(uri)
        if file is not None and self._writes.add(file):
            self._noticed(file, uri)

    def _noticed(self, file: Path, uri: str) -> None:
        self.files.roots.written(file)
        found = self.session_at(uri)
        if found is not None:
            self._pending.add(found[0].root, found[1])

    def closed(self, uri: str) -> None:
        """Unsaved text is lost; closing a saved file changes nothing."""
        found = self.session_at(uri)
        if found is None:
            return
        self.publisher.closed(*found)
        if found[0].ran_unsaved(found[1]):
            self._pending.add(found[0].root, found[1])

    def _files_changed(self, root: Path, paths: set[str]) -> None:
        session = self.sessions.get(root)
        if session is not None and not self.runs_manually:
            self.client.soon(self.run_changed(session, paths) if session.started else self.start(session))

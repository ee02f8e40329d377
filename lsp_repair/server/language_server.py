"""The language server: its handlers look things up in what is known, and tell the workers what changed."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lsp_repair import __version__
from lsp_repair.server import actions
from lsp_repair.server.buffers import same_text
from lsp_repair.server.deciding import Decisions
from lsp_repair.server.findings import Offer, Report
from lsp_repair.server.folder import Ask, Autonomy, FolderWork
from lsp_repair.server.lenient import lenient_converter
from lsp_repair.server.roots import root_of
from lsp_repair.server.showing import diff_text
from lsp_repair.server.spots import Spot, by_path, spots, touched
from lsp_repair.server.watching import Watcher

_DEBOUNCE_SECONDS = 0.15
_ACCEPT_SECONDS = 2.0
SOURCE = "lsp-repair"


class RepairServer(LanguageServer):
    """One editor's server, for all folders of its workspace."""

    def __init__(self) -> None:
        super().__init__(
            "lsp-repair",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
            converter_factory=lenient_converter,
            max_workers=2,
        )
        self.works: dict[Path, FolderWork] = {}
        self.options: Mapping[str, Any] = {}
        self.settings: Mapping[str, Any] = {}
        self.decisions = Decisions()
        self.watcher = Watcher(self._disk_changed)
        self.accepted: dict[str, tuple[Report, Offer]] = {}
        self._published: dict[Path, set[str]] = {}
        self._told: set[str] = set()
        self._due: dict[Path, set[str]] = {}
        self._due_handle: dict[Path, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._expected: dict[str, tuple[FolderWork, Offer, asyncio.TimerHandle]] = {}

    # What the client can do

    def _can(self, *names: str) -> Any:
        """A capability of the client by its path; None when it has none."""
        value: Any = self.client_capabilities
        for name in names:
            value = getattr(value, name, None)
            if value is None:
                return None
        return value

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 - the library's signature
        """To the log, not into a popup: no fault of ours interrupts the user."""
        with contextlib.suppress(Exception):
            self.window_log_message(
                lsp.LogMessageParams(type=lsp.MessageType.Error, message=f"{type(error).__name__}: {error}")
            )

    def soon(self, doing: Any) -> None:
        """Let a coroutine run; its errors go to the log."""
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.report_server_error(error if isinstance(error, Exception) else RuntimeError(str(error)), None)

    # Folders

    def work_at(self, uri: str) -> tuple[FolderWork, str] | None:
        """The folder that a file belongs to, and its path there; None for what is no file of a project."""
        if not uri.startswith("file:"):
            return None
        name = to_fs_path(uri)
        root = root_of(Path(name), self._folders()) if name else None
        if name is None or root is None:
            return None
        work = self.works.get(root)
        if work is None:
            work = self.works[root] = FolderWork(root, self.settings, self._changed)
        return work, Path(os.path.realpath(name)).relative_to(root).as_posix()

    def _folders(self) -> list[Path]:
        paths = [to_fs_path(each.uri) for each in self.workspace.folders.values()]
        if not paths and self.workspace.root_path:
            paths = [self.workspace.root_path]
        return [Path(os.path.realpath(each)) for each in paths if each]

    def start_folders(self) -> None:
        """Run what the workspace holds once, so that the first change finds a baseline."""
        for folder in self._folders():
            found = self.work_at((folder / "__init__.py").as_uri())
            if found is not None:
                self.watcher.watch(folder)
                self.soon(self._run_all(found[0]))

    async def _run_all(self, work: FolderWork) -> None:
        if self._may_run(work):
            await work.run_all(self.overlays(work))

    def _may_run(self, work: FolderWork) -> bool:
        """Whether tests of this folder may run; says once why not, with the way out."""
        if work.autonomy is Autonomy.OFF:
            return False
        if self.options.get("trusted") is True or self.decisions.is_trusted(work.root):
            return True
        way = f"run: lsp-repair trust {work.root}"
        work.refuse(f"the tests of {work.root} are not run: the folder is not trusted; {way}")
        if str(work.root) not in self._told:
            self._told.add(str(work.root))
            self.soon(self._ask_for_trust(work, way))
        return False

    async def _ask_for_trust(self, work: FolderWork, way: str) -> None:
        text = f"lsp-repair runs the tests of {work.root.name}, which is code of this folder. Do you trust it?"
        if self._can("window", "show_message") is None:
            message = f"lsp-repair does not run the tests of {work.root}: the folder is not trusted. To trust it, {way}"
            self.window_show_message(lsp.ShowMessageParams(type=lsp.MessageType.Warning, message=message))
            return
        yes, no = lsp.MessageActionItem(title="Trust"), lsp.MessageActionItem(title="Not now")
        asked = lsp.ShowMessageRequestParams(type=lsp.MessageType.Warning, message=text, actions=[yes, no])
        answer = await self.window_show_message_request_async(asked)
        if answer is not None and answer.title == yes.title:
            await self.trust(work)

    async def trust(self, work: FolderWork) -> None:
        """From now on its tests may run."""
        self.decisions.trust(work.root)
        await self._run_all(work)

    # Texts

    def document(self, work: FolderWork, path: str) -> tuple[str | None, int | None]:
        """Text and version of a file: the editor's buffer, else the disk's."""
        buffer = self._buffer(work, path)
        if buffer is not None:
            return buffer.source, buffer.version
        return _read(work.root / path), None

    def _buffer(self, work: FolderWork, path: str) -> Any:
        """The open document of a file; editors may know the root by another name."""
        wanted = work.root / path
        for uri, document in self.workspace.text_documents.items():
            name = to_fs_path(uri) if uri.startswith("file:") else None
            if name and name.endswith(wanted.name) and Path(os.path.realpath(name)) == wanted:
                return document
        return None

    def overlays(self, work: FolderWork) -> dict[str, str]:
        """Unsaved buffers of a root, by path."""
        found: dict[str, str] = {}
        for uri, document in self.workspace.text_documents.items():
            at = self.work_at(uri)
            if at is None or at[0] is not work or not at[1].endswith((".py", ".pyi", ".toml", ".ini", ".cfg", ".txt")):
                continue
            disk = _read(work.root / at[1])
            if disk is None or not same_text(document.source, disk):
                found[at[1]] = document.source
        return found

    # Changes

    def saved(self, uri: str) -> None:
        """A file was written."""
        found = self.work_at(uri)
        if found is not None:
            self._soon_changed(*found)

    def _disk_changed(self, file: Path) -> None:
        """From the watcher."""
        self.saved(file.as_uri())

    def _soon_changed(self, work: FolderWork, path: str) -> None:
        """Several writes at once are one change."""
        self._due.setdefault(work.root, set()).add(path)
        waiting = self._due_handle.pop(work.root, None)
        if waiting is not None:
            waiting.cancel()
        loop = asyncio.get_running_loop()
        self._due_handle[work.root] = loop.call_later(_DEBOUNCE_SECONDS, lambda: self.soon(self._changed_files(work)))

    async def _changed_files(self, work: FolderWork) -> None:
        paths = self._due.pop(work.root, set())
        if self.settings.get("runOn", "save") == "save" and self._may_run(work):
            await work.files_changed(paths, self.overlays(work))

    # Telling

    def _changed(self, work: FolderWork) -> None:
        """Something is known now that was not: diagnostics follow, since no client asks by itself."""
        self._publish(work)
        if self.options.get("status"):
            proposals = sum(len(work.view.offers(each)) for each in work.view.reports.values())
            self.protocol.notify(
                "lspRepair/status",
                {
                    "root": str(work.root),
                    "phase": str(work.view.phase),
                    "failing": len(work.view.red),
                    "proposals": proposals,
                    "costUsd": self.decisions.cost_today(),
                    "text": work.view.text,
                },
            )

    def _publish(self, work: FolderWork) -> None:
        grouped = by_path(spots(work.view)) if work.autonomy is not Autonomy.OFF else {}
        before = self._published.get(work.root, set())
        for path in before - grouped.keys():
            self._send_diagnostics(work, path, [])
        for path, found in grouped.items():
            self._send_diagnostics(work, path, found)
        self._published[work.root] = set(grouped)

    def _send_diagnostics(self, work: FolderWork, path: str, found: list[Spot]) -> None:
        document = self._buffer(work, path)
        uri = document.uri if document is not None else actions.uri_of(work, path)
        text = document.source if document is not None else (_read(work.root / path) or "")
        lines = text.split("\n")
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(
                uri=uri,
                version=document.version if document is not None else None,
                diagnostics=[self._diagnostic(work, each, lines) for each in found],
            )
        )

    def _diagnostic(self, work: FolderWork, spot: Spot, lines: list[str]) -> lsp.Diagnostic:
        related = [
            lsp.DiagnosticRelatedInformation(
                location=lsp.Location(uri=actions.uri_of(work, place.path), range=_line_range(place.line - 1, "")),
                message=message[:500],
            )
            for place, message in spot.related
        ]
        index = spot.place.line - 1
        return lsp.Diagnostic(
            range=_line_range(index, lines[index] if index < len(lines) else ""),
            message=spot.message[:4000],
            severity=lsp.DiagnosticSeverity.Error if spot.severe else lsp.DiagnosticSeverity.Warning,
            code=spot.code,
            source=SOURCE,
            related_information=related or None,
        )

    # Decisions

    def selected(self, work: FolderWork, proposal: str) -> None:
        """The user chose a proposal: it is accepted when the texts are the proved ones."""
        found = work.view.find(proposal)
        if found is None:
            return
        if self._holds(work, found[1]):
            self._accepted(work, found[1])
            return
        loop = asyncio.get_running_loop()
        handle = loop.call_later(_ACCEPT_SECONDS, partial(self._stale, work, found[1]))
        self._expected[proposal] = (work, found[1], handle)

    def texts_changed(self) -> None:
        """An edit arrived: it may be the one that was waited for."""
        for proposal, (work, offer, handle) in list(self._expected.items()):
            if self._holds(work, offer):
                handle.cancel()
                del self._expected[proposal]
                self._accepted(work, offer)

    def _holds(self, work: FolderWork, offer: Offer) -> bool:
        texts = ((self.document(work, file.path)[0], file.after) for file in offer.files)
        return all(text is not None and same_text(text, after) for text, after in texts)

    def _accepted(self, work: FolderWork, offer: Offer) -> None:
        self.decisions.record(offer.id, "accepted")
        found = work.view.find(offer.id)
        if found is not None:
            self.accepted[offer.id] = found
        work.hide(offer.id)
        self.soon(work.files_changed([file.path for file in offer.files], self.overlays(work)))

    def _stale(self, work: FolderWork, offer: Offer) -> None:
        self._expected.pop(offer.id, None)
        self.decisions.record(offer.id, "stale")
        work.hide(offer.id)
        message = (
            "The fix was not applied as it was proved, because the text had changed; the failure is checked again."
        )
        self.window_show_message(lsp.ShowMessageParams(type=lsp.MessageType.Warning, message=message))
        self.soon(work.files_changed([file.path for file in offer.files], self.overlays(work)))

    def find_work(self, root: str) -> FolderWork | None:
        """A folder by its root."""
        return self.works.get(Path(root)) or self.works.get(Path(os.path.realpath(root)))

    def touched_at(self, uri: str, lines: range) -> tuple[FolderWork, Any, Callable[[str], Any]] | None:
        """What failed on these lines of a document."""
        at = self.work_at(uri)
        if at is None:
            return None
        work, path = at
        document = partial(self.document, work)
        return work, touched(work.view, path, lines, lambda each: document(each)[0]), document

    async def ask_repair(self, work: FolderWork, failure: str, *, models: bool, hint: str) -> None:
        """Start a repair that the user asked for."""
        tests = actions.tests_of(work.view, failure)
        if tests and self._may_run(work):
            await work.repair(Ask(tests, models, hint))

    async def run_all(self, work: FolderWork) -> None:
        """Everything anew."""
        await self._run_all(work)

    async def revert(self, work: FolderWork, proposal: str) -> None:
        """Offer the edit that takes an accepted fix back."""
        found = work.view.find(proposal) or self.accepted.get(proposal)
        if found is None:
            return
        offer = found[1]
        back = replace(offer, files=tuple(replace(file, before=file.after, after=file.before) for file in offer.files))
        edit = actions.workspace_edit(work, back, partial(self.document, work))
        if edit is None:
            message = "The fix cannot be taken back: the text was changed since. Use the editor's undo."
            self.window_show_message(lsp.ShowMessageParams(type=lsp.MessageType.Warning, message=message))
            return
        with contextlib.suppress(Exception):  # a client may answer a stale edit with an error
            answer = await self.workspace_apply_edit_async(lsp.ApplyWorkspaceEditParams(edit=edit, label="Revert fix"))
            if answer.applied:
                self.decisions.record(proposal, "reverted")
                await work.files_changed([file.path for file in offer.files], self.overlays(work))

    async def show_diff(self, work: FolderWork, proposal: str) -> str | None:
        """The diff as text; opened where the client can show documents."""
        found = work.view.find(proposal)
        if found is None:
            return None
        text = diff_text(found[1])
        if self._can("window", "show_document", "support"):
            file = self.decisions.diff_file(proposal, text)
            if file is not None:
                with contextlib.suppress(Exception):  # showing is a courtesy
                    await self.window_show_document_async(lsp.ShowDocumentParams(uri=file.as_uri(), take_focus=True))
        return text

    def edit_of(self, work: FolderWork, proposal: str) -> lsp.WorkspaceEdit | None:
        """The versioned edit of a proposal; None where it is stale."""
        found = work.view.find(proposal)
        return None if found is None else actions.workspace_edit(work, found[1], partial(self.document, work))

    def close(self) -> None:
        """Leave no process behind."""
        for work in self.works.values():
            work.stop()
        self.watcher.close()
        self.decisions.close()


def _line_range(index: int, line: str) -> lsp.Range:
    index = max(0, index)
    start = len(line) - len(line.lstrip())
    end = max(start + 1, len(line.rstrip().encode("utf-16-le", "surrogatepass")) // 2)
    return lsp.Range(start=lsp.Position(line=index, character=start), end=lsp.Position(line=index, character=end))


def _read(file: Path) -> str | None:
    from lsp_repair.domain.encoding import decoded  # noqa: PLC0415 - kept out of the start

    try:
        found = decoded(file.read_bytes())
    except OSError:
        return None
    return found[0] if found is not None else None

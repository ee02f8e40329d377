"""The language server: its handlers look things up in what is known, and tell the workers what changed."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from lsp_repair import __version__
from lsp_repair.server.consent.acceptance import Acceptance
from lsp_repair.server.consent.client_configuration import Configuration
from lsp_repair.server.consent.decisions import Decisions
from lsp_repair.server.consent.trust_requests import Trust
from lsp_repair.server.features.code_actions import Texts
from lsp_repair.server.features.diagnostic_positions import Touched, touched
from lsp_repair.server.features.diagnostics import Publisher
from lsp_repair.server.features.progress import Progress
from lsp_repair.server.file_watching import Watcher
from lsp_repair.server.lenient_protocol import AnsweringProtocol, lenient_converter
from lsp_repair.server.listening import Listening
from lsp_repair.server.root_session import Ask, Autonomy, Buffers, RootSession, View, tests_of
from lsp_repair.server.state.buffers import same_text
from lsp_repair.server.state.line_mapping import moved
from lsp_repair.server.workers.client_models import ClientModels
from lsp_repair.server.workspace_roots import Roots, local_path, roots_below

_DEBOUNCE_SECONDS = 0.15
_MAX_STARTED = 8
"""So many roots run by themselves at the start; the others when one of their files is opened or saved."""
_OVERLAID = (".py", ".pyi", ".toml", ".ini", ".cfg", ".txt", ".json", ".yaml", ".yml", ".csv")


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
        self.works: dict[Path, RootSession] = {}
        self.options: Mapping[str, Any] = {}
        self.settings: Mapping[str, Any] = {}
        self.decisions = Decisions()
        self.configuration = Configuration(self)
        self.acceptance = Acceptance(self)
        self.busy_signs = Progress(self)
        self.watcher = Watcher(self._disk_changed)
        self.publisher = Publisher(self)
        self._trust = Trust(self)
        self._roots = Roots()
        self._said: set[str] = set()
        self._folders_changed = False
        self._due: dict[Path, set[str]] = {}
        self._due_handle: dict[Path, asyncio.TimerHandle] = {}
        self._written: dict[Path, tuple[int, int, int] | None] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # The client

    def can(self, *names: str) -> Any:
        """A capability of the client by its path; None when it has none."""
        value: Any = self.client_capabilities
        for name in names:
            value = getattr(value, name, None)
            if value is None:
                return None
        return value

    @property
    def hover_kind(self) -> lsp.MarkupKind:
        """Markdown where the client shows it."""
        formats = self.can("text_document", "hover", "content_format") or ()
        return lsp.MarkupKind.Markdown if lsp.MarkupKind.Markdown in formats else lsp.MarkupKind.PlainText

    def say(self, text: str, kind: lsp.MessageType = lsp.MessageType.Info) -> None:
        """In the editor's way of showing messages."""
        self.window_show_message(lsp.ShowMessageParams(type=kind, message=text))

    def say_once(self, text: str) -> None:
        """What is no news the second time."""
        if text not in self._said:
            self._said.add(text)
            self.say(text, lsp.MessageType.Warning)

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002 - the library's signature
        """To the log, not into a popup: no fault of ours interrupts the user."""
        with contextlib.suppress(Exception):
            message = f"{type(error).__name__}: {error}"
            self.window_log_message(lsp.LogMessageParams(type=lsp.MessageType.Error, message=message))

    def soon(self, doing: Coroutine[Any, Any, Any]) -> None:
        """Let a coroutine run; its errors go to the log."""
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.report_server_error(error if isinstance(error, Exception) else RuntimeError(str(error)), None)

    # Folders

    def work_at(self, uri: str) -> tuple[RootSession, str] | None:
        """The root that a file belongs to, and its path there; None for what is no file of a project."""
        file = local_path(uri)
        found = self._roots.of(file, self._folders()) if file is not None else None
        return (self._work(found[0]), found[1]) if found is not None else None

    def _work(self, root: Path) -> RootSession:
        if root not in self.works:
            self.works[root] = RootSession(
                root,
                self.settings,
                self._changed,
                ClientModels(self) if self.options.get("editorModels") is True else None,
            )
        return self.works[root]

    def find_work(self, root: str) -> RootSession | None:
        """A folder by its root."""
        return self.works.get(Path(root)) or self.works.get(Path(os.path.realpath(root)))

    def _folders(self) -> list[Path]:
        uris = [each.uri for each in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri and not self._folders_changed:
            uris = [self.workspace.root_uri]
        return [Path(os.path.realpath(each)) for each in map(local_path, uris) if each is not None]

    def folder_of(self, root: Path) -> Path:
        """The workspace folder that a root lies in; a root around its folder is its own."""
        return next((folder for folder in self._folders() if root.is_relative_to(folder)), root)

    async def start_folders(self) -> None:
        """Run what the workspace holds once, so that the first change finds a baseline."""
        folders = self._folders()
        for folder in folders:
            await self.watcher.watch(folder)
        if self.watcher.problem:
            self.say_once(self.watcher.problem)
        roots = [root for folder in folders for root in await asyncio.to_thread(roots_below, folder)]
        for root in roots[:_MAX_STARTED]:
            self._roots.of(root / "conftest.py", folders)  # known from now on, whatever is removed later
            await self.start(self._work(root))

    def leave_folders(self) -> None:
        """Stop what no workspace folder holds any longer; from now on the list counts, even when it is empty."""
        self._folders_changed = True
        folders = self._folders()
        for root, work in list(self.works.items()):
            if not any(root.is_relative_to(each) or each.is_relative_to(root) for each in folders):
                work.forget()
                del self.works[root]

    async def start(self, work: RootSession) -> None:
        """Run its tests unless they ran, or the user wants to say when."""
        if work.started or self.runs_manually:
            return
        work.started = True
        await self.configuration.configure(work)
        work.started = await self.run_all(work)

    @property
    def runs_manually(self) -> bool:
        """Whether tests run only at the user's word."""
        return self.settings.get("runOn") == "manual"

    async def run_all(self, work: RootSession) -> bool:
        """Everything anew; whether it may."""
        if not self.may_run(work):
            return False
        await work.run_all(self.buffers(work))
        return True

    def may_run(self, work: RootSession) -> bool:
        """Whether tests of this folder may run; says once why not, with the way out."""
        return work.autonomy is not Autonomy.OFF and self._trust.allows(work)

    async def trust(self, folder: Path) -> None:
        """From now on the tests below it may run."""
        self.decisions.trust(folder)
        self._trust.granted(folder)
        for work in list(self.works.values()):
            if work.root.is_relative_to(folder):
                await self.run_all(work)

    # Texts

    def units(self, text: str) -> int:
        """How long a text is in the units that were agreed with the client."""
        return int(self.workspace.position_codec.client_num_units(text))

    def texts(self, work: RootSession) -> Texts:
        """The texts of a root as requests look them up."""
        return Texts(partial(self.document, work), self.units)

    def document(self, work: RootSession, path: str) -> tuple[str | None, int | None]:
        """Text and version of a file: the editor's buffer, else the disk's."""
        buffer = self.buffer(work, path)
        if buffer is not None:
            return buffer.source, buffer.version
        return _read(work.root / path), None

    def buffer(self, work: RootSession, path: str) -> Any:
        """The open document of a file; editors may know the root by another name."""
        requested = work.root / path
        for document in self.workspace.text_documents.values():
            file = local_path(document.uri)
            if file is not None and file.name == requested.name and Path(os.path.realpath(file)) == requested:
                return document
        return None

    def buffers(self, work: RootSession) -> Buffers:
        """The open documents of a root."""
        texts: dict[str, str] = {}
        unsaved: dict[str, str] = {}
        for document in self.workspace.text_documents.values():
            at = self.work_at(document.uri)
            if at is None or at[0] is not work or not at[1].endswith(_OVERLAID):
                continue
            texts[at[1]] = document.source
            disk = _read(work.root / at[1])
            if disk is None or not same_text(document.source, disk):
                unsaved[at[1]] = document.source
        return Buffers(texts, unsaved)

    def view(self, work: RootSession) -> View:
        """What is known of a root, its lines where they are now."""
        then = work.view.texts
        buffers = ((path, text, self.buffer(work, path)) for path, text in then.items())
        return moved(work.view, [(path, text, now.source) for path, text, now in buffers if now is not None])

    def touched_at(self, uri: str, lines: range) -> tuple[RootSession, tuple[Touched, ...], Texts] | None:
        """What failed on these lines of a document."""
        at = self.work_at(uri)
        if at is None:
            return None
        work, path = at
        texts = self.texts(work)
        return work, touched(self.view(work), path, lines, lambda each: texts.document(each)[0]), texts

    # Changes

    def opened(self, uri: str) -> None:
        """The tests of a root run from the first look into it."""
        found = self.work_at(uri)
        if found is None:
            return
        text = self.document(*found)[0]
        if text is not None:
            found[0].opened(found[1], text)
        if found[0].started:
            self.publisher.send_again(*found)
        else:
            self.soon(self.start(found[0]))

    def saved(self, uri: str) -> None:
        """The editor wrote a file."""
        found = self._noticed(uri)
        if found is not None:
            self._soon_changed(*found)

    def closed(self, uri: str) -> None:
        """What was not saved is gone; closing a file that was saved changes nothing."""
        found = self.work_at(uri)
        if found is None:
            return
        self.publisher.closed(*found)
        if found[0].ran_unsaved(found[1]):
            self._soon_changed(*found)

    def written(self, uri: str) -> None:
        """Somebody wrote a file; the editor's own writes come this way too, and count once."""
        file = local_path(uri)
        if file in self._written and self._written[file] == _signature(file):
            return
        self.saved(uri)

    def _disk_changed(self, file: Path) -> None:
        """From the watcher."""
        self.written(file.as_uri())

    def _noticed(self, uri: str) -> tuple[RootSession, str] | None:
        file = local_path(uri)
        if file is not None:
            self._written[file] = _signature(file)
            self._roots.written(file)
        return self.work_at(uri)

    def text_changed(self, uri: str) -> None:
        """An edit arrived: it may be the one that was waited for, or take back what ran without being saved."""
        self.acceptance.text_changed()
        found = self.work_at(uri)
        if found is not None and found[0].ran_unsaved(found[1]):
            text, disk = self.document(*found)[0], _read(found[0].root / found[1])
            if text is not None and disk is not None and same_text(text, disk):
                self._soon_changed(*found)

    def _soon_changed(self, work: RootSession, path: str) -> None:
        """Several writes at once are one change."""
        self._due.setdefault(work.root, set()).add(path)
        waiting = self._due_handle.pop(work.root, None)
        if waiting is not None:
            waiting.cancel()
        loop = asyncio.get_running_loop()
        self._due_handle[work.root] = loop.call_later(_DEBOUNCE_SECONDS, lambda: self.soon(self._changed_files(work)))

    async def _changed_files(self, work: RootSession) -> None:
        paths = self._due.pop(work.root, set())
        if self.runs_manually:
            return
        if work.started:
            await self.run_changed(work, paths)
        else:
            await self.start(work)

    async def run_changed(self, work: RootSession, paths: Iterable[str]) -> None:
        """Run the tests that these files can affect."""
        if self.may_run(work):
            await work.files_changed(paths, self.buffers(work))

    async def ask_repair(self, work: RootSession, failure: str, *, models: bool, hint: str) -> None:
        """Start a repair that the user asked for."""
        tests = tests_of(work.view, failure)
        if tests and self.may_run(work):
            await work.repair(Ask(tests, models, hint))

    def _changed(self, work: RootSession) -> None:
        """Something is known now that was not: diagnostics follow, since no client asks by itself."""
        self.publisher.publish(work)
        self.busy_signs.follow(work)
        if work.refused_for_isolation and not work.busy:
            self._trust.ask_for_weak_isolation(work)

    def close(self) -> None:
        """Leave no process behind."""
        for work in self.works.values():
            work.stop()
        self.watcher.close()
        self.decisions.close()


def _signature(file: Path) -> tuple[int, int, int] | None:
    """What differs after a write; None for a file that is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(file: Path) -> str | None:
    from lsp_repair.domain.encoding import decoded  # noqa: PLC0415 - kept out of the start

    try:
        found = decoded(file.read_bytes())
    except OSError:
        return None
    return found[0] if found is not None else None

"""Progress of runs and repairs, where the client shows it."""

import asyncio
import contextlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from lsp_repair.server.root_session import Phase, RootSession

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer

_PATIENCE_SECONDS = 10.0
_BUSY = frozenset({Phase.TESTING, Phase.REPAIRING})


class Progress:
    """One progress for as long as a root is busy; its cancel button stops the work."""

    def __init__(self, server: "RepairServer") -> None:
        self._server = server
        self._news: dict[Path, asyncio.Event] = {}
        self._shown: dict[str | int, RootSession] = {}

    def follow(self, work: RootSession) -> None:
        """Something is known of this root that was not."""
        news = self._news.get(work.root)
        if news is not None:
            news.set()
        elif work.view.phase in _BUSY and self._server.can("window", "work_done_progress"):
            self._news[work.root] = asyncio.Event()
            self._server.soon(self._show(work, str(uuid.uuid4())))

    def cancelled(self, token: str | int) -> None:
        """The user pressed the button."""
        if token in self._shown:
            self._shown[token].cancel()

    async def _show(self, work: RootSession, token: str) -> None:
        progress: Any = self._server.work_done_progress
        try:
            await asyncio.wait_for(progress.create_async(token), _PATIENCE_SECONDS)
            self._shown[token] = work
            begin = lsp.WorkDoneProgressBegin(title=work.root.name, message=work.view.text, cancellable=True)
            progress.begin(token, begin)
            await self._report(work, token)
            progress.end(token, lsp.WorkDoneProgressEnd(message=work.view.text))
        except Exception as error:  # noqa: BLE001 - a client may have anything against it; the work goes on
            self._server.report_server_error(error, None)
            await self._until_idle(work)
        finally:
            self._shown.pop(token, None)
            self._news.pop(work.root, None)
            with contextlib.suppress(KeyError):
                progress.tokens.pop(token)

    async def _report(self, work: RootSession, token: str) -> None:
        said = work.view.text
        while work.view.phase in _BUSY:
            if work.view.text != said:
                said = work.view.text
                self._server.work_done_progress.report(token, lsp.WorkDoneProgressReport(message=said))
            await self._next(work)

    async def _until_idle(self, work: RootSession) -> None:
        while work.view.phase in _BUSY:
            await self._next(work)

    async def _next(self, work: RootSession) -> None:
        news = self._news[work.root]
        await news.wait()
        news.clear()

"""Progress of runs and repairs, where the client shows it."""

import asyncio
import contextlib
import uuid
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from lsp_repair.server.client import Client
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.view import BUSY

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

"""From the click on a proposal to what is recorded of it."""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_repair.server.features import code_actions
from lsp_repair.server.features.views import diff_text
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.buffers import same_text
from lsp_repair.server.workers.reports import Offer, Report

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer

_ACCEPT_SECONDS = 2.0
_STALE = "The fix was not applied as it was proved, because the text had changed; the failure is checked again."
_CHANGED_SINCE = "The fix cannot be taken back: the text was changed since. Use the editor's undo."


class Acceptance:
    """Knows which edits were offered to the editor and waits until their texts are there."""

    def __init__(self, server: "RepairServer") -> None:
        self._server = server
        self._accepted: dict[str, tuple[Report, Offer]] = {}
        self._expected: dict[str, tuple[RootSession, Offer, asyncio.TimerHandle]] = {}

    def selected(self, work: RootSession, proposals: Iterable[str]) -> None:
        """The user chose proposals: each is accepted when the texts are the proved ones."""
        for proposal in proposals:
            found = work.view.find(proposal)
            if found is None or proposal in self._expected:
                continue
            if self._holds(work, found[1]):
                self._accept(work, found[1])
                continue
            handle = asyncio.get_running_loop().call_later(_ACCEPT_SECONDS, partial(self._stale, work, found[1]))
            self._expected[proposal] = (work, found[1], handle)

    def text_changed(self) -> None:
        """An edit arrived: it may be the one that was waited for."""
        for proposal, (work, offer, handle) in list(self._expected.items()):
            if self._holds(work, offer):
                handle.cancel()
                del self._expected[proposal]
                self._accept(work, offer)

    def reject(self, work: RootSession, proposal: str) -> None:
        """The same patch does not come back."""
        if work.view.find(proposal) is not None:
            self._server.decisions.record(proposal, "rejected")
            work.hide(proposal)

    def _holds(self, work: RootSession, offer: Offer) -> bool:
        texts = ((self._server.document(work, file.path)[0], file.after) for file in offer.files)
        return all(text is not None and same_text(text, after) for text, after in texts)

    def _accept(self, work: RootSession, offer: Offer) -> None:
        self._server.decisions.record(offer.id, "accepted")
        found = work.view.find(offer.id)
        if found is not None:
            self._accepted[offer.id] = found
        work.spend(offer.id)
        self._check(work, offer)

    def _stale(self, work: RootSession, offer: Offer) -> None:
        self._expected.pop(offer.id, None)
        self._server.decisions.record(offer.id, "stale")
        work.spend(offer.id)
        self._server.say(_STALE, lsp.MessageType.Warning)
        self._check(work, offer)

    def _check(self, work: RootSession, offer: Offer) -> None:
        self._server.soon(self._server.run_changed(work, [file.path for file in offer.files]))

    async def revert(self, work: RootSession, proposal: str) -> None:
        """Offer the edit that takes an accepted fix back."""
        found = self._accepted.get(proposal) or work.view.find(proposal)
        if found is None:
            return
        offer = found[1]
        back = replace(offer, files=tuple(replace(file, before=file.after, after=file.before) for file in offer.files))
        edit = code_actions.workspace_edit(work, back, self._server.texts(work))
        if edit is None:
            self._server.say(_CHANGED_SINCE, lsp.MessageType.Warning)
            return
        asked = lsp.ApplyWorkspaceEditParams(edit=edit, label="Revert fix")
        try:
            answer = await self._server.workspace_apply_edit_async(asked)
        except Exception as error:  # noqa: BLE001 - some clients answer a stale edit with an error
            self._server.report_server_error(error, None)
            self._server.say(_CHANGED_SINCE, lsp.MessageType.Warning)
            return
        if answer.applied:
            self._server.decisions.record(proposal, "reverted")
            await self._server.run_changed(work, [file.path for file in offer.files])

    async def show_diff(self, work: RootSession, proposal: str) -> str | None:
        """The diff as text; opened where the client can show documents."""
        found = work.view.find(proposal)
        if found is None:
            return None
        text = diff_text(found[1])
        if self._server.can("window", "show_document", "support"):
            file = self._server.decisions.diff_file(proposal, text)
            if file is not None:
                with contextlib.suppress(Exception):  # showing is a courtesy
                    await self._server.window_show_document_async(
                        lsp.ShowDocumentParams(uri=file.as_uri(), take_focus=True)
                    )
        return text

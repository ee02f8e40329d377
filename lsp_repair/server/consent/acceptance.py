"""From the click on a proposal to the recorded decision."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from lsprotocol import types as lsp

from lsp_repair.server.client import Client
from lsp_repair.server.consent.decisions import Decisions
from lsp_repair.server.editor_workspace import EditorWorkspace
from lsp_repair.server.features.workspace_edits import diff_text, workspace_edit
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.buffers import same_text
from lsp_repair.server.state.view import Offer

_MAX_WAIT_SECONDS = 2.0
_STALE = (
    "The fix was not applied, because the text had changed since it was proved; the failure is being checked again."
)
_CHANGED_SINCE = "The fix cannot be reverted, because the text has changed since. Use the editor's undo."


class Acceptance:
    """Knows which edits were offered to the editor, and waits until its texts have them."""

    def __init__(
        self,
        client: Client,
        workspace: EditorWorkspace,
        decisions: Decisions,
        check: Callable[[RootSession, Iterable[str]], Awaitable[None]],
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._decisions = decisions
        self._run_changed = check
        self._accepted: dict[str, Offer] = {}
        self._expected: dict[str, tuple[RootSession, Offer, asyncio.TimerHandle]] = {}

    def selected(self, session: RootSession, proposals: Iterable[str]) -> None:
        """The user chose proposals: each is accepted when the editor's texts equal the proved ones."""
        for proposal in proposals:
            offer = session.view.find(proposal)
            if offer is None or proposal in self._expected:
                continue
            if self._is_applied(session, offer):
                self._accept(session, offer)
                continue
            timer = asyncio.get_running_loop().call_later(_MAX_WAIT_SECONDS, self._stale, session, offer)
            self._expected[proposal] = (session, offer, timer)

    def text_changed(self) -> None:
        """An edit arrived: it may be an expected one."""
        for proposal, (session, offer, timer) in list(self._expected.items()):
            if self._is_applied(session, offer):
                timer.cancel()
                del self._expected[proposal]
                self._accept(session, offer)

    def reject(self, session: RootSession, proposal: str) -> None:
        """The same patch does not come back."""
        if session.view.find(proposal) is not None:
            self._decisions.record(proposal, "rejected")
            session.hide(proposal)

    def _is_applied(self, session: RootSession, offer: Offer) -> bool:
        texts = ((self._workspace.text(session.root, file.path)[0], file.after) for file in offer.files)
        return all(text is not None and same_text(text, after) for text, after in texts)

    def _accept(self, session: RootSession, offer: Offer) -> None:
        self._decisions.record(offer.id, "accepted")
        self._accepted[offer.id] = offer
        session.spend(offer.id)
        self._client.soon(self._check(session, offer))

    def _stale(self, session: RootSession, offer: Offer) -> None:
        self._expected.pop(offer.id, None)
        self._decisions.record(offer.id, "stale")
        session.spend(offer.id)
        self._client.warn(_STALE)
        self._client.soon(self._check(session, offer))

    async def _check(self, session: RootSession, offer: Offer) -> None:
        await self._run_changed(session, [file.path for file in offer.files])

    async def revert(self, session: RootSession, proposal: str) -> None:
        """Send the edit that undoes an accepted fix."""
        offer = self._accepted.get(proposal) or session.view.find(proposal)
        if offer is None:
            return
        back = replace(offer, files=tuple(replace(file, before=file.after, after=file.before) for file in offer.files))
        edit = workspace_edit(session.view, back, self._workspace.texts(session.root))
        if edit is None:
            self._client.warn(_CHANGED_SINCE)
        elif await self._applies(edit):
            self._decisions.record(proposal, "reverted")
            await self._check(session, offer)

    async def _applies(self, edit: lsp.WorkspaceEdit) -> bool:
        try:
            asked = lsp.ApplyWorkspaceEditParams(edit=edit, label="Revert fix")
            return (await self._client.server.workspace_apply_edit_async(asked)).applied
        except Exception as error:  # noqa: BLE001 - some clients answer a stale edit with an error
            self._client.log(error)
            self._client.warn(_CHANGED_SINCE)
            return False

    async def show_diff(self, session: RootSession, proposal: str) -> str | None:
        """The diff as text; also opened where the client can show documents."""
        offer = session.view.find(proposal)
        if offer is None:
            return None
        text = diff_text(offer)
        if self._client.can("window", "show_document", "support"):
            file = self._decisions.diff_file(proposal, text)
            if file is not None:
                shown = lsp.ShowDocumentParams(uri=file.as_uri(), take_focus=True)
                with contextlib.suppress(Exception):  # the text is returned in any case
                    await self._client.server.window_show_document_async(shown)
        return text

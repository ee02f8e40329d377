"""Whether the tests of a folder may run, asked and said once."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lsp_repair.server.root_session import Ask

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer
    from lsp_repair.server.root_session import RootSession


class Trust:
    """Asks where the client can ask, says the way out where it cannot, and never waits for either."""

    def __init__(self, server: "RepairServer") -> None:
        self._server = server
        self._reported: set[Path] = set()
        self._granted: set[Path] = set()
        self._asked_for_isolation = False

    def granted(self, folder: Path) -> None:
        """The user's word in this session counts more than what the editor said at its start."""
        self._granted.add(folder)

    def allows(self, work: "RootSession") -> bool:
        """Whether tests of this root may run; says once why not, with the way out."""
        said = self._server.options.get("trusted")
        if said is False and not any(work.root.is_relative_to(each) for each in self._granted):
            work.refuse(f"the tests of {work.root} are not run: the editor does not trust the folder; trust it there")
            return False
        if said is True or self._server.decisions.is_trusted(work.root):
            return True
        folder = self._server.folder_of(work.root)
        way = f"run: lsp-repair trust {folder}"
        work.refuse(f"the tests of {work.root} are not run: the folder is not trusted; {way}")
        if folder not in self._reported:
            self._reported.add(folder)
            self._server.soon(self._ask(folder, way))
        return False

    def ask_for_weak_isolation(self, work: "RootSession") -> None:
        """Once: whether edits of the user's own code may run without a sandbox, since there is none."""
        if not self._asked_for_isolation:
            self._asked_for_isolation = True
            self._server.soon(self._ask_for_isolation(work))

    async def _ask_for_isolation(self, work: "RootSession") -> None:
        way = "run: lsp-repair trust --weak-isolation"
        text = f"lsp-repair repairs nothing here: {work.view.text}. Or {way}"
        if self._server.can("window", "show_message") is None:
            self._server.say(text, lsp.MessageType.Warning)
        elif await self._says_yes(text, "Allow without a sandbox"):
            self._server.decisions.allow_weak_isolation()
            await work.repair(Ask(()))

    async def _says_yes(self, text: str, yes: str) -> bool:
        """Whether this button was chosen; a client that answers with an error did not say yes."""
        actions = [lsp.MessageActionItem(title=yes), lsp.MessageActionItem(title="Not now")]
        asked = lsp.ShowMessageRequestParams(type=lsp.MessageType.Warning, message=text, actions=actions)
        with contextlib.suppress(Exception):
            answer = await self._server.window_show_message_request_async(asked)
            return answer is not None and answer.title == yes
        return False

    async def _ask(self, folder: Path, way: str) -> None:
        if self._server.can("window", "show_message") is None:
            message = f"lsp-repair does not run the tests of {folder}: the folder is not trusted. To trust it, {way}"
            self._server.say(message, lsp.MessageType.Warning)
            return
        text = (
            f"lsp-repair runs the tests of {folder}, which is code of this folder. Do you trust it? "
            f"(To trust it later, {way})"
        )
        if await self._says_yes(text, "Trust"):
            await self._server.trust(folder)

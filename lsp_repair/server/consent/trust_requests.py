"""Whether the tests of a folder may run: asked once, or the way out is named once."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from lsp_repair.server.client import Client
from lsp_repair.server.consent.decisions import Decisions
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.view import Ask


class Trust:
    """Asks clients that can ask the user, names the way out to all others, and never waits for either."""

    def __init__(
        self,
        client: Client,
        decisions: Decisions,
        folder_of: Callable[[Path], Path],
        trusted: Callable[[Path], Awaitable[None]],
    ) -> None:
        self._client = client
        self._decisions = decisions
        self._folder_of = folder_of
        """The workspace folder of a root."""
        self._trusted = trusted
        """Called with a folder that the user has just trusted."""
        self._asked: set[Path] = set()
        self._granted: set[Path] = set()
        self._asked_for_isolation = False

    async def grant(self, folder: Path) -> None:
        """The user trusts this folder; in this session that overrides what the editor said at its start."""
        self._decisions.trust(folder)
        self._granted.add(folder)
        await self._trusted(folder)

    def allows(self, session: RootSession) -> bool:
        """Whether tests of this root may run; if not, says so once, with the way out."""
        root, said = session.root, self._client.options.get("trusted")
        if said is False and not any(root.is_relative_to(each) for each in self._granted):
            session.refuse(f"the tests of {root} do not run: the editor does not trust the folder; trust it there")
            return False
        if said is True or self._decisions.is_trusted(root):
            return True
        folder = self._folder_of(root)
        way_out = f"run: lsp-repair trust {folder}"
        session.refuse(f"the tests of {root} do not run: the folder is not trusted; {way_out}")
        if folder not in self._asked:
            self._asked.add(folder)
            self._client.soon(self._ask(folder, way_out))
        return False

    async def _ask(self, folder: Path, way_out: str) -> None:
        if self._client.can("window", "show_message") is None:
            self._client.warn(
                f"lsp-repair does not run the tests of {folder}: the folder is not trusted. To trust it, {way_out}"
            )
            return
        question = (
            f"To find repairs, lsp-repair runs the tests of {folder}, which is code from this folder. Do you trust it? "
            f"(To trust it later, {way_out})"
        )
        if await self._client.confirms(question, "Trust"):
            await self.grant(folder)

    def ask_for_weak_isolation(self, session: RootSession) -> None:
        """Once: whether edits of the user's own code may run without a sandbox, since there is none."""
        if not self._asked_for_isolation:
            self._asked_for_isolation = True
            self._client.soon(self._ask_for_isolation(session))

    async def _ask_for_isolation(self, session: RootSession) -> None:
        text = f"lsp-repair cannot repair here: {session.view.text}. Or run: lsp-repair trust --weak-isolation"
        if self._client.can("window", "show_message") is None:
            self._client.warn(text)
        elif await self._client.confirms(text, "Allow without a sandbox"):
            self._decisions.allow_weak_isolation()
            await session.repair(Ask())

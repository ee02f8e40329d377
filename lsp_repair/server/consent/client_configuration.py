"""The user's settings in the editor: given at the start, pulled where the client answers, or pushed."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types as lsp

from lsp_repair.server.root_session import Autonomy, RootSession

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer

_SECTION = "lspRepair"
_PATIENCE_SECONDS = 5.0
_SHOWN_ONLY = frozenset({"codeLens", "inlayHints", "runOn"})
"""Settings that no run depends on."""

Table = Mapping[str, Any]


class Configuration:
    """Settings of the whole editor and of each root."""

    def __init__(self, server: "RepairServer") -> None:
        self._server = server
        self._given: Table = {}
        self._pushed: Table = {}

    def given(self, options: Table) -> None:
        """From the initialization options."""
        self._given = _table(options.get("settings"))
        self._server.settings = self._given

    async def pull(self) -> None:
        """Those of the whole editor."""
        (answer,) = await self._asked([None])
        self._server.settings = self._merged(answer)

    async def configure(self, work: RootSession) -> None:
        """Those of a root, before its first run: each folder may have its own interpreter."""
        _, answer = await self._asked([None, work.root.as_uri()])
        work.settings = self._merged(answer) if answer else self._server.settings

    async def changed(self, pushed: Any) -> None:
        """Ask again; a client that cannot be asked sends them along."""
        self._pushed = _table(_table(pushed).get(_SECTION))
        works = list(self._server.works.values())
        common, *scoped = await self._asked([None, *(work.root.as_uri() for work in works)])
        self._server.settings = self._merged(common)
        for work, answer in zip(works, scoped, strict=True):
            if self._server.works.get(work.root) is not work:
                continue  # its folder left the workspace meanwhile
            before, work.settings = work.settings, self._merged(answer or common)
            await self._apply(work, before)

    async def _apply(self, work: RootSession, before: Table) -> None:
        if work.autonomy is Autonomy.OFF:
            work.forget()
        elif work.started and _of_runs(before) != _of_runs(work.settings):
            await self._server.run_all(work)
        elif not work.started:
            await self._server.start(work)

    def _merged(self, answer: Table) -> Table:
        return {**self._given, **self._pushed, **answer}

    async def _asked(self, scopes: Sequence[str | None]) -> list[Table]:
        """An answer for each scope; empty ones where the client has none."""
        if not self._server.can("workspace", "configuration"):
            return [{} for _ in scopes]
        items = [lsp.ConfigurationItem(section=_SECTION, scope_uri=scope) for scope in scopes]
        answers: Sequence[Any] = ()
        with contextlib.suppress(Exception):  # a client that answers with an error has no settings
            asking = self._server.workspace_configuration_async(lsp.ConfigurationParams(items=items))
            answers = await asyncio.wait_for(asking, _PATIENCE_SECONDS) or ()
        tables = [_table(answer) for answer in answers[: len(scopes)]]
        missing: list[Table] = [{}] * (len(scopes) - len(tables))
        return tables + missing


def _of_runs(settings: Table) -> Table:
    return {key: value for key, value in settings.items() if key not in _SHOWN_ONLY}


def _table(value: object) -> Table:
    """What is set; a client says null for what is not."""
    if not isinstance(value, dict):
        return {}
    table = cast("dict[object, Any]", value)
    return {key: each for key, each in table.items() if isinstance(key, str) and each is not None}

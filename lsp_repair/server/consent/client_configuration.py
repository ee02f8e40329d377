"""The user's settings in the editor: given at the start, pulled where the client answers, or pushed."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from lsprotocol import types as lsp

from lsp_repair.server.client import Client

_SECTION = "lspRepair"
_MAX_WAIT_SECONDS = 5.0
_SHOWN_ONLY = frozenset({"codeLens", "inlayHints", "runOn"})
"""Settings that no run depends on."""

Table = Mapping[str, Any]


class Configuration:
    """Settings of the whole editor and of each root."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._given: Table = {}
        self._pushed: Table = {}
        self.settings: Table = {}
        """Those of the whole editor."""

    def given(self, options: Table) -> None:
        """Take those of the initialization options."""
        self.settings = self._given = _table(options.get("settings"))

    async def pull(self) -> None:
        """Ask for those of the whole editor."""
        (answer,) = await self._ask([None])
        self.settings = self._merged(answer)

    async def settings_of(self, root: Path) -> Table:
        """Those of a root: each folder may have its own interpreter."""
        _, answer = await self._ask([None, root.as_uri()])
        return self._merged(answer) if answer else self.settings

    async def changed(self, pushed: Any, roots: Sequence[Path]) -> dict[Path, Table]:
        """Ask again, for the whole editor and for each root; a client that cannot be asked sends them along."""
        self._pushed = _table(_table(pushed).get(_SECTION))
        common, *scoped = await self._ask([None, *(root.as_uri() for root in roots)])
        self.settings = self._merged(common)
        return {root: self._merged(answer or common) for root, answer in zip(roots, scoped, strict=True)}

    def _merged(self, answer: Table) -> Table:
        return {**self._given, **self._pushed, **answer}

    async def _ask(self, scopes: Sequence[str | None]) -> list[Table]:
        """An answer for each scope; empty where the client has none."""
        if not self._client.can("workspace", "configuration"):
            return [{} for _ in scopes]
        items = [lsp.ConfigurationItem(section=_SECTION, scope_uri=scope) for scope in scopes]
        answers: Sequence[Any] = ()
        with contextlib.suppress(Exception):  # a client that answers with an error has no settings
            asking = self._client.server.workspace_configuration_async(lsp.ConfigurationParams(items=items))
            answers = await asyncio.wait_for(asking, _MAX_WAIT_SECONDS) or ()
        tables = [_table(answer) for answer in answers[: len(scopes)]]
        missing: list[Table] = [{}] * (len(scopes) - len(tables))
        return tables + missing


def changes_runs(before: Table, now: Table) -> bool:
    """Whether a setting changed that runs depend on."""
    return {**before, **dict.fromkeys(_SHOWN_ONLY)} != {**now, **dict.fromkeys(_SHOWN_ONLY)}


def _table(value: object) -> Table:
    """The settings that have a value; a client sends null for those that have none."""
    if not isinstance(value, dict):
        return {}
    table = cast("dict[object, Any]", value)
    return {key: each for key, each in table.items() if isinstance(key, str) and each is not None}

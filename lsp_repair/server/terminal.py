"""`lsp-repair watch`: what the server does, in a terminal."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_repair.app.console import Console
from lsp_repair.server.file_watching import PendingChanges, Watcher
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.state.buffers import NO_BUFFERS
from lsp_repair.server.state.view import BUSY, Phase, View
from lsp_repair.server.workspace_roots import root_of


class TerminalWatch:
    """Watches one root and prints what fails, why, and what was proved."""

    def __init__(self, root: Path, settings: Mapping[str, Any], console: Console) -> None:
        self._console = console
        self._session = RootSession(root, settings, self._changed)
        self._watcher = Watcher(self._received)
        self._watcher.enabled = True
        self._pending = PendingChanges(self._files_changed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._said: set[str] = set()
        self._last = ""

    async def run(self) -> None:
        """Until it is interrupted."""
        await self._watcher.watch(self._session.root)
        if self._watcher.problem:
            self._console.line(self._watcher.problem, "yellow")
        await self._session.run_all(NO_BUFFERS)
        await asyncio.Event().wait()

    def close(self) -> None:
        """Leave no process behind."""
        self._watcher.close()
        self._session.stop()

    def _received(self, file: Path) -> None:
        if root_of(file, [self._session.root]) != self._session.root:
            return
        self._pending.add(self._session.root, Path(os.path.realpath(file)).relative_to(self._session.root).as_posix())

    def _files_changed(self, _: Path, paths: set[str]) -> None:
        task = asyncio.get_running_loop().create_task(self._session.files_changed(paths, NO_BUFFERS))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _changed(self, session: RootSession) -> None:
        view = session.view
        if view.phase in BUSY:
            self._console.moving_status(view.text)
        for key, test in view.failing.items():
            first = test.message.strip().split("\n", 1)[0]
            self._once(key, f"✘ {key}  {test.error_type}: {first}", "red")
        for report in view.reports.values():
            self._once(f"{report.fingerprint} why", f"  {report.explanation}")
            for offer in view.offers(report):
                mark, colour = ("✔", "green") if offer.proved else ("?", "yellow")
                self._once(f"{report.fingerprint} {offer.id}", f"  {mark} {offer.title}", colour)
        self._said &= _known(view)
        if view.phase in {Phase.IDLE, Phase.BROKEN} and view.text != self._last:
            self._last = view.text
            colour = "green" if not view.failing and view.phase is Phase.IDLE else "yellow"
            self._console.line(view.text, "bold", colour)

    def _once(self, key: str, text: str, *styles: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._console.line(text, *styles)


def _known(view: View) -> set[str]:
    """What still holds: a failure that disappears and comes back is printed again."""
    known = set(view.failing)
    for report in view.reports.values():
        known |= {f"{report.fingerprint} why", *(f"{report.fingerprint} {offer.id}" for offer in report.offers)}
    return known


def watch(root: Path, settings: Mapping[str, Any], console: Console) -> int:
    """Watch until Ctrl-C; the exit code is then 130, as for every interrupted command."""

    async def run() -> None:
        watching = TerminalWatch(root, settings, console)
        try:
            await watching.run()
        finally:
            watching.close()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        console.clear_status()
    sys.stdout.flush()
    return 130

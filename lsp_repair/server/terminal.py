"""`lsp-repair watch`: what the server does, in a terminal."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_repair.app.console import Console
from lsp_repair.server.file_watching import Watcher
from lsp_repair.server.root_session import NO_BUFFERS, Phase, RootSession
from lsp_repair.server.workspace_roots import root_of

_DEBOUNCE_SECONDS = 0.15


class TerminalWatch:
    """Watches one root and prints what is red, why, and what was proved."""

    def __init__(self, root: Path, settings: Mapping[str, Any], console: Console) -> None:
        self._console = console
        self._work = RootSession(root, settings, self._changed)
        self._watcher = Watcher(self._received)
        self._watcher.enabled = True
        self._due: set[str] = set()
        self._handle: asyncio.TimerHandle | None = None
        self._said: set[str] = set()
        self._last = ""

    async def run(self) -> None:
        """Until it is interrupted."""
        await self._watcher.watch(self._work.root)
        if self._watcher.problem:
            self._console.line(self._watcher.problem, "yellow")
        await self._work.run_all(NO_BUFFERS)
        await asyncio.Event().wait()

    def close(self) -> None:
        """Leave no process behind."""
        self._watcher.close()
        self._work.stop()

    def _received(self, file: Path) -> None:
        if root_of(file, [self._work.root]) != self._work.root:
            return
        self._due.add(Path(os.path.realpath(file)).relative_to(self._work.root).as_posix())
        if self._handle is not None:
            self._handle.cancel()
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(_DEBOUNCE_SECONDS, lambda: loop.create_task(self._run_due()))

    async def _run_due(self) -> None:
        paths, self._due = self._due, set()
        await self._work.files_changed(paths, NO_BUFFERS)

    def _changed(self, work: RootSession) -> None:
        view = work.view
        if view.phase in {Phase.TESTING, Phase.REPAIRING}:
            self._console.moving_status(view.text)
        for key, test in view.failing.items():
            first = test.message.strip().split("\n", 1)[0]
            self._once(key, f"✘ {key}  {test.error_type}: {first}", "red")
        for report in view.reports.values():
            self._once(f"{report.fingerprint} why", f"  {report.explanation}")
            for offer in view.offers(report):
                self._once(f"{report.fingerprint} {offer.id}", f"  ✔ {offer.title}", "green")
        self._said &= self._known(work)
        if view.phase in {Phase.IDLE, Phase.BROKEN} and view.text != self._last:
            self._last = view.text
            self._console.line(
                view.text, "bold", "green" if not view.failing and view.phase is Phase.IDLE else "yellow"
            )

    def _known(self, work: RootSession) -> set[str]:
        """What is still so: what comes again after it was gone is said again."""
        known = set(work.view.failing)
        for report in work.view.reports.values():
            known |= {f"{report.fingerprint} why", *(f"{report.fingerprint} {offer.id}" for offer in report.offers)}
        return known

    def _once(self, key: str, text: str, *styles: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._console.line(text, *styles)


def watch(root: Path, settings: Mapping[str, Any], console: Console) -> int:
    """Watch until Ctrl-C; exit code 130 then, as of every interrupted command."""

    async def run() -> None:
        session = TerminalWatch(root, settings, console)
        try:
            await session.run()
        finally:
            session.close()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        console.clear_status()
    sys.stdout.flush()
    return 130

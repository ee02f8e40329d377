"""One pytest root under watch: what is known of it, and the workers that find out."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_repair.server.state.buffers import Buffers
from lsp_repair.server.state.view import Ask, Autonomy, Phase, View
from lsp_repair.server.workers import worker_messages as messages
from lsp_repair.server.workers.client_models import ClientModels
from lsp_repair.server.workers.worker_handle import Worker
from lsp_repair.server.workers.worker_messages import WorkerReport

_MAX_REPAIRED = 40
_QUICK_SECONDS = 5.0
"""A suite this quick is run as a whole for a repair, so that proposals are proved on all of it."""


class RootSession:
    """Runs and repairs of one root: one under way, one waiting. Newer edits make results stale and stop the work."""

    def __init__(
        self,
        root: Path,
        settings: Mapping[str, Any],
        changed: Callable[["RootSession"], None],
        client_models: ClientModels | None = None,
    ) -> None:
        self.root = root
        self.settings = settings
        self.view = View(root)
        self.started = False
        """Whether its tests were ever requested."""
        self.refused_for_isolation = False
        """Whether the last repair was refused because there is no sandbox."""
        self._changed = changed
        self._client_models = client_models
        self._turn = asyncio.Lock()
        self._runner: Worker | None = None
        self._repairer: Worker | None = None
        self._running = False
        self._unsaved: Mapping[str, str] = {}
        self._texts: Mapping[str, str] = {}
        self._requested: Ask | None = None
        self._is_quick = False
        self._last_green: Mapping[str, str] = {}
        self._problem = ""
        self._stops = 0

    @property
    def autonomy(self) -> Autonomy:
        """As the settings say."""
        return Autonomy.of(self.settings)

    @property
    def busy(self) -> bool:
        """Whether something runs."""
        return self._running or self._repairer is not None

    def _show(self, view: View, **changes: Any) -> None:
        self.view = replace(view, **changes)
        self._changed(self)

    # Runs

    async def run_all(self, buffers: Buffers) -> None:
        """Run everything again, on a fresh copy."""
        generation = self._begin(buffers, "running the tests")
        async with self._turn:
            self._stop_runner()
            await self._start_runner(generation)

    async def files_changed(self, paths: Iterable[str], buffers: Buffers) -> None:
        """Run what saved files and changed buffers can affect."""
        changed = tuple(sorted({*paths, *buffers.unsaved, *self._unsaved}))
        generation = self._begin(buffers, "running the affected tests")
        async with self._turn:
            if self._runner is None:
                await self._start_runner(generation)
            else:
                await self._runner.send(messages.Changed(generation, changed, buffers.unsaved))

    def ran_unsaved(self, path: str) -> bool:
        """Whether the verdicts are those of an unsaved buffer of this file."""
        return path in self._unsaved

    def opened(self, path: str, text: str) -> None:
        """A file was opened and holds the text that the tests ran on."""
        if path not in self.view.texts:
            self.view = replace(self.view, texts={**self.view.texts, path: text})

    def _begin(self, buffers: Buffers, text: str) -> int:
        """Start a new generation: results of older ones are stale from here on."""
        self.started = self._running = True
        self._unsaved, self._texts = buffers.unsaved, buffers.texts
        self._stop_repair()
        self._show(self.view, generation=self.view.generation + 1, phase=Phase.TESTING, text=text)
        return self.view.generation

    async def _start_runner(self, generation: int) -> None:
        self._running = True
        self._runner = await Worker.start(messages.Run(self._target(), generation), self._received_from_runner)

    def _target(self) -> messages.Target:
        return messages.Target(str(self.root), self.settings, self._unsaved, self._client_models is not None)

    async def _received_from_runner(self, report: WorkerReport) -> None:
        match report:
            case messages.Found(models, most_usd):
                self.view = replace(self.view, models=models, most_usd=most_usd)
            case messages.Verdicts():
                await self._received_verdicts(report)
            case messages.Failed():
                self._show(self.view, phase=Phase.BROKEN, text=str(report))
            case messages.Ended(tail):
                self._runner, self._running, self._requested = None, False, None
                if self.view.phase is Phase.TESTING:
                    lines = tail.strip().splitlines() or ["the tests could not be run"]
                    self._show(self.view, phase=Phase.BROKEN, text=lines[-1])
            case _:
                pass

    async def _received_verdicts(self, reported: messages.Verdicts) -> None:
        """Show them; then repair what the user asked for, or what newly fails."""
        self._running = reported.generation != self.view.generation
        self._last_green = reported.last_green
        if reported.files is None:
            self._is_quick = reported.seconds < _QUICK_SECONDS
        view = self.view.after_run(reported.failing, reported.files)
        if self._running:  # the runner has received a newer change already
            self._show(view)
            return
        ask, self._requested = self._requested or self._own_repair(view), None
        phase = Phase.IDLE if ask is None else Phase.REPAIRING
        self._show(view, phase=phase, text=view.summary, texts=self._texts)
        if ask is not None:
            await self._start_repair(ask)

    def _own_repair(self, view: View) -> Ask | None:
        if not view.unexplained or self.autonomy not in {Autonomy.EXPLAIN, Autonomy.PROPOSE}:
            return None
        return Ask(() if self._is_quick else view.unexplained[:_MAX_REPAIRED])

    # Repairs

    async def repair(self, ask: Ask) -> None:
        """Repair what the user asked for, now or after the run that is under way."""
        if self._running:
            self._requested = ask
            return
        self._stop_repair()
        await self._start_repair(ask)

    async def _start_repair(self, ask: Ask) -> None:
        explain_only = self.autonomy is Autonomy.EXPLAIN and not ask.models and not ask.hint
        order = messages.Repair(self._target(), ask, explain_only, self._last_green)
        self.refused_for_isolation = False
        self._show(self.view, phase=Phase.REPAIRING, text="looking for repairs")
        now = self._stops, self.view.generation

        async def received(report: WorkerReport) -> None:
            if now[1] == self.view.generation:
                self._received_from_repairer(report)

        async with self._turn:
            self._stop_repair()
            repairer = await Worker.start(order, received)
            if now == (self._stops, self.view.generation):
                self._repairer = repairer
            else:  # stopped, or a newer edit came, while it was being started
                repairer.kill()

    def _received_from_repairer(self, report: WorkerReport) -> None:
        match report:
            case messages.Progress(text):
                self._show(self.view, text=text)
            case messages.Repaired(repaired):
                self._show(self.view.with_report(repaired))
            case messages.Chat():
                if self._client_models is not None and self._repairer is not None:
                    self._client_models.ask(report, self._repairer.send)
            case messages.ChatOver(number):
                if self._client_models is not None:
                    self._client_models.over(number)
            case messages.Failed(code):
                self.refused_for_isolation = code == "isolation"
                self._problem = str(report)
            case messages.Ended():
                self._repairer = None
                problem, self._problem = self._problem, ""
                self._show(self.view, phase=Phase.IDLE, text=problem or self.view.summary)
            case _:
                pass

    # What the user decides

    def hide(self, proposal: str) -> None:
        """The user rejected it."""
        self._show(self.view, hidden=self.view.hidden | {proposal})

    def spend(self, proposal: str) -> None:
        """It was accepted or became stale; it is offered again only when it is proved again."""
        self._show(self.view, spent=self.view.spent | {proposal})

    def refuse(self, why: str) -> None:
        """Nothing runs here: the root is not trusted."""
        self._show(self.view, phase=Phase.UNTRUSTED, text=why)

    def cancel(self) -> None:
        """Stop what runs, because the user said so."""
        self.stop()
        self._requested = None
        self._show(self.view, generation=self.view.generation + 1, phase=Phase.IDLE, text="stopped")

    # The end

    def stop(self) -> None:
        """End all workers."""
        self._stops += 1
        self._stop_repair()
        self._stop_runner()
        self._running = False

    def forget(self) -> None:
        """Stop, and show nothing of this root any longer."""
        self.stop()
        self.started = False
        self._show(View(self.root), generation=self.view.generation + 1, runs=self.view.runs + 1)

    def _stop_repair(self) -> None:
        if self._client_models is not None:
            self._client_models.close()
        if self._repairer is not None:
            self._repairer.kill()
            self._repairer = None

    def _stop_runner(self) -> None:
        if self._runner is not None:
            self._runner.kill()
            self._runner = None

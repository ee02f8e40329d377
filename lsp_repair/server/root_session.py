"""One pytest root under watch: what is red, what is known of it, and the workers that find out."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from lsp_repair.domain.runs import NodeId
from lsp_repair.server.workers import reports
from lsp_repair.server.workers.client_models import ClientModels
from lsp_repair.server.workers.reports import FailingTest, Offer, Report
from lsp_repair.server.workers.worker_handle import Worker

_MAX_REPAIRED = 40
_QUICK_SECONDS = 5.0
"""A suite this quick is run as a whole for a repair, so that proposals are proved on all of it."""


class Phase(StrEnum):
    """What a folder is doing."""

    UNTRUSTED = "untrusted"
    IDLE = "idle"
    TESTING = "testing"
    REPAIRING = "repairing"
    BROKEN = "broken"


class Autonomy(StrEnum):
    """How far the server goes by itself."""

    OFF = "off"
    DIAGNOSE = "diagnose"
    EXPLAIN = "explain"
    PROPOSE = "propose"


@dataclass(frozen=True, slots=True)
class Ask:
    """A repair that the user asked for."""

    tests: tuple[str, ...]
    """Empty: all that fail."""
    models: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Buffers:
    """The open documents of a root when a run begins, by path."""

    texts: Mapping[str, str]
    unsaved: Mapping[str, str]
    """Those that differ from the disk."""


NO_BUFFERS = Buffers({}, {})


@dataclass(frozen=True, slots=True)
class View:
    """What is known at one moment; requests look things up in it and never wait."""

    generation: int = 0
    runs: int = 0
    """How many runs told their verdicts."""
    phase: Phase = Phase.IDLE
    text: str = ""
    failing: Mapping[str, FailingTest] = field(default_factory=dict[str, FailingTest])
    reports: Mapping[str, Report] = field(default_factory=dict[str, Report])
    """By fingerprint."""
    hidden: frozenset[str] = frozenset()
    """Proposals that the user rejected."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Files that were open when the tests ran, as they were then: what was typed since moves the lines below it."""
    spent: frozenset[str] = frozenset()
    """Proposals that were accepted or proved stale, until they are proved anew."""

    def report_of(self, test: str) -> Report | None:
        """The report that a red test belongs to."""
        return next((each for each in self.reports.values() if test in each.tests), None)

    def offers(self, report: Report) -> tuple[Offer, ...]:
        """What may be offered of it, best first."""
        return tuple(each for each in report.offers if each.id not in self.hidden | self.spent)

    def find(self, proposal: str) -> tuple[Report, Offer] | None:
        """A proposal by its id."""
        return next(
            ((report, offer) for report in self.reports.values() for offer in report.offers if offer.id == proposal),
            None,
        )


class RootSession:
    """Runs and repairs of one root: one under way and one waiting; newer edits make results stale and stop the work."""

    def __init__(
        self,
        root: Path,
        settings: Mapping[str, Any],
        changed: Callable[["RootSession"], None],
        client_models: ClientModels | None = None,
    ) -> None:
        self.root = root
        self.settings = settings
        self.view = View()
        self.models = False
        """Whether models are named that the user could ask."""
        self.most_usd: str | None = None
        """What they may cost for one fix; None: there is no cap."""
        self.started = False
        """Whether its tests were asked for once."""
        self.refused_for_isolation = False
        """Whether the last repair was refused because there is no sandbox."""
        self._changed = changed
        self._client_models = client_models
        self._turn = asyncio.Lock()
        self._runner: Worker | None = None
        self._repairer: Worker | None = None
        self._running = False
        self._overlays: dict[str, str] = {}
        self._texts: Mapping[str, str] = {}
        self._asked: Ask | None = None
        self._is_quick = False
        self._problem = ""
        self._stops = 0

    @property
    def autonomy(self) -> Autonomy:
        """As the settings say."""
        value = self.settings.get("autonomy")
        return Autonomy(value) if value in list(Autonomy) else Autonomy.PROPOSE

    def _show(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
        self._changed(self)

    async def files_changed(self, paths: Iterable[str], buffers: Buffers) -> None:
        """Files were saved or buffers changed what they hold."""
        overlays = buffers.unsaved
        changed = sorted({*paths, *overlays, *self._overlays})
        generation = self._begin(buffers, "running the affected tests")
        async with self._turn:
            if self._runner is None:
                await self._start_runner(generation)
            else:
                await self._runner.send({"generation": generation, "paths": changed, "overlays": dict(overlays)})

    def ran_unsaved(self, path: str) -> bool:
        """Whether the verdicts are those of an unsaved buffer of this file."""
        return path in self._overlays

    def opened(self, path: str, text: str) -> None:
        """A file is open now, and holds what the tests ran on."""
        if path not in self.view.texts:
            self.view = replace(self.view, texts={**self.view.texts, path: text})

    async def run_all(self, buffers: Buffers) -> None:
        """Everything anew, from a fresh copy."""
        generation = self._begin(buffers, "running the tests")
        async with self._turn:
            self._stop_runner()
            await self._start_runner(generation)

    def _begin(self, buffers: Buffers, text: str) -> int:
        """What runs from here on is newer than all that is known."""
        self.started = self._running = True
        self._overlays, self._texts = dict(buffers.unsaved), buffers.texts
        self._stop_repair()
        self._show(generation=self.view.generation + 1, phase=Phase.TESTING, text=text)
        return self.view.generation

    async def _start_runner(self, generation: int) -> None:
        self._running = True
        self._runner = await Worker.start(
            {"verb": "run", "generation": generation, **self._order()}, self._received_from_runner
        )

    def _order(self) -> dict[str, Any]:
        return {
            "root": str(self.root),
            "python": self.settings.get("python"),
            "settings": dict(self.settings),
            "overlays": self._overlays,
            "editor_models": self._client_models is not None,
        }

    async def _received_from_runner(self, message: Mapping[str, Any]) -> None:
        match message["kind"]:
            case "found":
                self.models, self.most_usd = message["models"], message["most_usd"]
            case "verdicts":
                await self._judged(reports.verdicts(message))
            case "error":
                self._show(phase=Phase.BROKEN, text=f"{message['message']} {message['hint']}".strip())
            case "ended":
                self._runner, self._running, self._asked = None, False, None
                if self.view.phase is Phase.TESTING:
                    tail = message["tail"].strip().splitlines()
                    self._show(phase=Phase.BROKEN, text=tail[-1] if tail else "the tests could not be run")
            case _:
                pass

    async def _judged(self, reported: reports.Verdicts) -> None:
        """New verdicts: red tests of the files that ran are replaced, and reports of what is no longer so go."""
        is_last = reported.generation == self.view.generation
        self._running = not is_last
        ran = None if reported.files is None else set(reported.files)
        if ran is None:
            self._is_quick = reported.seconds < _QUICK_SECONDS
        kept = {} if ran is None else {key: each for key, each in self.view.failing.items() if _file(key) not in ran}
        failing = kept | {each.id: each for each in reported.failing}
        reports = {key: each for key, each in self.view.reports.items() if self._still(each, failing, ran)}
        runs = self.view.runs + 1
        if not is_last:  # a newer change is with the runner already
            self._show(failing=failing, reports=reports, runs=runs)
            return
        fresh = tuple(key for key in failing if not any(key in each.tests for each in reports.values()))
        ask, self._asked = self._asked, None
        if ask is None and fresh and self.autonomy in {Autonomy.EXPLAIN, Autonomy.PROPOSE}:
            ask = Ask(() if self._is_quick else fresh[:_MAX_REPAIRED])
        phase = Phase.IDLE if ask is None else Phase.REPAIRING
        self._show(failing=failing, reports=reports, runs=runs, phase=phase, text=_counted(failing), texts=self._texts)
        if ask is not None:
            await self._start_repair(ask)

    def _still(self, report: Report, failing: Mapping[str, FailingTest], ran: set[str] | None) -> bool:
        """A report stands while none of its tests ran again: what ran is looked at anew."""
        if ran is None or any(_file(key) in ran for key in report.tests):
            return False
        return any(key in failing for key in report.tests)

    async def repair(self, ask: Ask) -> None:
        """What the user asked for, now, or after the run that is under way."""
        if self._running:
            self._asked = ask
            return
        self._stop_repair()
        await self._start_repair(ask)

    async def _start_repair(self, ask: Ask) -> None:
        explain_only = self.autonomy is Autonomy.EXPLAIN and not ask.models and not ask.hint
        order = {
            "verb": "repair",
            "tests": ask.tests,
            "models": ask.models,
            "hint": ask.hint,
            "explain_only": explain_only,
            **self._order(),
        }
        self.refused_for_isolation = False
        self._show(phase=Phase.REPAIRING, text="looking for repairs")
        now = self._stops, self.view.generation
        async with self._turn:
            self._stop_repair()
            repairer = await Worker.start(order, lambda message: self._received_from_repairer(message, now[1]))
            if now == (self._stops, self.view.generation):
                self._repairer = repairer
            else:  # stopped, or a newer edit came, while it was being started
                repairer.kill()

    def _received_from_repairer(self, message: Mapping[str, Any], generation: int) -> None:
        if generation != self.view.generation:
            return
        match message["kind"]:
            case "progress":
                self._show(text=message["text"])
            case "report":
                report = reports.report(message)
                stale = {key for key, each in self.view.reports.items() if set(each.tests) & set(report.tests)}
                kept = {key: each for key, each in self.view.reports.items() if key not in stale}
                spent = self.view.spent - {offer.id for offer in report.offers}
                self._show(reports=kept | {report.fingerprint: report}, spent=spent)
            case "chat":
                if self._client_models is not None and self._repairer is not None:
                    self._client_models.ask(message, self._repairer.send)
            case "chat-over":
                if self._client_models is not None:
                    self._client_models.over(int(message["number"]))
            case "error":
                self.refused_for_isolation = message["code"] == "isolation"
                self._problem = f"{message['message']} {message['hint']}".strip()
            case "ended":
                self._repairer = None
                problem, self._problem = self._problem, ""
                self._show(phase=Phase.IDLE, text=problem or _counted(self.view.failing))
            case _:
                pass

    def hide(self, proposal: str) -> None:
        """The user does not want to see it again."""
        self._show(hidden=self.view.hidden | {proposal})

    def spend(self, proposal: str) -> None:
        """It was accepted, or it is stale: what happens to the text next may make it right again."""
        self._show(spent=self.view.spent | {proposal})

    def refuse(self, why: str) -> None:
        """Nothing runs here: it is not trusted."""
        self._show(phase=Phase.UNTRUSTED, text=why)

    def _stop_repair(self) -> None:
        if self._client_models is not None:
            self._client_models.close()
        if self._repairer is not None:
            self._repairer.kill()
            self._repairer = None

    def cancel(self) -> None:
        """Stop what runs, at the user's word."""
        self.stop()
        self._asked = None
        self._show(generation=self.view.generation + 1, phase=Phase.IDLE, text="stopped")

    def stop(self) -> None:
        """Leave no process behind."""
        self._stops += 1
        self._stop_repair()
        self._stop_runner()
        self._running = False

    def _stop_runner(self) -> None:
        if self._runner is not None:
            self._runner.kill()
            self._runner = None

    def forget(self) -> None:
        """Stop, and know nothing: nothing is shown of this folder any longer."""
        self.stop()
        self.started = False
        self.view = View(generation=self.view.generation + 1, runs=self.view.runs + 1)
        self._changed(self)

    @property
    def busy(self) -> bool:
        """Whether something runs."""
        return self._running or self._repairer is not None

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the workers."""
        return tuple(each.pid for each in (self._runner, self._repairer) if each is not None)


def _file(test: str) -> str:
    return NodeId(test).file


def _counted(failing: Mapping[str, FailingTest]) -> str:
    return "all tests pass" if not failing else f"{len(failing)} failing"


def tests_of(view: View, failure: str) -> tuple[str, ...]:
    """The red tests of a failure by its fingerprint or by one of its tests."""
    report: Report | None = view.reports.get(failure) or view.report_of(failure)
    if report is not None:
        return tuple(key for key in report.tests if key in view.failing)
    return (failure,) if failure in view.failing else ()

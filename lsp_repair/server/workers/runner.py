"""A runner: runs all tests of a root once, then what each change can affect, until its input ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Event
from lsp_repair.folders import work_folder
from lsp_repair.isolation.leftovers import take_away_leftovers
from lsp_repair.repair.fix_request import Selection, chosen
from lsp_repair.repair.stages.baseline import run_baseline
from lsp_repair.repair.stages.prepare import find_sandbox, prepare
from lsp_repair.repair.warm_suite import WarmSuite
from lsp_repair.server.state.buffers import overlays_of
from lsp_repair.server.workers.last_green import LastGreen
from lsp_repair.server.workers.orders import Orders, project_of
from lsp_repair.server.workers.worker_messages import Changed, Found, Run, Verdicts, WorkerReport
from lsp_repair.server.workers.worker_reports import failing_tests
from lsp_repair.settings import Settings
from lsp_repair.testrun.live_suite import LiveSuite, Taken
from lsp_repair.testrun.snapshot_rules import SnapshotRules


def run(order: Run, orders: Orders, report: Callable[[WorkerReport], None]) -> None:
    """Raises LspRepairError when the tests cannot be run."""
    take_away_leftovers()
    project, loaded = project_of(order.target)
    settings = loaded.settings
    report(_found(settings, lent=order.target.editor_models))
    with ExitStack() as stack:
        private = stack.enter_context(work_folder())
        sandbox = find_sandbox(project, settings.allow)
        rules = SnapshotRules.of(settings)
        prepared = prepare(project, private, rules, sandbox, overlays_of(order.target.unsaved))
        selection = chosen(project, Selection(), project.root)
        baseline = run_baseline(prepared, selection, Deadline.after(settings.time_limit_seconds), _ignore).run
        green = LastGreen()
        green.ran((), baseline)
        report(Verdicts(order.generation, None, failing_tests(baseline), baseline.seconds, {}))
        suite = stack.enter_context(LiveSuite(prepared.snapshot, prepared.place, baseline))
        warm = stack.enter_context(WarmSuite(prepared.place, baseline))
        for verdicts in follow(suite, warm, green, orders, settings.time_limit_seconds):
            report(verdicts)


def _ignore(event: Event) -> None:
    """Nothing follows the progress of the baseline."""


def _found(settings: Settings, *, lent: bool) -> Found:
    """Whether models could be asked, and what a fix may cost at most."""
    named = settings.models != "off" and any((settings.repair_model, settings.cheap_model, lent))
    most = settings.max_usd_per_fix
    return Found(named, None if most is None else f"{most:f}")


def follow(suite: LiveSuite, warm: WarmSuite, green: LastGreen, orders: Orders, limit: float) -> Iterator[Verdicts]:
    """The verdicts of each change.

    A newer change cuts off the run of an older one, whose files are then run together with its own.
    """
    unfinished: Taken | None = None
    while changes := [each for each in orders.all_next() if isinstance(each, Changed)]:
        started = time.monotonic()
        deadline = orders.until_news(limit)
        paths = sorted({path for change in changes for path in change.paths})
        warm.before_change()
        taken = joined(unfinished, suite.take_in(paths, overlays_of(changes[-1].unsaved)))
        gone = {each.path for each in taken.changes if each.after is None}
        there = replace(taken, files=taken.files - gone)  # a removed test file has nothing to run
        run = warm.run(there, deadline)
        if run is None and orders.have_news:  # it is stale already: no fresh process for it
            unfinished = taken
            continue
        if run is None:
            run = suite.run(there, deadline)
            if run.complete:
                warm.ran_cold(taken, run)
        unfinished = taken if not run.complete and orders.have_news else None
        if unfinished is None:
            files, seconds = tuple(sorted(taken.files | gone)), time.monotonic() - started
            green.ran(taken.changes, run)
            yield Verdicts(changes[-1].generation, files, failing_tests(run), seconds, green.texts())


def joined(earlier: Taken | None, now: Taken) -> Taken:
    """Both as one change: from the texts before the earlier one to the texts now."""
    if earlier is None:
        return now
    before = {each.path: each.before for each in earlier.changes}
    changes = {each.path: replace(each, before=before.get(each.path, each.before)) for each in now.changes}
    kept = {each.path: each for each in earlier.changes}
    return Taken(tuple((kept | changes).values()), earlier.files | now.files)

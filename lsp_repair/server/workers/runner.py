"""A runner: runs all tests of a root once, then what each change can affect, until its input ends."""

from collections.abc import Callable
from contextlib import ExitStack

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Event
from lsp_repair.folders import work_folder
from lsp_repair.isolation.leftovers import take_away_leftovers
from lsp_repair.repair.fix_request import Selection, chosen
from lsp_repair.repair.stages.baseline import run_baseline
from lsp_repair.repair.stages.prepare import find_sandbox, prepare
from lsp_repair.repair.warm_suite import WarmSuite
from lsp_repair.server.state.buffers import overlays_of
from lsp_repair.server.workers.following import follow
from lsp_repair.server.workers.orders import Orders
from lsp_repair.server.workers.target_project import project_of
from lsp_repair.server.workers.worker_messages import Found, Run, Verdicts, WorkerReport
from lsp_repair.server.workers.worker_reports import failing_tests
from lsp_repair.settings import Settings
from lsp_repair.testrun.live_suite import LiveSuite
from lsp_repair.testrun.snapshot import SnapshotRules


def run(order: Run, orders: Orders, report: Callable[[WorkerReport], None]) -> None:
    """Raises LspRepairError when the tests cannot be run."""
    take_away_leftovers()
    project, loaded = project_of(order.target)
    settings = loaded.settings
    report(_found(settings, lent=order.target.editor_models))
    with ExitStack() as stack:
        private = stack.enter_context(work_folder())
        sandbox = find_sandbox(project, settings.allow)
        rules = SnapshotRules(settings.snapshot_include)
        prepared = prepare(project, private, rules, sandbox, overlays_of(order.target.unsaved))
        selection = chosen(project, Selection(), project.root)
        baseline = run_baseline(prepared, selection, Deadline.after(settings.time_limit_seconds), _ignore).run
        report(Verdicts(order.generation, None, failing_tests(baseline), baseline.seconds))
        suite = stack.enter_context(LiveSuite(prepared.snapshot, prepared.place, baseline))
        warm = stack.enter_context(WarmSuite(prepared.place, baseline))
        for verdicts in follow(suite, warm, orders, settings.time_limit_seconds):
            report(verdicts)


def _ignore(event: Event) -> None:
    """Nobody follows the baseline's progress."""


def _found(settings: Settings, *, lent: bool) -> Found:
    """Whether models could be asked, and what a fix may cost at most."""
    named = settings.models != "off" and any((settings.repair_model, settings.cheap_model, lent))
    most = settings.max_usd_per_fix
    return Found(named, None if most is None else f"{most:f}")

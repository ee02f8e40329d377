"""A repairer: explains and repairs what its order names, and reports each failure as soon as it is done."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from lsp_repair.app.model_assembly import Means, ModelFlags, choose, means_of
from lsp_repair.domain.events import Event, Observer, Progressed, RepairAdvanced, RepairFinished
from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.folders import Folders, open_folders
from lsp_repair.ledger import Ledger
from lsp_repair.models.endpoints import EDITOR
from lsp_repair.repair.engine import fix
from lsp_repair.repair.fix_request import Assistants, FixRequest, Selection
from lsp_repair.server.state.buffers import overlays_of
from lsp_repair.server.state.view import Ask
from lsp_repair.server.workers.editor_models import ANY, EditorModels
from lsp_repair.server.workers.orders import Orders, project_of
from lsp_repair.server.workers.worker_messages import Progress, Repair, Repaired, WorkerReport
from lsp_repair.server.workers.worker_reports import report_of
from lsp_repair.settings import LoadedSettings
from lsp_repair.testrun.snapshot_rules import SnapshotRules
from lsp_repair.trust import WEAK_ISOLATION, has_consented

Report = Callable[[WorkerReport], None]


def repair(order: Repair, orders: Orders, report: Report) -> None:
    """Raises LspRepairError when nothing can be repaired."""
    project, loaded = project_of(order.target)
    settings, demands = loaded.settings, loaded.demands()
    folders = open_folders()
    with _opened_ledger(folders) as ledger:
        lent = EditorModels(report) if order.target.editor_models else None
        if lent is not None:
            orders.pass_on(lent.answered)
        means = means_of(project.root, ledger, folders, lent.carrier if lent is not None else None)
        request = FixRequest(
            selection=Selection(order.ask.tests),
            time_limit_seconds=settings.time_limit_seconds,
            jobs=settings.jobs,
            demands=demands.with_consent() if has_consented(folders.state, WEAK_ISOLATION) else demands,
            allow=settings.allow,
            explain_only=order.explain_only,
            max_proposals=settings.max_proposals,
            ignore=settings.ignore,
            snapshot_rules=SnapshotRules.of(settings),
            rejected=ledger.rejected_patches(str(project.root)) if ledger is not None else frozenset(),
            overlays=overlays_of(order.target.unsaved),
            last_green=overlays_of(order.last_green),
            assistants=_models_for(order.ask, loaded, means),
            redactor=means.redactor,
            hint=order.ask.hint,
            expectations=ledger.expectations(str(project.root)) if ledger is not None else {},
        )
        fix(project, request, _observer(report, ledger))


def _opened_ledger(folders: Folders) -> AbstractContextManager[Ledger | None]:
    """The ledger, or None where it cannot be opened: a repair does not need it."""
    try:
        return nullcontext() if folders.state is None else Ledger.open_in(folders.state)
    except (OSError, sqlite3.Error):
        return nullcontext()


def _observer(report: Report, ledger: Ledger | None) -> Observer:
    """Passes events to the ledger, then reports them to the server."""

    def observe(event: Event) -> None:
        if ledger is not None:
            ledger(event)
        match event:
            case Progressed(text):
                report(Progress(text))
            case RepairAdvanced(report=finished) | RepairFinished(report=finished):
                report(Repaired(report_of(finished)))
            case _:
                pass

    return observe


def _models_for(ask: Ask, loaded: LoadedSettings, means: Means) -> Assistants | None:
    """The models of this repair; None unless the user asked for models or gave a hint.

    Raises UsageError for a strategy, an endpoint or a key that is wrong.
    """
    if not ask.models and not ask.hint:
        return None
    flags = ModelFlags(
        models="all" if loaded.settings.models is None else None,
        hint=ask.hint,
        choices=_borrowed(loaded) if means.editor is not None else {},
    )
    return choose(flags, loaded, means).assistants


def _borrowed(loaded: LoadedSettings) -> Mapping[str, ModelChoice]:
    """An editor that lends its models is asked where the user named no other."""
    settings = loaded.settings
    if settings.repair_model is not None or settings.cheap_model is not None:
        return {}
    return {"repair_model": ModelChoice(ANY, preset=EDITOR)}

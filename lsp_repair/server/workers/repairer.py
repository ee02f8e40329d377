"""What a repairer needs beside the engine: the ledger, the models that were asked for, and somebody who listens."""

import sqlite3
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lsp_repair.app.model_assembly import Means, ModelFlags, choose
from lsp_repair.domain.events import Event, Progressed, RepairFinished
from lsp_repair.domain.model_choice import ModelChoice
from lsp_repair.folders import Folders
from lsp_repair.ledger import Ledger
from lsp_repair.models.endpoints import EDITOR
from lsp_repair.repair.assistants import Assistants
from lsp_repair.server.workers.editor_models import ANY
from lsp_repair.server.workers.reports import to_json
from lsp_repair.server.workers.worker_reports import reported_report
from lsp_repair.settings import LoadedSettings

Tell = Callable[[Mapping[str, Any]], None]


@contextmanager
def opened_ledger(folders: Folders) -> Generator[Ledger | None]:
    """The ledger, or none: a repair does not need it."""
    try:
        ledger = Ledger.open_in(folders.state) if folders.state is not None else None
    except (OSError, sqlite3.Error):
        ledger = None
    if ledger is None:
        yield None
        return
    with ledger:
        yield ledger


@dataclass(frozen=True, slots=True)
class Telling:
    """An observer that tells the server, after the ledger knows."""

    tell: Tell
    ledger: Ledger | None

    def __call__(self, event: Event) -> None:
        """One event."""
        if self.ledger is not None:
            self.ledger(event)
        match event:
            case Progressed(text):
                self.tell({"kind": "progress", "text": text})
            case RepairFinished(report):
                self.tell(to_json("report", reported_report(report)))
            case _:
                pass


def models_for(order: Mapping[str, Any], loaded: LoadedSettings, means: Means) -> Assistants | None:
    """The models of this repair; none unless it was asked for by name or by a hint.

    Raises UsageError for a strategy, an endpoint or a key that is wrong.
    """
    if not order.get("models") and not order.get("hint"):
        return None
    flags = ModelFlags(
        models="all" if loaded.settings.models is None else None,
        hint=order.get("hint") or "",
        choices=_borrowed(loaded) if means.editor is not None else {},
    )
    return choose(flags, loaded, means).assistants


def _borrowed(loaded: LoadedSettings) -> Mapping[str, ModelChoice]:
    """An editor that lends its models is asked where the user named no other."""
    settings = loaded.settings
    if settings.repair_model is not None or settings.cheap_model is not None:
        return {}
    return {"repair_model": ModelChoice(ANY, preset=EDITOR)}

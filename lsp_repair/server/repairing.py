"""What a repairer needs beside the engine: the ledger, the models that were asked for, and somebody who listens."""

import argparse
import os
import sqlite3
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_repair.cli import assisting
from lsp_repair.cli.secrets import redactor_for
from lsp_repair.cli.wiring import LEDGER
from lsp_repair.domain.events import Event, Progressed, ProposalFound, RepairFinished, ReplyStreamed
from lsp_repair.domain.metering import Role
from lsp_repair.folders import Folders
from lsp_repair.ledger import Ledger
from lsp_repair.repair.assistants import Assistants
from lsp_repair.server.findings import to_json
from lsp_repair.server.telling import offered, told_report
from lsp_repair.settings import LoadedSettings

Tell = Callable[[Mapping[str, Any]], None]


@contextmanager
def opened_ledger(folders: Folders) -> Generator[Ledger | None]:
    """The ledger, or none: a repair does not need it."""
    try:
        ledger = Ledger.open(folders.state / LEDGER) if folders.state is not None else None
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
            case ReplyStreamed(_, Role.FEEDBACK, piece):
                self.tell({"kind": "feedback", "text": piece})
            case ProposalFound(group, proposal):
                offer = offered(proposal)
                if offer is not None:
                    self.tell({**to_json("offer", offer), "fingerprint": group.fingerprint})
            case RepairFinished(report):
                self.tell(to_json("report", told_report(report)))
            case _:
                pass


def models_for(
    order: Mapping[str, Any], loaded: LoadedSettings, means: tuple[Path, Ledger | None, Folders]
) -> Assistants | None:
    """The models of this repair; none unless it was asked for by name or by a hint."""
    root, ledger, folders = means
    redactor = redactor_for(root, os.environ)
    if ledger is not None:
        ledger.hide(redactor.masked)
    if not order.get("models") and not order.get("hint"):
        return None
    flags = argparse.Namespace(
        models="all" if loaded.settings.models is None else None,
        strategy=None,
        hint=order.get("hint") or None,
        show_prompt=False,
        record=None,
        replay=None,
        repair_model=None,
        feedback_model=None,
        cheap_model=None,
    )
    chosen = assisting.choose(flags, loaded, assisting.Means(root, ledger, folders, redactor, os.environ))
    return None if chosen.assistants is None else replace(chosen.assistants)

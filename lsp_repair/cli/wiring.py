"""What commands share: projects with their settings, the ledger, progress on the console, the models of a root."""

import argparse
import contextlib
import os
import sqlite3
from collections.abc import Generator, Sequence
from dataclasses import replace

from lsp_repair.app.console import Console
from lsp_repair.domain.events import CandidateSurvived, Event, Observer, Progressed, ProposalFound, ReplyStreamed
from lsp_repair.domain.metering import Role
from lsp_repair.domain.projects import Project
from lsp_repair.folders import Folders, trim
from lsp_repair.isolation.stragglers import take_away_leftovers
from lsp_repair.ledger import Ledger
from lsp_repair.models.sanitising import plain
from lsp_repair.settings import LoadedSettings, load_settings
from lsp_repair.testrun.discovery import discover, discover_all

Arguments = argparse.Namespace
JOURNAL = "journal"


def projects(arguments: Arguments, pytest_arguments: Sequence[str]) -> list[tuple[Project, LoadedSettings]]:
    """The roots a command works on, each with its own settings."""
    path = arguments.path.expanduser().absolute()
    if getattr(arguments, "all_roots", False):
        found = discover_all(path, arguments.python, os.environ, load_settings().settings)
    else:
        found = (discover(path, arguments.python, os.environ, load_settings().settings),)
    loaded_projects: list[tuple[Project, LoadedSettings]] = []
    for project in found:
        loaded = load_settings(project.root)
        extra = (*loaded.settings.pytest_args, *pytest_arguments)
        loaded_projects.append((replace(project, pytest_args=extra), loaded))
    return loaded_projects


@contextlib.contextmanager
def opened_ledger(folders: Folders, console: Console) -> Generator[Ledger | None]:
    """The ledger, or none with a notice: a repair does not need it. What dead processes left is swept on the way."""
    take_away_leftovers()
    if folders.cache is not None:
        trim(folders.cache)
    for notice in folders.notices:
        console.line(f"note: {notice}", "yellow")
    if folders.state is None:
        yield None
        return
    try:
        ledger = Ledger.open_in(folders.state)
    except (OSError, sqlite3.Error) as error:
        console.line(f"note: the ledger cannot be opened ({error}); nothing is recorded", "yellow")
        yield None
        return
    with ledger:
        yield ledger
        for notice in ledger.notices:
            console.line(f"note: {notice}", "yellow")


def observer(console: Console, ledger: Ledger | None) -> Observer:
    """Tells the console and the ledger what the engine tells."""
    received: list[str] = []

    def observe(event: Event) -> None:
        if not isinstance(event, ReplyStreamed):
            received.clear()
        match event:
            case ReplyStreamed(_, Role.FEEDBACK, piece):
                received.append(piece)
                console.moving_status(f"feedback model: {plain(''.join(received), limit=10_000)}")
            case ReplyStreamed(_, _, piece):
                received.append(piece)
                console.moving_status(f"repair model: {sum(map(len, received)):,} characters")
            case Progressed(text):
                console.status(text)
            case CandidateSurvived(_, title):
                console.status(f"makes the failing tests pass: {title}")
            case ProposalFound(_, proposal):
                console.status(f"proved: {proposal.title}")
            case _:
                pass
        if ledger is not None:
            ledger(event)

    return observe

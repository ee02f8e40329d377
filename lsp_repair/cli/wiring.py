"""What commands share: projects with their settings, the ledger, progress on the console, consent to run without a sandbox."""

import argparse
import contextlib
import os
import sqlite3
import sys
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from lsp_repair.app.console import Console
from lsp_repair.domain.events import (
    CandidateSurvived,
    Event,
    FixReport,
    Observer,
    Progressed,
    ProposalFound,
    ReplyStreamed,
)
from lsp_repair.domain.isolation import Demands
from lsp_repair.domain.money import Role
from lsp_repair.domain.projects import Project
from lsp_repair.errors import RefusedError
from lsp_repair.folders import Folders, trim
from lsp_repair.isolation.leftovers import take_away_leftovers
from lsp_repair.ledger import Ledger
from lsp_repair.models.sanitising import plain
from lsp_repair.repair.engine import fix
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.settings import LoadedSettings, load_settings
from lsp_repair.testrun.discovery import discover, discover_all
from lsp_repair.trust import WEAK_ISOLATION, consent, has_consented

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
        loaded_projects.append((replace(project, pytest_args=extra, folder=_started_in(project.root)), loaded))
    return loaded_projects


def _started_in(root: Path) -> str:
    """The working directory below a root, as pytest would take it."""
    here = Path(os.path.realpath(os.curdir))
    return here.relative_to(root).as_posix() if here != root and here.is_relative_to(root) else ""


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
    """Passes the engine's events to the console and the ledger."""
    received: list[str] = []

    def observe(event: Event) -> None:
        if not isinstance(event, ReplyStreamed):
            received.clear()
        match event:
            case ReplyStreamed(_, Role.FEEDBACK | Role.CRITIC as role, piece):
                received.append(piece)
                console.moving_status(f"{role} model: {plain(''.join(received), limit=10_000)}")
            case ReplyStreamed(_, _, piece):
                received.append(piece)
                console.moving_status(f"repair model: {sum(map(len, received)):,} characters")
            case Progressed(text):
                console.status(text)
            case CandidateSurvived(_, title):
                console.status(f"makes the failing tests pass: {title}")
            case ProposalFound(_, proposal):
                console.status(f"{'proved: ' if proposal.evidence.is_proved else ''}{proposal.title}")
            case _:
                pass
        if ledger is not None:
            ledger(event)

    return observe


def fix_with_consent(
    project: Project, request: FixRequest, observe: Observer, kept: tuple[Folders, Console]
) -> FixReport:
    """`fix` on an interactive terminal: asks where the isolation is too weak for edits of the user's own code.

    The answer is kept in the user's scope. Elsewhere, or after a no, raises RefusedError as `fix` does.
    """
    folders, console = kept
    if _is_interactive() and has_consented(folders.state, WEAK_ISOLATION):
        request = replace(request, demands=request.demands.with_consent())
    try:
        return fix(project, request, observe)
    except RefusedError as refusal:
        is_open = refusal.code == "isolation" and request.demands == Demands()
        if not is_open or not _is_interactive() or not _agrees(refusal, console):
            raise
    if folders.state is not None:
        consent(folders.state, WEAK_ISOLATION)
    return fix(project, replace(request, demands=request.demands.with_consent()), observe)


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _agrees(refusal: RefusedError, console: Console) -> bool:
    console.line(f"{refusal.message}.", "yellow")
    console.line(f"  {refusal.hint}")
    console.line("The built-in engine's edits of your own code can run without a sandbox, just as your tests do.")
    return input("allow this from now on, in your terminal and editor? [y/N] ").strip().lower() in {"y", "yes"}

"""What each command does with its parsed arguments."""

import argparse
import contextlib
import hashlib
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import cast

from lsp_repair.cli import json_output, rendering
from lsp_repair.cli.console import Console
from lsp_repair.cli.journal import apply, undo
from lsp_repair.domain.events import CandidateSurvived, Event, Observer, Progressed, ProposalFound
from lsp_repair.domain.outcomes import FixReport, Proposal, Status
from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.projects import Project
from lsp_repair.domain.verdicts import Plausible
from lsp_repair.errors import LspRepairError, UsageError
from lsp_repair.folders import Folders, carry_out, open_folders, plan_clean, sweep, trim
from lsp_repair.ledger import Ledger
from lsp_repair.repair.engine import Interrupted, check, fix
from lsp_repair.repair.requests import CheckRequest, FixRequest, Selection
from lsp_repair.settings import LoadedSettings, load_settings
from lsp_repair.testrun.discovery import discover, discover_all

Arguments = argparse.Namespace
_LEDGER = "ledger.sqlite3"
_JOURNAL = "journal"


def _projects(arguments: Arguments, pytest_arguments: Sequence[str]) -> list[tuple[Project, LoadedSettings]]:
    """The roots a command works on, each with its own settings."""
    path = arguments.path.expanduser().absolute()
    if getattr(arguments, "all_roots", False):
        found = discover_all(path, arguments.python, os.environ, load_settings().settings)
    else:
        found = (discover(path, arguments.python, os.environ, load_settings().settings),)
    projects: list[tuple[Project, LoadedSettings]] = []
    for project in found:
        loaded = load_settings(project.root)
        extra = (*loaded.settings.pytest_args, *pytest_arguments)
        projects.append((replace(project, pytest_args=extra), loaded))
    return projects


@contextlib.contextmanager
def _ledger(folders: Folders, console: Console) -> Generator[Ledger | None]:
    """The ledger, or none with a notice: a repair does not need it. What dead processes left is swept on the way."""
    sweep()
    if folders.cache is not None:
        trim(folders.cache)
    for notice in folders.notices:
        console.line(f"note: {notice}", "yellow")
    if folders.state is None:
        yield None
        return
    try:
        ledger = Ledger.open(folders.state / _LEDGER)
    except (OSError, sqlite3.Error) as error:
        console.line(f"note: the ledger cannot be opened ({error}): nothing is kept", "yellow")
        yield None
        return
    with ledger:
        yield ledger
        for notice in ledger.notices:
            console.line(f"note: {notice}", "yellow")


def _observer(console: Console, ledger: Ledger | None) -> Observer:
    def observe(event: Event) -> None:
        match event:
            case Progressed(text):
                console.status(text)
            case CandidateSurvived(_, title):
                console.status(f"passes the failing tests: {title}")
            case ProposalFound(_, proposal):
                console.status(f"proved: {proposal.title}")
            case _:
                pass
        if ledger is not None:
            ledger(event)

    return observe


def run_fix(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`fix`."""
    folders = open_folders()
    reports: list[FixReport] = []
    failure: LspRepairError | None = None
    interrupted = False
    with _ledger(folders, console) as ledger:
        try:
            for project, loaded in _projects(arguments, pytest_arguments):
                rejected = ledger.rejected_patches(str(project.root)) if ledger is not None else frozenset[str]()
                request = replace(
                    _fix_request(arguments, loaded, rejected), import_cache=_import_cache(folders, project)
                )
                report = fix(project, request, _observer(console, ledger))
                reports.append(replace(report, notices=(*loaded.notices, *report.notices)))
        except Interrupted as stop:
            reports.append(stop.partial)
            interrupted = True
        except LspRepairError as error:
            failure = error
        console.clear_status()
        for report in reports:
            rendering.show_fix(console, report)
        try:
            _deliver(arguments, reports, (folders, ledger, console))
        except LspRepairError as error:
            failure = failure or error
    _write_fix_json(arguments, reports, failure, interrupted=interrupted)
    if interrupted:
        console.line("interrupted: this is what was found by then", "yellow")
        return 130
    if failure is not None:
        console.line(f"lsp-repair: {failure.message}", "red")
        console.line(f"  {failure.hint}")
        return failure.exit_code
    return int(any(each.counts_as_failure for report in reports for each in report.failures) or _cut_short(reports))


def _import_cache(folders: Folders, project: Project) -> Path | None:
    if folders.cache is None:
        return None
    name = hashlib.sha256(str(project.root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return folders.cache / "imports" / f"{name}.json"


def _cut_short(reports: Sequence[FixReport]) -> bool:
    """Time ran out before every failure was looked at, or before every test ran: that is no "nothing fails"."""
    return any((report.out_of_time or report.tests.not_run) and not report.failures for report in reports)


def _fix_request(arguments: Arguments, loaded: LoadedSettings, rejected: frozenset[str] = frozenset()) -> FixRequest:
    settings = loaded.settings
    limit = arguments.time_limit or settings.time_limit_seconds
    return FixRequest(
        selection=Selection(tuple(arguments.test), arguments.last_failed),
        time_limit_seconds=min(limit, settings.time_limit_seconds)
        if _tightened(loaded, "time_limit_seconds")
        else limit,
        jobs=getattr(arguments, "jobs", None) or settings.jobs,
        min_isolation=arguments.min_isolation or settings.min_isolation,
        explain_only=arguments.command == "explain",
        max_proposals=settings.max_proposals,
        ignore=settings.ignore,
        snapshot_include=settings.snapshot_include,
        rejected=rejected,
    )


def _tightened(loaded: LoadedSettings, name: str) -> bool:
    return any(each.name == name and each.source.endswith("pyproject.toml") for each in loaded.effective)


def _write_fix_json(
    arguments: Arguments, reports: Sequence[FixReport], failure: LspRepairError | None, *, interrupted: bool
) -> None:
    if not arguments.json:
        return
    documents = [json_output.fix_json(report) for report in reports] or [json_output.empty_fix_json()]
    if failure is not None:
        documents[-1]["error"] = json_output.error_json(failure)
    elif interrupted:
        documents[-1]["error"] = {"code": "interrupted", "message": "interrupted by the user", "hint": ""}
    elif any(report.out_of_time for report in reports):
        documents[-1]["error"] = {
            "code": "time-limit",
            "message": "the time limit was reached; this is what was found by then",
            "hint": "raise it with --time-limit SECONDS, or choose tests",
        }
    if getattr(arguments, "all_roots", False):
        json_output.write_json({"schema": json_output.SCHEMA, "roots": documents}, arguments.json)
    else:
        json_output.write_json(documents[0], arguments.json)


def _deliver(arguments: Arguments, reports: Sequence[FixReport], means: tuple[Folders, Ledger | None, Console]) -> None:
    """Patch files and written fixes."""
    if arguments.patches is not None:
        _write_patches(arguments.patches, reports, means[2])
    if arguments.write:
        for report in reports:
            _write_fixes(report, accept_flagged=arguments.accept_flagged, means=means)


def _write_patches(folder: Path, reports: Sequence[FixReport], console: Console) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for report in reports:
        for proposal in (each for failure in report.failures for each in failure.proposals):
            number += 1
            path = folder / f"{number:02}-{proposal.id}.patch"
            path.write_bytes(proposal.patch.diff.encode("utf-8", "surrogateescape"))
            console.line(f"wrote {path}", "dim")


def _write_fixes(report: FixReport, *, accept_flagged: bool, means: tuple[Folders, Ledger | None, Console]) -> None:
    folders, ledger, console = means
    if folders.state is None:
        raise UsageError(
            "no-journal", "nothing was written: without a state folder nothing could be undone", "set LSP_REPAIR_STATE"
        )
    root = Path(report.root)
    written: dict[str, tuple[bytes | None, bytes | None]] = {}
    for failure in report.failures:
        if failure.status is not Status.PROPOSED:
            continue
        proposal = next((each for each in failure.proposals if accept_flagged or not each.evidence.flags), None)
        if proposal is None:
            console.line(
                f"not written: every proposal for {failure.group.node_ids[0]} is flagged (--accept-flagged)", "yellow"
            )
            continue
        _write_one(root, proposal, written, (folders.state / _JOURNAL, ledger, console))


def _write_one(
    root: Path,
    proposal: Proposal,
    written: dict[str, tuple[bytes | None, bytes | None]],
    means: tuple[Path, Ledger | None, Console],
) -> None:
    """Write one proposal, on top of what earlier ones of this command did to the same files."""
    journal, ledger, console = means
    changes = [_on_top(change, written.get(change.path)) for change in proposal.patch.changes]
    if any(change is None for change in changes):
        console.line(f"not written: {proposal.title}: it overlaps a fix that was just written; run fix again", "yellow")
        return
    known = [change for change in changes if change is not None]
    applied = apply(root, known, journal)
    for change in known:
        first = written.get(change.path, (change.before, None))[0]
        written[change.path] = (first, change.after)
    if ledger is not None:
        ledger.record_decision(proposal.id, "accepted")
    console.line(f"wrote {', '.join(applied.paths)}; take it back with: lsp-repair undo {applied.id}", "green")


def _on_top(change: FileChange, before: tuple[bytes | None, bytes | None] | None) -> FileChange | None:
    """The same change on the text that an earlier fix left; None when both touch the same lines."""
    from lsp_repair.cli.merging import merged

    if before is None:
        return change
    _, current = before
    if current is None or change.before is None or change.after is None:
        return None
    after = merged(change.before, current, change.after)
    return FileChange(change.path, current, after) if after is not None else None


def run_explain(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`explain`."""
    with _ledger(open_folders(), console) as ledger:
        ((project, loaded),) = _projects(arguments, pytest_arguments)
        report = fix(project, _fix_request(arguments, loaded), _observer(console, ledger))
    console.clear_status()
    rendering.show_fix(console, report, explain_only=True)
    _write_fix_json(arguments, [report], None, interrupted=False)
    return int(any(each.counts_as_failure for each in report.failures))


def run_check(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`check`."""
    try:
        text = arguments.patch.read_bytes()
    except OSError as error:
        raise UsageError(
            "patch-not-found", f"{arguments.patch} cannot be read: {error.strerror}", "name a unified diff"
        ) from error
    ((project, loaded),) = _projects(arguments, pytest_arguments)
    settings = loaded.settings
    request = CheckRequest(
        patch_text=text,
        selection=Selection(tuple(arguments.test)),
        time_limit_seconds=arguments.time_limit or settings.time_limit_seconds,
        min_isolation=arguments.min_isolation or settings.min_isolation,
        snapshot_include=settings.snapshot_include,
    )
    report = check(project, request, _observer(console, None))
    console.clear_status()
    rendering.show_check(console, report)
    if arguments.json:
        json_output.write_json(json_output.check_json(report), arguments.json)
    return 0 if isinstance(report.verdict, Plausible) else 1


def run_undo(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`undo`: of the project around the working directory."""
    from lsp_repair.testrun.roots import find_root

    state = open_folders().state
    if state is None:
        raise UsageError("nothing-to-undo", "there is no state folder, so nothing was written", "")
    root = find_root(Path.cwd()).folder
    undone = undo(root, state / _JOURNAL, arguments.fix)
    console.line(f"took back {undone.id}: {', '.join(undone.paths)}", "green")
    return 0


def run_report(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`report`."""
    from lsp_repair.cli.reporting import report_json, show_report

    root = str(arguments.path.expanduser().resolve()) if arguments.path else None
    with _ledger(open_folders(), console) as ledger:
        if ledger is None:
            raise UsageError(
                "no-ledger", "there is no ledger to report from", "set LSP_REPAIR_STATE to a writable folder"
            )
        summary, fixes = ledger.summary(root), ledger.costs(root)
    show_report(console, summary, fixes)
    if arguments.json:
        json_output.write_json(report_json(summary, fixes), arguments.json)
    return 0


def run_doctor(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`doctor`."""
    from lsp_repair.cli.doctor import examine

    return examine(arguments.path.expanduser().absolute(), arguments.python, console)


def run_demo(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`demo`: the bundled project, copied, repaired by the tool's own interpreter."""
    folder = Path(tempfile.mkdtemp(prefix="lsp-repair-demo."))
    target = folder / "shop"
    with resources.as_file(resources.files("lsp_repair.cli") / "demo_project") as source:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        console.line(f"A small shop with failing tests, copied to {target}:")
        console.line()
        project = discover(target, Path(sys.executable), os.environ, load_settings().settings)
        with _ledger(open_folders(), console) as ledger:
            report = fix(project, FixRequest(jobs=os.cpu_count() or 1), _observer(console, ledger))
        console.clear_status()
        rendering.show_fix(console, report)
        console.line(
            "No file was changed. On a project of yours: lsp-repair fix PATH, and fix --write to apply.", "dim"
        )
    finally:
        if arguments.keep:
            console.line(f"The project stays in {target}", "dim")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if report.failures and all(each.status is Status.PROPOSED for each in report.failures) else 1


def _shown(value: object) -> str:
    """A setting's value as one writes it."""
    if isinstance(value, tuple):
        return " ".join(map(str, cast("tuple[object, ...]", value))) or "(none)"
    return "(none)" if value is None else str(value) or "(none)"


def run_config(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`config`: for the project around the working directory."""
    from lsp_repair.settings import config_file

    loaded = load_settings(Path.cwd())
    console.line(f"user's file: {config_file(os.environ)}", "dim")
    for each in loaded.effective:
        console.line(f"{each.name} = {_shown(each.value)}   [{each.source}]")
    for notice in loaded.notices:
        console.line(f"note: {notice}", "yellow")
    return 0


def run_clean(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`clean`: says first, removes after."""
    plan = plan_clean(open_folders(), state=arguments.state)
    if not plan:
        console.line("nothing to remove")
        return 0
    for removal in plan:
        console.line(f"{removal.path}   {removal.size_bytes:,} bytes")
    if sys.stdin.isatty() and not arguments.yes and input("remove these? [y/N] ").strip().lower() not in {"y", "yes"}:
        console.line("nothing was removed")
        return 0
    carry_out(plan)
    console.line(f"removed {len(plan)} entries", "green")
    return 0


COMMANDS: dict[str, Callable[[Arguments, Sequence[str], Console], int]] = {
    "fix": run_fix,
    "check": run_check,
    "explain": run_explain,
    "undo": run_undo,
    "report": run_report,
    "doctor": run_doctor,
    "demo": run_demo,
    "config": run_config,
    "clean": run_clean,
}

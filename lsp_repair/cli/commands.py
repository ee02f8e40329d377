"""What each command does with its parsed arguments."""

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from lsp_repair.app import json_output
from lsp_repair.app.console import Console
from lsp_repair.app.model_assembly import ModelFlags, choose, means_of
from lsp_repair.cli import rendering
from lsp_repair.cli.delivering import deliver
from lsp_repair.cli.demo import run_demo
from lsp_repair.cli.doctor import run_doctor
from lsp_repair.cli.journal import undo
from lsp_repair.cli.models_command import run_login, run_models
from lsp_repair.cli.wiring import JOURNAL, Arguments, fix_with_consent, observer, opened_ledger, projects
from lsp_repair.domain.events import FixReport
from lsp_repair.domain.projects import Project
from lsp_repair.domain.verdicts import Plausible, Reason
from lsp_repair.errors import LspRepairError, RefusedError, UsageError
from lsp_repair.folders import Folders, carry_out, open_folders, plan_clean
from lsp_repair.isolation.tiers import way_out
from lsp_repair.repair.engine import Interrupted, check, fix
from lsp_repair.repair.fix_request import CheckRequest, FixRequest, Selection
from lsp_repair.settings import LoadedSettings, load_settings


def run_fix(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`fix`."""
    folders = open_folders()
    reports: list[FixReport] = []
    failure: LspRepairError | None = None
    interrupted = False
    with opened_ledger(folders, console) as ledger:
        try:
            for project, loaded in projects(arguments, pytest_arguments):
                rejected = ledger.rejected_patches(str(project.root)) if ledger is not None else frozenset[str]()
                chosen = choose(ModelFlags.of(arguments), loaded, means_of(project.root, ledger, folders))
                console.status(chosen.line)
                request = replace(
                    _fix_request(arguments, loaded, rejected),
                    import_cache=_import_cache(folders, project),
                    assistants=chosen.assistants,
                )
                report = fix_with_consent(project, request, observer(console, ledger), (folders, console))
                reports.append(replace(report, notices=(*loaded.notices, *report.notices)))
                if chosen.preview is not None:
                    rendering.show_prompts(console, chosen.preview.shown)
        except Interrupted as stop:
            reports.append(stop.partial)
            interrupted = True
        except LspRepairError as error:
            failure = error
        console.clear_status()
        for report in reports if not getattr(arguments, "show_prompt", False) else ():
            rendering.show_fix(console, report)
        failure = failure or _refused(reports)
        try:
            deliver(arguments, reports, (folders, ledger, console))
        except LspRepairError as error:
            failure = failure or error
    _write_fix_json(arguments, reports, failure, interrupted=interrupted)
    if interrupted:
        console.line("interrupted; this is what had been found", "yellow")
        return 130
    if failure is not None:
        console.line(f"lsp-repair: {failure.message}", "red")
        console.line(f"  {failure.hint}")
        return failure.exit_code
    return int(any(each.counts_as_failure for report in reports for each in report.failures) or _cut_short(reports))


def _refused(reports: Sequence[FixReport]) -> LspRepairError | None:
    """The error for what a cap or too weak isolation left unrepaired; other results are kept."""
    for report in reports:
        for each in report.failures:
            if each.reason is Reason.WEAK_ISOLATION:
                return RefusedError("isolation", each.detail, way_out(report.isolation))
            if each.reason is Reason.BUDGET:
                hint = "raise the cap, choose another model, or use only the built-in engine: --models off"
                return RefusedError("budget", each.detail, hint)
    return None


def _import_cache(folders: Folders, project: Project) -> Path | None:
    if folders.cache is None:
        return None
    name = hashlib.sha256(str(project.root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return folders.cache / "imports" / f"{name}.json"


def _cut_short(reports: Sequence[FixReport]) -> bool:
    """Time ran out before every failure was looked at, or before every test ran: that is no "nothing fails"."""
    return any(
        (report.out_of_time or report.tests.not_run) and not any(each.proposals for each in report.failures)
        for report in reports
    )


def _fix_request(arguments: Arguments, loaded: LoadedSettings, rejected: frozenset[str] = frozenset()) -> FixRequest:
    settings = loaded.settings
    limit = arguments.time_limit or settings.time_limit_seconds
    return FixRequest(
        selection=Selection(tuple(arguments.test), arguments.last_failed),
        time_limit_seconds=min(limit, settings.time_limit_seconds) if loaded.tightened("time_limit_seconds") else limit,
        jobs=getattr(arguments, "jobs", None) or settings.jobs,
        demands=loaded.demands(arguments.min_isolation),
        allow=settings.allow,
        explain_only=arguments.command == "explain",
        max_proposals=settings.max_proposals,
        ignore=settings.ignore,
        snapshot_include=settings.snapshot_include,
        rejected=rejected,
        allow_test_edits=getattr(arguments, "allow_test_edits", False),
    )


def _write_fix_json(
    arguments: Arguments, reports: Sequence[FixReport], failure: LspRepairError | None, *, interrupted: bool
) -> None:
    if not arguments.json:
        return
    documents = [json_output.fix_json(report) for report in reports] or [json_output.empty_fix_json()]
    if failure is None and interrupted:
        failure = LspRepairError("interrupted", "interrupted by the user")
    elif failure is None and any(report.out_of_time for report in reports):
        hint = "raise it with --time-limit SECONDS, or select fewer tests"
        failure = LspRepairError("time-limit", "the time limit was reached; this is what had been found", hint)
    if failure is not None:
        documents[-1]["error"] = json_output.error_json(failure)
    if getattr(arguments, "all_roots", False):
        json_output.write_json({"schema": json_output.SCHEMA, "roots": documents}, arguments.json)
    else:
        json_output.write_json(documents[0], arguments.json)


def run_explain(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`explain`."""
    with opened_ledger(open_folders(), console) as ledger:
        ((project, loaded),) = projects(arguments, pytest_arguments)
        chosen = choose(ModelFlags.of(arguments), loaded, means_of(project.root, ledger, open_folders()))
        request = replace(_fix_request(arguments, loaded), assistants=chosen.assistants)
        report = fix(project, request, observer(console, ledger))
    console.clear_status()
    rendering.show_fix(console, report, explain_only=True)
    if chosen.preview is not None:
        rendering.show_prompts(console, chosen.preview.shown)
    _write_fix_json(arguments, [report], None, interrupted=False)
    return int(any(each.counts_as_failure for each in report.failures) or _cut_short([report]))


def run_check(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`check`."""
    try:
        text = arguments.patch.read_bytes()
    except OSError as error:
        raise UsageError(
            "patch-not-found", f"{arguments.patch} cannot be read: {error.strerror}", "pass a unified diff"
        ) from error
    ((project, loaded),) = projects(arguments, pytest_arguments)
    settings = loaded.settings
    request = CheckRequest(
        patch_text=text,
        selection=Selection(tuple(arguments.test)),
        time_limit_seconds=arguments.time_limit or settings.time_limit_seconds,
        demands=loaded.demands(arguments.min_isolation),
        allow=settings.allow,
        snapshot_include=settings.snapshot_include,
        allow_test_edits=arguments.allow_test_edits,
    )
    report = check(project, request, observer(console, None))
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
        raise UsageError("nothing-to-undo", "nothing was written: there is no state folder", "")
    root = find_root(Path.cwd()).folder
    undone = undo(root, state / JOURNAL, arguments.fix)
    console.line(f"undid {undone.id}: {', '.join(undone.paths)}", "green")
    return 0


def run_report(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`report`."""
    from lsp_repair.app.cost_report import report_csv, report_json, show_report
    from lsp_repair.app.report_page import report_page

    root = str(arguments.path.expanduser().resolve()) if arguments.path else None
    with opened_ledger(open_folders(), console) as ledger:
        if ledger is None:
            raise UsageError(
                "no-ledger", "there is no ledger to report on", "set LSP_REPAIR_STATE to a writable folder"
            )
        report = ledger.report(root)
    show_report(console, report)
    if arguments.csv is not None:
        json_output.write_text(report_csv(report), arguments.csv)
    if arguments.html is not None:
        json_output.write_text(report_page(report_json(report)), arguments.html)
    if arguments.json:  # last: where a file cannot be written, its one document is the error
        json_output.write_json(report_json(report), arguments.json)
    return 0


def _shown(value: object) -> str:
    """A setting's value as one writes it."""
    if isinstance(value, tuple):
        return " ".join(map(str, cast("tuple[object, ...]", value))) or "(none)"
    return "(none)" if value is None else str(value) or "(none)"


def run_config(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`config`: for the project around the working directory."""
    from lsp_repair.settings import config_file

    loaded = load_settings(Path.cwd())
    console.line(f"user configuration: {config_file(os.environ)}", "dim")
    for each in loaded.effective:
        console.line(f"{each.name} = {_shown(each.value)}   [{each.source}]")
    for notice in loaded.notices:
        console.line(f"note: {notice}", "yellow")
    return 0


def run_clean(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`clean`: lists what it is going to remove, then removes it."""
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
    "login": run_login,
    "models": run_models,
}

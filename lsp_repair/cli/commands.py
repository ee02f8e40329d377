"""What each command does with its parsed arguments."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from lsp_repair.app import json_output
from lsp_repair.app.console import Console
from lsp_repair.app.secrets import redactor_for
from lsp_repair.cli import rendering
from lsp_repair.cli.demo import run_demo
from lsp_repair.cli.doctor import run_doctor
from lsp_repair.cli.fix_command import run_explain, run_fix
from lsp_repair.cli.journal import recorded, undo
from lsp_repair.cli.models_command import run_login, run_models
from lsp_repair.cli.wiring import JOURNAL, Arguments, observer, opened_ledger, projects
from lsp_repair.domain.verdicts import Plausible
from lsp_repair.errors import UsageError
from lsp_repair.folders import carry_out, open_folders, plan_clean
from lsp_repair.repair.engine import check
from lsp_repair.repair.fix_request import CheckRequest, Selection
from lsp_repair.settings import load_settings
from lsp_repair.testrun.snapshot_rules import SnapshotRules


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
        snapshot_rules=SnapshotRules.of(settings),
        allow_test_edits=arguments.allow_test_edits,
        redactor=redactor_for(project.root, os.environ),
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
    if arguments.list:
        entries = recorded(root, state / JOURNAL)
        for each in entries:
            console.line(f"{each.id}: {', '.join(each.paths)}")
        if not entries:
            console.line(f"nothing of {root} can be undone")
        return 0
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
    is_page_alone = arguments.html is not None and arguments.csv is None and not arguments.json
    if not is_page_alone:
        show_report(console, report)
    if arguments.csv is not None:
        json_output.write_text(report_csv(report), arguments.csv)
    if arguments.html is not None:
        json_output.write_text(report_page(report_json(report)), arguments.html)
        if is_page_alone:
            console.line(str(arguments.html.absolute()))
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
    if arguments.state and not arguments.yes and not sys.stdin.isatty():
        raise UsageError(
            "not-confirmed",
            "nothing was removed: what fixes cost and how to undo them would be lost",
            "confirm it with --yes",
        )
    if sys.stdin.isatty() and not arguments.yes and input("remove these? [y/N] ").strip().lower() not in {"y", "yes"}:
        console.line("nothing was removed")
        return 0
    carry_out(plan)
    console.line(f"removed {len(plan)} entries", "green")
    return 0


def run_completion(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`completion`: a script on standard output."""
    import shtab

    from lsp_repair.cli.arguments import parser

    sys.stdout.write(shtab.complete(parser(), arguments.shell) + "\n")
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
    "completion": run_completion,
    "login": run_login,
    "models": run_models,
}

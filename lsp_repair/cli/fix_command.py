"""`fix` and `explain` over one root or all below a path: what came of each, the exit code, and JSON on every end."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from lsp_repair.app import json_output
from lsp_repair.app.console import Console
from lsp_repair.app.model_assembly import ModelFlags, means_of
from lsp_repair.cli import rendering
from lsp_repair.cli.coverage_out import check_destination, write_executed
from lsp_repair.cli.delivering import deliver
from lsp_repair.cli.local_prices import choose_with_prices
from lsp_repair.cli.questions import with_answers
from lsp_repair.cli.wiring import Arguments, fix_with_consent, observer, opened_ledger, projects
from lsp_repair.domain.events import FixReport
from lsp_repair.domain.projects import Project
from lsp_repair.domain.verdicts import Reason
from lsp_repair.errors import CannotRunTestsError, LspRepairError, RefusedError
from lsp_repair.folders import Folders, open_folders
from lsp_repair.isolation.tiers import way_out
from lsp_repair.ledger.store import Ledger
from lsp_repair.repair.engine import Interrupted, fix
from lsp_repair.repair.fix_request import PATIENCE_SECONDS, FixRequest, Selection
from lsp_repair.settings import LoadedSettings
from lsp_repair.testrun.snapshot_rules import SnapshotRules

_INTERRUPTED = "interrupted; this is what had been found"


@dataclass(slots=True)
class _Results:
    """What came of all roots, as far as it got."""

    reports: list[FixReport] = field(default_factory=list[FixReport])
    cannot_run: dict[Path, CannotRunTestsError] = field(default_factory=dict[Path, CannotRunTestsError])
    """By root: what keeps one root from running says nothing of others."""
    failure: LspRepairError | None = None
    interrupted: bool = False

    def worst(self) -> LspRepairError | None:
        """What decides the exit code; a root without tests counts only where no other has any."""
        stopped = self.cannot_run.values()
        of_a_root = next((each for each in stopped if each.code != "no-tests" or not self.reports), None)
        return self.failure or of_a_root or _refused(self.reports)


def run_fix(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`fix`."""
    check_destination(arguments)
    folders = open_folders()
    results = _Results()
    with opened_ledger(folders, console) as ledger:
        _fix_all(arguments, pytest_arguments, (folders, ledger, console), results)
        console.clear_status()
        for report in results.reports if not getattr(arguments, "show_prompt", False) else ():
            rendering.show_fix(console, report)
        failure = results.worst()
        for root, stopped in results.cannot_run.items():
            if stopped is not failure:
                console.line(f"{root.name}: {stopped.message}", "yellow")
        try:
            deliver(arguments, results.reports, (folders, ledger, console))
        except LspRepairError as error:
            failure = failure or error
    reports = results.reports
    _write_fix_json(arguments, reports, failure, interrupted=results.interrupted)
    if results.interrupted:
        console.line(_INTERRUPTED, "yellow")
        return 130
    if failure is not None:
        _say(console, failure)
        return failure.exit_code
    return int(any(each.counts_as_failure for report in reports for each in report.failures) or _cut_short(reports))


def _fix_all(
    arguments: Arguments,
    pytest_arguments: Sequence[str],
    kept_in: tuple[Folders, Ledger | None, Console],
    results: _Results,
) -> None:
    """Repair each root in turn."""
    folders, ledger, console = kept_in
    try:
        for project, loaded in projects(arguments, pytest_arguments):
            rejected = ledger.rejected_patches(str(project.root)) if ledger is not None else frozenset[str]()
            means = means_of(project.root, ledger, folders)
            chosen = choose_with_prices(ModelFlags.of(arguments), loaded, means, console)
            console.status(chosen.line)
            request = replace(
                _fix_request(arguments, loaded, rejected),
                import_cache=_import_cache(folders, project),
                assistants=chosen.assistants,
                redactor=means.redactor,
                expectations=_expectations(arguments, ledger, project.root),
            )
            try:
                run = partial(fix_with_consent, project, observe=observer(console, ledger), kept=(folders, console))
                report = with_answers(run(request), request, run, (ledger, console))
            except CannotRunTestsError as error:
                results.cannot_run[project.root] = error
                continue
            results.reports.append(replace(report, notices=(*loaded.notices, *report.notices)))
            if chosen.preview is not None:
                rendering.show_prompts(console, chosen.preview.shown)
    except Interrupted as stop:
        results.reports.append(stop.partial)
        results.interrupted = True
    except LspRepairError as error:
        results.failure = error


def _expectations(arguments: Arguments, ledger: Ledger | None, root: Path) -> dict[str, tuple[str, ...]]:
    """What this command was told, and the answers that were given to earlier questions."""
    kept = ledger.expectations(str(root)) if ledger is not None else {}
    return {**kept, "": tuple(arguments.expect)}


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
        patience_seconds=None if arguments.time_limit else PATIENCE_SECONDS,
        jobs=getattr(arguments, "jobs", None) or settings.jobs,
        demands=loaded.demands(arguments.min_isolation),
        allow=settings.allow,
        explain_only=arguments.command == "explain",
        since=arguments.since,
        max_proposals=settings.max_proposals,
        ignore=settings.ignore,
        snapshot_rules=SnapshotRules.of(settings),
        rejected=rejected,
        writes=getattr(arguments, "write", False),
        allow_test_edits=getattr(arguments, "allow_test_edits", False),
        hint=arguments.hint or "",
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
    check_destination(arguments)
    folders = open_folders()
    interrupted = False
    with opened_ledger(folders, console) as ledger:
        ((project, loaded),) = projects(arguments, pytest_arguments)
        means = means_of(project.root, ledger, folders)
        chosen = choose_with_prices(ModelFlags.of(arguments), loaded, means, console)
        console.status(chosen.line)
        request = replace(_fix_request(arguments, loaded), assistants=chosen.assistants, redactor=means.redactor)
        try:
            report = fix(project, request, observer(console, ledger))
        except Interrupted as stop:
            report, interrupted = stop.partial, True
    console.clear_status()
    rendering.show_fix(console, report, explain_only=True)
    if chosen.preview is not None:
        rendering.show_prompts(console, chosen.preview.shown)
    failure: LspRepairError | None = None
    try:
        write_executed(arguments, [report], console)
    except LspRepairError as error:
        failure = error
    _write_fix_json(arguments, [report], failure, interrupted=interrupted)
    if interrupted:
        console.line(_INTERRUPTED, "yellow")
        return 130
    if failure is not None:
        _say(console, failure)
        return failure.exit_code
    return int(any(each.counts_as_failure for each in report.failures) or _cut_short([report]))


def _say(console: Console, failure: LspRepairError) -> None:
    console.line(f"lsp-repair: {failure.message}", "red")
    console.line(f"  {failure.hint}")

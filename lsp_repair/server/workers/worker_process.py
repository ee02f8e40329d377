"""A worker process: runs tests or repairs for one root and tells the server in lines of JSON on its standard output.

`python -m lsp_repair.server.workers.worker_process` reads one line, what to do, from its standard input. A *runner* stays and reads on: a line
for each change. A *repairer* does one repair and ends. Both end when their input does.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_repair.errors import LspRepairError
from lsp_repair.server.state.buffers import overlays_of
from lsp_repair.server.workers.orders import Orders
from lsp_repair.server.workers.reports import Verdicts, to_json

if TYPE_CHECKING:
    from lsp_repair.domain.events import Event
    from lsp_repair.settings import LoadedSettings

_out = sys.stdout
_writing = threading.Lock()


def tell(message: Mapping[str, Any]) -> None:
    """One line to the server."""
    with _writing:
        _out.write(json.dumps(message) + "\n")
        _out.flush()


def main() -> int:
    """Read what to do, do it."""
    global _out  # noqa: PLW0603 - nothing else may write where the server reads
    _out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    try:
        orders = Orders()
        order = orders.next()
        if order is not None:
            _obey(order, orders)
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return 0


def _obey(order: Mapping[str, Any], orders: Orders) -> None:
    try:
        if order["verb"] == "run":
            run(order, orders)
        else:
            repair(order, orders)
    except LspRepairError as error:
        tell({"kind": "error", "code": error.code, "message": error.message, "hint": error.hint})
    tell({"kind": "done"})


def _discovered(order: Mapping[str, Any]) -> Any:
    from lsp_repair.settings import load_settings  # noqa: PLC0415 - after the order is known
    from lsp_repair.testrun.discovery import discover  # noqa: PLC0415 - after the order is known

    root = Path(order["root"])
    python = Path(order["python"]) if order.get("python") else None
    loaded = load_settings(root, editors=_snake_case(order.get("settings", {})))
    project = discover(root, python, os.environ, loaded.settings)
    return replace(project, pytest_args=loaded.settings.pytest_args), loaded


def _snake_case(settings: Mapping[str, object]) -> dict[str, object]:
    """`maxUsdPerFix` of an editor is `max_usd_per_fix`; `python` was looked at already."""
    named = {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in settings.items()}
    return {key: value for key, value in named.items() if key != "python"}


def run(order: Mapping[str, Any], orders: Orders) -> None:
    """Run everything once, then what each change can affect, until the input ends."""
    from lsp_repair.domain.deadline import Deadline  # noqa: PLC0415 - after the order is known
    from lsp_repair.folders import work_folder  # noqa: PLC0415 - after the order is known
    from lsp_repair.isolation.leftovers import take_away_leftovers  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.baseline import run_baseline  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.fix_request import Selection  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.prepare import prepare  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.session_sandbox import find_sandbox  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.test_selection import chosen  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.warm_suite import WarmSuite  # noqa: PLC0415 - after the order is known
    from lsp_repair.server.workers.following import follow  # noqa: PLC0415 - after the order is known
    from lsp_repair.server.workers.worker_reports import failing_tests  # noqa: PLC0415 - after the order is known
    from lsp_repair.testrun.live_suite import LiveSuite  # noqa: PLC0415 - after the order is known
    from lsp_repair.testrun.snapshot import SnapshotRules  # noqa: PLC0415 - after the order is known

    take_away_leftovers()
    project, loaded = _discovered(order)
    limit = float(order.get("time_limit") or loaded.settings.time_limit_seconds)
    tell({"kind": "found", **_price(loaded, lent=bool(order.get("editor_models")))})
    with ExitStack() as stack:
        private = stack.enter_context(work_folder())
        rules = SnapshotRules(loaded.settings.snapshot_include)
        prepared = prepare(project, private, rules, find_sandbox(project, loaded.settings.allow), overlays_of(order))
        selection = chosen(project, Selection(), project.root)
        baseline = run_baseline(prepared, selection, Deadline.after(limit), _unreceived).run
        failing = failing_tests(baseline)
        tell(
            to_json("verdicts", Verdicts(order["generation"], None, failing, len(baseline.collected), baseline.seconds))
        )
        suite = stack.enter_context(LiveSuite(prepared.snapshot, prepared.place, baseline))
        warm = stack.enter_context(WarmSuite(prepared.place, baseline))
        for generation, files, run, seconds in follow(suite, warm, orders, limit):
            tell(to_json("verdicts", Verdicts(generation, files, failing_tests(run), len(run.collected), seconds)))


def _unreceived(event: "Event") -> None:
    """Nobody listens to a baseline."""


def _price(loaded: "LoadedSettings", *, lent: bool) -> dict[str, Any]:
    """Whether models could be asked, and what a fix may cost at most."""
    settings = loaded.settings
    named = settings.models != "off" and any((settings.repair_model, settings.cheap_model, lent))
    most = settings.max_usd_per_fix
    return {"models": named, "most_usd": None if most is None else f"{most:f}"}


def repair(order: Mapping[str, Any], orders: Orders) -> None:
    """Explain and repair what is named, and tell each failure as soon as it is known."""
    from lsp_repair.app.model_assembly import means_of  # noqa: PLC0415 - after the order is known
    from lsp_repair.folders import open_folders  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.engine import fix  # noqa: PLC0415 - after the order is known
    from lsp_repair.repair.fix_request import FixRequest, Selection  # noqa: PLC0415 - after the order is known
    from lsp_repair.server.workers.editor_models import EditorModels  # noqa: PLC0415 - after the order is known
    from lsp_repair.server.workers.repairer import Telling, models_for, opened_ledger  # noqa: PLC0415 - after the order is known
    from lsp_repair.trust import WEAK_ISOLATION, has_consented  # noqa: PLC0415 - after the order is known

    project, loaded = _discovered(order)
    folders = open_folders()
    with opened_ledger(folders) as ledger:
        settings, demands = loaded.settings, loaded.demands()
        lent = EditorModels(tell) if order.get("editor_models") else None
        if lent is not None:
            orders.pass_on(lent.answered)
        means = means_of(project.root, ledger, folders, lent.carrier if lent is not None else None)
        request = FixRequest(
            selection=Selection(tuple(order["tests"])),
            time_limit_seconds=settings.time_limit_seconds,
            jobs=settings.jobs,
            demands=demands.with_consent() if has_consented(folders.state, WEAK_ISOLATION) else demands,
            allow=settings.allow,
            explain_only=bool(order.get("explain_only")),
            max_proposals=settings.max_proposals,
            ignore=settings.ignore,
            snapshot_include=settings.snapshot_include,
            rejected=ledger.rejected_patches(str(project.root)) if ledger is not None else frozenset(),
            overlays=overlays_of(order),
            assistants=models_for(order, loaded, means),
        )
        fix(project, request, Telling(tell, ledger))


if __name__ == "__main__":
    sys.exit(main())

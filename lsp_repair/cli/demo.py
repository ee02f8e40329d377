"""`lsp-repair demo`: the bundled project, copied and repaired."""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from lsp_repair.app.console import Console
from lsp_repair.cli import rendering
from lsp_repair.cli.wiring import Arguments, observer, opened_ledger
from lsp_repair.domain.events import Status
from lsp_repair.domain.isolation import Demands
from lsp_repair.folders import open_folders
from lsp_repair.repair.engine import fix
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover


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
        with opened_ledger(open_folders(), console) as ledger:
            # The project is this tool's own: it may run where no sandbox is.
            request = FixRequest(jobs=os.cpu_count() or 1, demands=Demands().with_consent())
            report = fix(project, request, observer(console, ledger))
        console.clear_status()
        rendering.show_fix(console, report)
        console.line(
            "No file was changed. On your own project, run lsp-repair fix PATH; add --write to apply the fixes.", "dim"
        )
    finally:
        if arguments.keep:
            console.line(f"The project was kept in {target}", "dim")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if report.failures and all(each.status is Status.PROPOSED for each in report.failures) else 1

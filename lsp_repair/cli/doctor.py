"""The `doctor` command: what was chosen for a project, why, and what is missing."""

import os
from collections.abc import Sequence

from lsp_repair import __version__
from lsp_repair.app.console import Console
from lsp_repair.cli.wiring import Arguments
from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.folders import open_folders
from lsp_repair.repair.stages.prepare import find_sandbox
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover
from lsp_repair.testrun.roots import find_root


def run_doctor(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`doctor`: 0 when tests can be run, 4 when not."""
    path = arguments.path.expanduser().absolute()
    root = find_root(path)
    loaded = load_settings(root.folder)
    folders = open_folders()
    _show(console, "lsp-repair", __version__)
    _show(console, "root", f"{root.folder}{' (only ' + ', '.join(root.selected) + ')' if root.selected else ''}")
    _show(console, "pytest configuration", str(root.config_file or "none"))
    try:
        project = discover(path, arguments.python, os.environ, loaded.settings)
    except CannotRunTestsError as error:
        console.line(f"interpreter: {error.message}", "red")
        console.line(f"  {error.hint}")
        code = error.exit_code
    else:
        interpreter = project.interpreter
        version = ".".join(map(str, interpreter.version))
        _show(console, "interpreter", f"{interpreter.executable} (Python {version}; chosen by {interpreter.source})")
        for note in interpreter.notes:
            console.line(f"  {note}", "yellow")
        _show(console, "pytest", interpreter.pytest_version)
        editable = ", ".join(f"{name} from {where}" for name, where in interpreter.editable_roots)
        _show(console, "editable installs by hook", editable or "none")
        _show_isolation(console, find_sandbox(project, loaded.settings.allow).report)
        code = 0
    _show(console, "state folder", str(folders.state or "none"))
    _show(console, "cache folder", str(folders.cache or "none"))
    changed = [f"{each.name} = {each.value} [{each.source}]" for each in loaded.effective if each.source != "default"]
    _show(console, "settings changed", "; ".join(changed) or "none")
    for notice in (*loaded.notices, *folders.notices):
        console.line(f"note: {notice}", "yellow")
    return code


def _show_isolation(console: Console, found: IsolationReport) -> None:
    """The tier, what it was derived from, and how to get a stronger one."""
    effects = ", ".join(f"{name} {each}" for name, each in found.effects.items())
    _show(console, "isolation", f"{found.words} by {found.mechanism} ({effects})")
    if found.hint:
        console.line(f"  {found.hint}", "yellow")


def _show(console: Console, name: str, value: str) -> None:
    console.line(f"{name}: {value}")

"""The `doctor` command: what was chosen for a project, why, what its private copy leaves out, and what is missing."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsp_repair import __version__
from lsp_repair.app import json_output
from lsp_repair.app.console import Console
from lsp_repair.cli.wiring import Arguments
from lsp_repair.domain.projects import Project
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.folders import open_folders
from lsp_repair.repair.stages.prepare import find_sandbox
from lsp_repair.settings import LoadedSettings, load_settings
from lsp_repair.testrun.discovery import discover
from lsp_repair.testrun.roots import find_root
from lsp_repair.testrun.snapshot_rules import SnapshotRules
from lsp_repair.testrun.withheld import left_out

_MAX_TOLD = 12


def run_doctor(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`doctor`: 0 when tests can be run, 4 when not."""
    path = arguments.path.expanduser().absolute()
    root = find_root(path)
    loaded = load_settings(root.folder)
    folders = open_folders()
    found: dict[str, Any] = {
        "version": __version__,
        "root": str(root.folder),
        "selected": list(root.selected),
        "config_file": str(root.config_file) if root.config_file else None,
    }
    error: CannotRunTestsError | None = None
    try:
        found |= _of_project(discover(path, arguments.python, os.environ, loaded.settings), loaded)
    except CannotRunTestsError as caught:
        error = caught
    found["withheld"] = _withheld(root.folder, loaded)
    found["state_folder"] = str(folders.state) if folders.state else None
    found["cache_folder"] = str(folders.cache) if folders.cache else None
    found["settings_changed"] = [
        {"name": each.name, "value": str(each.value), "source": each.source}
        for each in loaded.effective
        if each.source != "default"
    ]
    found["notices"] = [*loaded.notices, *folders.notices]
    _show(console, found, error)
    if arguments.json:
        failed = {"error": json_output.error_json(error)} if error is not None else {}
        json_output.write_json({"schema": json_output.SCHEMA, **found, **failed}, arguments.json)
    return error.exit_code if error is not None else 0


def _of_project(project: Project, loaded: LoadedSettings) -> dict[str, Any]:
    interpreter = project.interpreter
    isolation = find_sandbox(project, loaded.settings.allow).report
    return {
        "python": str(interpreter.executable),
        "python_version": ".".join(map(str, interpreter.version)),
        "chosen_by": interpreter.source,
        "passed_over": list(interpreter.notes),
        "pytest": interpreter.pytest_version,
        "editable": [f"{name} from {where}" for name, where in interpreter.editable_roots],
        "isolation": {
            "tier": str(isolation.tier),
            "words": isolation.words,
            "mechanism": str(isolation.mechanism),
            "effects": {name: str(each) for name, each in isolation.effects.items()},
            "hint": isolation.hint,
        },
    }


def _withheld(root: Path, loaded: LoadedSettings) -> list[dict[str, str]]:
    """What tests may miss in the private copy; caches and environments are none of it."""
    skipped = left_out(root, SnapshotRules.of(loaded.settings))
    return [{"path": each.path, "why": each.why} for each in skipped]


def _show(console: Console, found: dict[str, Any], error: CannotRunTestsError | None) -> None:
    selected = f" (only {', '.join(found['selected'])})" if found["selected"] else ""
    _line(console, "lsp-repair", found["version"])
    _line(console, "root", f"{found['root']}{selected}")
    _line(console, "pytest configuration", found["config_file"])
    if error is not None:
        console.line(f"interpreter: {error.message}", "red")
        console.line(f"  {error.hint}")
    else:
        python = f"{found['python']} (Python {found['python_version']}; chosen by {found['chosen_by']})"
        _line(console, "interpreter", python)
        for note in found["passed_over"]:
            console.line(f"  {note}", "yellow")
        _line(console, "pytest", found["pytest"])
        _line(console, "editable installs by hook", ", ".join(found["editable"]))
        _show_isolation(console, found["isolation"])
    _show_withheld(console, found["withheld"])
    _line(console, "state folder", found["state_folder"])
    _line(console, "cache folder", found["cache_folder"])
    changed = [f"{each['name']} = {each['value']} [{each['source']}]" for each in found["settings_changed"]]
    _line(console, "settings changed", "; ".join(changed))
    for notice in found["notices"]:
        console.line(f"note: {notice}", "yellow")


def _show_isolation(console: Console, isolation: dict[str, Any]) -> None:
    """The tier, what it was derived from, and how to get a stronger one."""
    effects = ", ".join(f"{name} {each}" for name, each in isolation["effects"].items())
    _line(console, "isolation", f"{isolation['words']} by {isolation['mechanism']} ({effects})")
    if isolation["hint"]:
        console.line(f"  {isolation['hint']}", "yellow")


def _show_withheld(console: Console, withheld: Sequence[dict[str, str]]) -> None:
    """Files that tests do not see, and the settings about them."""
    shown = [f"{each['path']} ({each['why']})" for each in withheld[:_MAX_TOLD]]
    more = [f"and {len(withheld) - _MAX_TOLD} more"] if len(withheld) > _MAX_TOLD else []
    _line(console, "left out of the private copy", ", ".join([*shown, *more]))
    if withheld:
        console.line("  to copy one that tests need: snapshot_include in your configuration")


def _line(console: Console, name: str, value: str | None) -> None:
    console.line(f"{name}: {value or 'none'}")

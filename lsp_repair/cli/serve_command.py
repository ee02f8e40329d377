"""The `serve`, `watch` and `trust` commands."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from lsp_repair.app.console import Console
from lsp_repair.errors import UsageError
from lsp_repair.folders import open_folders
from lsp_repair.trust import WEAK_ISOLATION, consent, trust

Arguments = argparse.Namespace


def run_serve(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`serve`: until the editor goes."""
    from lsp_repair.server.starting import build_quickly

    server = build_quickly()
    try:
        if arguments.tcp:
            server.start_tcp(arguments.host, arguments.port)
        elif arguments.ws:
            server.start_ws(arguments.host, arguments.port)
        else:
            server.start_io()
    finally:
        server.close()
    return 0


def run_watch(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`watch`: naming the path is trust in it, as with `fix`."""
    from lsp_repair.server.terminal import watch
    from lsp_repair.settings import load_settings
    from lsp_repair.testrun.discovery import discover

    path = arguments.path.expanduser().absolute()
    project = discover(path, arguments.python, os.environ, load_settings().settings)
    return watch(project.root.resolve(), {"python": str(project.interpreter.executable)}, console)


def run_trust(arguments: Arguments, pytest_arguments: Sequence[str], console: Console) -> int:
    """`trust`: kept in the user's state folder."""
    folder = arguments.path.expanduser() if arguments.path is not None else None
    if folder is None and not arguments.weak_isolation:
        raise UsageError("usage", "there is nothing to trust", "name a folder, or use --weak-isolation")
    if folder is not None and not folder.is_dir():
        raise UsageError("path-not-found", f"{folder} is not a folder", "name one of your folders")
    state = open_folders().state
    if state is None:
        raise UsageError("no-state", "nothing can be saved: there is no state folder", "set LSP_REPAIR_STATE")
    try:
        _keep(state, folder, console, weak_isolation=arguments.weak_isolation)
    except OSError as error:
        raise UsageError(
            "cannot-write", f"{state} cannot be written: {error.strerror}", "set LSP_REPAIR_STATE"
        ) from error
    return 0


def _keep(state: Path, folder: Path | None, console: Console, *, weak_isolation: bool) -> None:
    if folder is not None:
        console.line(f"the tests below {trust(state, folder)} may now run in the editor", "green")
    if weak_isolation:
        consent(state, WEAK_ISOLATION)
        console.line("edits of your own code may now run without a sandbox if this machine has none", "green")


COMMANDS: dict[str, Callable[[Arguments, Sequence[str], Console], int]] = {
    "serve": run_serve,
    "trust": run_trust,
    "watch": run_watch,
}

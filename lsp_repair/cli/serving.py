"""The `serve`, `watch` and `trust` commands."""

import argparse
import os
from collections.abc import Sequence

from lsp_repair.cli.console import Console
from lsp_repair.errors import UsageError
from lsp_repair.folders import open_folders
from lsp_repair.trust import trust

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
    folder = arguments.path.expanduser()
    if not folder.is_dir():
        raise UsageError("path-not-found", f"{folder} is no folder", "name a folder of yours")
    state = open_folders().state
    if state is None:
        raise UsageError("no-state", "nothing can be kept: there is no state folder", "set LSP_REPAIR_STATE")
    try:
        real = trust(state, folder)
    except OSError as error:
        raise UsageError(
            "cannot-write", f"{state} cannot be written: {error.strerror}", "set LSP_REPAIR_STATE"
        ) from error
    console.line(f"the tests below {real} may run in the editor from now on", "green")
    return 0

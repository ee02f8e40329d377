"""The entry point: parses, dispatches, and turns every end into an exit code and a clear line."""

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence

from lsp_repair.app.console import Console
from lsp_repair.cli import arguments
from lsp_repair.errors import LspRepairError

_USAGE, _INTERRUPTED = 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    own, pytest_arguments = arguments.split_pytest_arguments(words)
    destination = arguments.json_destination(own)
    console = Console.of(stdout_is_taken=destination == "-" or own[:1] == ["serve"])
    try:
        if not own:
            console.line(arguments.parser().format_help())
            return _USAGE
        parsed = arguments.parsed(own)
        return _command(parsed.command)(parsed, pytest_arguments, console)
    except LspRepairError as error:
        _say(console, error)
        _write_error(own, destination, error)
        return error.exit_code
    except KeyboardInterrupt:
        console.line("interrupted", "yellow")
        _write_error(own, destination, LspRepairError("interrupted", "interrupted by the user"))
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the outermost edge: nobody else could say it
        failure = LspRepairError("internal-error", f"{type(error).__name__}: {error}", _kept(error))
        _say(console, failure)
        _write_error(own, destination, failure)
        return 1


def _say(console: Console, error: LspRepairError) -> None:
    console.line(f"lsp-repair: {error.message}", "red")
    if error.hint:
        console.line(f"  {error.hint}")


def _kept(error: Exception) -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="lsp-repair-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    return f"this is a bug in lsp-repair; please report it and attach {file.name}"


def _write_error(words: Sequence[str], destination: str | None, error: LspRepairError) -> None:
    """JSON on every exit: the empty document of the command with the error in it."""
    if destination is None:
        return
    from lsp_repair.app import json_output

    empties = {
        "check": json_output.empty_check_json,
        "fix": json_output.empty_fix_json,
        "explain": json_output.empty_fix_json,
    }
    command = next((word for word in words if word in empties), "")
    empty = empties[command]() if command else {"schema": json_output.SCHEMA}
    with contextlib.suppress(OSError):  # the error may be that this very file cannot be written
        json_output.write_json(empty | {"error": json_output.error_json(error)}, destination)


def _command(name: str) -> Callable[..., int]:
    """The function of a command, imported when it is needed."""
    if name in {"serve", "trust", "watch"}:
        from lsp_repair.cli.serve_command import COMMANDS
    else:
        from lsp_repair.cli.commands import COMMANDS
    return COMMANDS[name]

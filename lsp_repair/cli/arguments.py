"""The grammar of the command line."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lsp_repair import __version__
from lsp_repair.cli.argument_types import (
    count_of,
    expectation_of,
    model_of,
    money_of,
    price_of,
    seconds_of,
    tier_of,
    tokens_of,
)
from lsp_repair.errors import UsageError

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Wrong usage is an error like every other, so that --json gets to say it."""
        raise UsageError("usage", message, f"see {self.prog} --help")


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """A command line as it is meant: `fix tests/test_a.py::test_b` names a test, as it does for pytest."""
    found = parser().parse_args(argv)
    path: Path | None = getattr(found, "path", None)
    if path is not None and hasattr(found, "test") and "::" in str(path) and not path.exists():
        found.test = [str(path), *found.test]
        found.path = Path(str(path).partition("::")[0])
    return found


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = _Parser(
        prog="lsp-repair",
        description="Explains why tests fail, proposes patches, and proves each one on a private copy of your project.",
    )
    top.add_argument("--version", action="version", version=f"lsp-repair {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_fix(commands.add_parser("fix", help="repair failing tests: show or write proved patches"))
    _add_check(commands.add_parser("check", help="judge a patch from any source"))
    _add_explain(commands.add_parser("explain", help="explain why tests fail, without repairing anything"))
    _add_undo(commands.add_parser("undo", help="undo a fix that was written"))
    _add_report(commands.add_parser("report", help="report what was repaired and what it cost"))
    _add_doctor(commands.add_parser("doctor", help="show what was detected about a project, and why"))
    demo = commands.add_parser("demo", help="repair a small broken project that ships with lsp-repair")
    demo.add_argument("--keep", action="store_true", help="keep the copy of the project afterwards")
    commands.add_parser("config", help="show every setting, its value and where it comes from")
    _add_clean(commands.add_parser("clean", help="remove caches"))
    completion = commands.add_parser("completion", help="print completions for a shell")
    completion.add_argument("shell", choices=SHELLS)
    _add_serve(commands.add_parser("serve", help="the language server, for editors"))
    watching = "whenever a file changes, run the affected tests, explain failures and repair them"
    _add_project(commands.add_parser("watch", help=watching))
    _add_trust(commands.add_parser("trust", help="let the language server run the tests of a folder"))
    login = commands.add_parser("login", help="keep an API key in the system's keyring")
    login.add_argument("host", metavar="ENDPOINT", help="a preset such as openai, or a host")
    _add_models_command(
        commands.add_parser("models", help="list the configured models, or try one on small known failures")
    )
    return top


def _add_undo(undo: argparse.ArgumentParser) -> None:
    undo.add_argument("fix", nargs="?", metavar="FIX", help="id of the fix; default: the latest one in this project")
    undo.add_argument("--list", action="store_true", help="only list what can be undone in this project")


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument("path", nargs="?", type=Path, metavar="PATH", help="only this project")
    report.add_argument("--json", metavar="FILE", help="write the figures as JSON, - for standard output")
    report.add_argument("--csv", type=Path, metavar="FILE", help="write one row per fix")
    report.add_argument("--html", type=Path, metavar="FILE", help="write an HTML page with charts")


def _add_project(command: argparse.ArgumentParser) -> None:
    """One project and what runs its tests."""
    command.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH")
    command.add_argument("--python", type=Path, metavar="EXE", help="the interpreter that runs the tests")


def _add_doctor(doctor: argparse.ArgumentParser) -> None:
    _add_project(doctor)
    doctor.add_argument("--json", metavar="FILE", help="write what was detected as JSON, - for standard output")


def _add_clean(clean: argparse.ArgumentParser) -> None:
    clean.add_argument("--state", action="store_true", help="also remove the ledger and the undo journal")
    clean.add_argument("--yes", action="store_true", help="do not ask")


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--stdio", action="store_true", help="use standard input and output (the default)")
    serve.add_argument("--tcp", action="store_true", help="listen on a TCP socket")
    serve.add_argument("--ws", action="store_true", help="listen on a web socket")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8888, help="port to listen on (default: 8888)")


def _add_trust(trust: argparse.ArgumentParser) -> None:
    trust.add_argument("path", nargs="?", type=Path, metavar="PATH")
    trust.add_argument(
        "--weak-isolation",
        action="store_true",
        help="allow the built-in engine's edits to run without a sandbox if this machine has none",
    )


def _add_models_command(models: argparse.ArgumentParser) -> None:
    models.add_argument("action", choices=("check", "list"))
    models.add_argument(
        "--time-limit", type=seconds_of, metavar="SECONDS", default=600.0, help="for the whole check (default: 600)"
    )
    _add_models(models)
    models.add_argument("--json", metavar="FILE", help="write the result as JSON, - for standard output")


def _add_run(command: argparse.ArgumentParser) -> None:
    """Options of every command that runs tests."""
    command.add_argument(
        "path", nargs="?", type=Path, default=Path(), metavar="PATH", help="project, folder or test file"
    )
    command.add_argument(
        "--test", action="append", default=[], metavar="ID", help="a node id or test file; can be repeated"
    )
    command.add_argument(
        "--time-limit", type=seconds_of, metavar="SECONDS", help="for the whole command (default: 300)"
    )
    command.add_argument("--json", metavar="FILE", help="write the result as JSON, - for standard output")
    command.add_argument("--python", type=Path, metavar="EXE", help="the interpreter that runs the tests")
    command.add_argument("--min-isolation", type=tier_of, metavar="TIER", help="strong, partial or weak")


def _add_fix(command: argparse.ArgumentParser) -> None:
    _add_run(command)
    _add_failures(command)
    command.add_argument(
        "--patches", type=Path, metavar="DIR", help="write each proposal to a patch file in this folder"
    )
    command.add_argument("--write", action="store_true", help="apply the best proposal of each failure")
    command.add_argument("--accept-flagged", action="store_true", help="with --write: also apply flagged proposals")
    command.add_argument(
        "--expect",
        action="append",
        type=expectation_of,
        default=[],
        metavar="EXPR",
        help="an expression that has to be true of the repaired code, such as 'pages(0) == []'; can be repeated",
    )
    command.add_argument("--jobs", type=count_of, metavar="N", help="number of candidates screened in parallel")
    command.add_argument("--all-roots", action="store_true", help="work on every project below PATH")
    _add_coverage_out(command)
    _add_test_edits(command)
    _add_models(command)


def _add_coverage_out(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--coverage-out",
        type=Path,
        metavar="FILE",
        help="write which lines the traced tests executed, for `coverage html --data-file=FILE` and the like",
    )


def _add_models(command: argparse.ArgumentParser) -> None:
    """Who may be asked, and at what price."""
    group = command.add_argument_group("models (none is used until you name one)")
    group.add_argument("--models", choices=("off", "cheap", "all"), help="which of the named models may be used")
    roles = (
        ("repair", "writes patches"),
        ("feedback", "explains failures"),
        ("cheap", "is tried first"),
        ("critic", "makes suggestions on failed attempts (strategies with critic=true)"),
    )
    for role, what in roles:
        group.add_argument(
            f"--{role}-model",
            type=model_of,
            metavar="MODEL",
            help=f"the model that {what}: PRESET/MODEL or MODEL@URL",
        )
    group.add_argument(
        "--strategy",
        metavar="NAME",
        help="cascade, self-repair, reflexion, sequential or direct; NAME:parameter=value,…",
    )
    group.add_argument(
        "--hint", metavar="TEXT", help="your own explanation: led by it, the built-in engine searches and models repair"
    )
    group.add_argument(
        "--max-usd",
        type=money_of,
        default=argparse.SUPPRESS,
        metavar="USD",
        help="per fix (default: 0.10); none: no cap",
    )
    group.add_argument(
        "--max-tokens",
        type=tokens_of,
        default=argparse.SUPPRESS,
        metavar="N",
        help="per fix (default: 200000); none: no cap",
    )
    group.add_argument(
        "--price",
        type=price_of,
        metavar="USD",
        help="of models whose price is unknown, per million tokens: INPUT/OUTPUT, or 0 if they are free",
    )
    group.add_argument(
        "--show-prompt", action="store_true", help="print what would be sent and its price, without sending anything"
    )
    group.add_argument("--record", type=Path, metavar="FILE", help="append every exchange to a file")
    group.add_argument("--replay", type=Path, metavar="FILE", help="answer from a recording instead of the network")


def _add_check(command: argparse.ArgumentParser) -> None:
    _add_run(command)
    command.add_argument("--patch", type=Path, required=True, metavar="FILE", help="a unified diff")
    _add_test_edits(command)


def _add_test_edits(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--allow-test-edits",
        action="store_true",
        help="allow patches that edit wrong tests; they are always flagged and never written by --write",
    )


def _add_explain(command: argparse.ArgumentParser) -> None:
    _add_run(command)
    _add_coverage_out(command)
    _add_failures(command)
    _add_models(command)


def _add_failures(command: argparse.ArgumentParser) -> None:
    """Options of commands that look for what fails."""
    command.add_argument("--last-failed", action="store_true", help="only the tests that failed in pytest's last run")
    command.add_argument(
        "--since",
        metavar="REV",
        help="bisect git's history from this revision, with whose code the failing tests passed",
    )


def split_pytest_arguments(argv: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """What stands before and after `--`."""
    if "--" not in argv:
        return argv, ()
    at = argv.index("--")
    return argv[:at], tuple(argv[at + 1 :])


def json_destination(argv: list[str]) -> str | None:
    """Where JSON goes, also when the rest of the line is wrong."""
    for index, word in enumerate(argv):
        if word == "--json" and index + 1 < len(argv):
            return argv[index + 1]
        if word.startswith("--json="):
            return word.removeprefix("--json=")
    return None

"""The grammar of the command line."""

import argparse
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from lsp_repair import __version__
from lsp_repair.domain.isolation import Tier
from lsp_repair.domain.model_choice import ModelChoice, choice_from_text
from lsp_repair.errors import UsageError
from lsp_repair.setting_values import money


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Wrong usage is an error like every other, so that --json gets to say it."""
        raise UsageError("usage", message, f"see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = _Parser(
        prog="lsp-repair",
        description="Finds out why tests fail, proposes patches, and proves each one away from your files.",
    )
    top.add_argument("--version", action="version", version=f"lsp-repair {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_fix(commands.add_parser("fix", help="repair what fails, and show or write proved patches"))
    _add_check(commands.add_parser("check", help="judge a patch that somebody else made"))
    _add_explain(commands.add_parser("explain", help="say why tests fail, repair nothing"))
    undo = commands.add_parser("undo", help="take back a fix that was written")
    undo.add_argument("fix", nargs="?", metavar="FIX", help="its id; without it the latest one of this project")
    report = commands.add_parser("report", help="what was repaired and what it cost")
    report.add_argument("path", nargs="?", type=Path, metavar="PATH", help="only this project")
    report.add_argument("--json", metavar="FILE", help="write the figures as JSON, - for standard output")
    report.add_argument("--csv", type=Path, metavar="FILE", help="write one row for each fix")
    report.add_argument("--html", type=Path, metavar="FILE", help="write a page with charts")
    doctor = commands.add_parser("doctor", help="what was found out about a project, and why")
    doctor.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH")
    doctor.add_argument("--python", type=Path, metavar="EXE", help="the interpreter that runs the tests")
    demo = commands.add_parser("demo", help="repair a small broken project that comes with the tool")
    demo.add_argument("--keep", action="store_true", help="leave the project where it was copied to")
    commands.add_parser("config", help="every setting with its value and where it comes from")
    clean = commands.add_parser("clean", help="remove caches")
    clean.add_argument("--state", action="store_true", help="the ledger and the undo journal as well")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    serve = commands.add_parser("serve", help="the language server, for editors")
    serve.add_argument("--stdio", action="store_true", help="over standard input and output (as without options)")
    serve.add_argument("--tcp", action="store_true", help="over a socket")
    serve.add_argument("--ws", action="store_true", help="over a web socket")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1)")
    serve.add_argument("--port", type=int, default=8888, help="port to listen at (8888)")
    watch = commands.add_parser("watch", help="run affected tests whenever a file is written, explain and repair")
    watch.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH")
    watch.add_argument("--python", type=Path, metavar="EXE", help="the interpreter that runs the tests")
    trust = commands.add_parser("trust", help="let the language server run the tests of a folder")
    trust.add_argument("path", nargs="?", type=Path, metavar="PATH")
    trust.add_argument(
        "--weak-isolation",
        action="store_true",
        help="let the built-in engine's edits of your code run without a sandbox where there is none",
    )
    login = commands.add_parser("login", help="keep an API key in the system's keyring")
    login.add_argument("host", metavar="ENDPOINT", help="a preset such as openai, or a host")
    models = commands.add_parser("models", help="try a model on small known failures, or list the named ones")
    models.add_argument("action", choices=("check", "list"))
    _add_models(models)
    models.add_argument("--json", metavar="FILE", help="write the result as JSON, - for standard output")
    return top


def _add_run(command: argparse.ArgumentParser) -> None:
    """Options of every command that runs tests."""
    command.add_argument(
        "path", nargs="?", type=Path, default=Path(), metavar="PATH", help="project, folder or test file"
    )
    command.add_argument("--test", action="append", default=[], metavar="ID", help="a node id or test file; may repeat")
    command.add_argument("--time-limit", type=_seconds, metavar="SECONDS", help="for the whole command (300)")
    command.add_argument("--json", metavar="FILE", help="write the result as JSON, - for standard output")
    command.add_argument("--python", type=Path, metavar="EXE", help="the interpreter that runs the tests")
    command.add_argument("--min-isolation", type=_tier, metavar="TIER", help="strong, partial or weak")


def _add_fix(command: argparse.ArgumentParser) -> None:
    _add_run(command)
    command.add_argument("--last-failed", action="store_true", help="only what failed in the last run of pytest")
    command.add_argument("--patches", type=Path, metavar="DIR", help="write each proposal as a patch file")
    command.add_argument("--write", action="store_true", help="apply the best proposal of each failure")
    command.add_argument("--accept-flagged", action="store_true", help="with --write: those with a warning as well")
    command.add_argument("--jobs", type=_count, metavar="N", help="candidates screened at once")
    command.add_argument("--all-roots", action="store_true", help="every project below PATH")
    _add_test_edits(command)
    _add_models(command)


def _add_models(command: argparse.ArgumentParser) -> None:
    """Who may be asked, and at what price."""
    group = command.add_argument_group("models (off until one is named)")
    group.add_argument("--models", choices=("off", "cheap", "all"), help="which of the named models may be used")
    for role, what in (("repair", "writes patches"), ("feedback", "explains failures"), ("cheap", "is tried first")):
        group.add_argument(
            f"--{role}-model",
            type=_model,
            metavar="MODEL",
            help=f"the model that {what}: PRESET/MODEL or MODEL@URL",
        )
    group.add_argument(
        "--strategy",
        metavar="NAME",
        help="cascade, self-repair, reflexion, sequential or direct; NAME:parameter=value,…",
    )
    group.add_argument("--hint", metavar="TEXT", help="your own explanation, in the place of the model's")
    group.add_argument(
        "--max-usd", type=_money, default=argparse.SUPPRESS, metavar="USD", help="for a fix (0.10); none: no cap"
    )
    group.add_argument(
        "--max-tokens", type=_tokens, default=argparse.SUPPRESS, metavar="N", help="for a fix (50000); none: no cap"
    )
    group.add_argument(
        "--show-prompt", action="store_true", help="print what would be sent and its price; send nothing"
    )
    group.add_argument("--record", type=Path, metavar="FILE", help="append every exchange to a file")
    group.add_argument("--replay", type=Path, metavar="FILE", help="answer from a recording, without network")


def _model(text: str) -> ModelChoice:
    try:
        return choice_from_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not {error}") from error


def _money(text: str) -> Decimal | None:
    try:
        return money(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not {error}") from error


def _tokens(text: str) -> int | None:
    if text != "none" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no number of tokens, nor none")
    return None if text == "none" else int(text)


def _add_check(command: argparse.ArgumentParser) -> None:
    _add_run(command)
    command.add_argument("--patch", type=Path, required=True, metavar="FILE", help="a unified diff")
    _add_test_edits(command)


def _add_test_edits(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--allow-test-edits",
        action="store_true",
        help="where the test is wrong: patches may edit tests, which is always flagged, and never written by --write",
    )


def _add_explain(command: argparse.ArgumentParser) -> None:
    _add_run(command)
    _add_models(command)
    command.add_argument("--last-failed", action="store_true", help="only what failed in the last run of pytest")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return int(text)


def _tier(text: str) -> Tier:
    if text not in list(Tier):
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(Tier)}")
    return Tier(text)


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

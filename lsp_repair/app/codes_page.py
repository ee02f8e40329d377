"""Every code that others may rely on, on one page, made from their tables.

`python -m lsp_repair.app.codes_page > docs/codes.md` writes it anew.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.judge.rules.rule_registry import RULES


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """What stops a command, with its exit code."""

    code: str
    exit_code: int
    meaning: str


ERROR_CODES = (
    ErrorCode("usage", 2, "the command line is wrong"),
    ErrorCode("path-not-found", 2, "PATH does not exist"),
    ErrorCode("no-python-project", 2, "PATH contains no Python file"),
    ErrorCode("several-roots", 2, "PATH contains several pytest roots"),
    ErrorCode("test-not-found", 2, "`--test` names a file that does not exist"),
    ErrorCode("no-last-failed", 2, "pytest recorded no failed test"),
    ErrorCode("unknown-revision", 2, "`--since` names no commit of the project's git repository"),
    ErrorCode("long-history", 2, "there are too many commits after the one that `--since` names"),
    ErrorCode("patch-not-found", 2, "the patch file cannot be read"),
    ErrorCode("outside-root", 2, "a path leaves the project"),
    ErrorCode("stale", 2, "a file changed after the patch was proved"),
    ErrorCode("cannot-read", 2, "a file that a fix would change cannot be read"),
    ErrorCode("not-a-file", 2, "a file that a fix would change is not a regular file"),
    ErrorCode("nothing-to-apply", 2, "the fix changes nothing"),
    ErrorCode("cannot-write", 2, "a file cannot be written; nothing in the project was changed"),
    ErrorCode("changed-since", 2, "a file changed after the fix was written"),
    ErrorCode("nothing-to-undo", 2, "there is no fix of this project to undo"),
    ErrorCode("journal-damaged", 2, "the journal's entry for a fix cannot be read"),
    ErrorCode("not-confirmed", 2, "`clean --state` needs `--yes` where nobody can be asked"),
    ErrorCode("no-journal", 2, "nothing is written without a state folder"),
    ErrorCode("no-coverage", 2, "`--coverage-out` needs the extra `coverage`"),
    ErrorCode("git-folder", 2, "`--coverage-out` names a file in a folder of git's"),
    ErrorCode("not-coverage-data", 2, "`--coverage-out` names a file that exists and is not a coverage database"),
    ErrorCode("no-state", 2, "there is no state folder to store anything in"),
    ErrorCode("cannot-listen", 2, "`serve` cannot listen on its address and port"),
    ErrorCode("no-websockets", 2, "`serve --ws` needs the extra `ws`"),
    ErrorCode("no-ledger", 2, "there is no ledger to report on"),
    ErrorCode("newer-ledger", 2, "the ledger was written by a newer version"),
    ErrorCode("bad-config", 2, "the user's configuration is not valid TOML"),
    ErrorCode("unknown-setting", 2, "the user's configuration names a setting that does not exist"),
    ErrorCode("bad-setting", 2, "a setting's value is not valid"),
    ErrorCode("unknown-preset", 2, "a model names an unknown endpoint"),
    ErrorCode("bad-endpoint", 2, "a model's address cannot be called, or would receive a key unencrypted"),
    ErrorCode("bad-key-source", 2, "a model's key is not `env:NAME`, `keyring` or `none`"),
    ErrorCode("no-key", 2, "a model's key is not set"),
    ErrorCode("no-editor", 2, "`editor/MODEL` was named where no editor offers its models"),
    ErrorCode("no-keyring", 2, "the system's keyring cannot be used"),
    ErrorCode("no-model", 2, "there is no model to check"),
    ErrorCode("bad-recording", 2, "a recording cannot be replayed"),
    ErrorCode("unknown-strategy", 2, "there is no strategy of this name"),
    ErrorCode("bad-strategy", 2, "a strategy has no such parameter, or does not accept this value"),
    ErrorCode("budget", 3, "a limit, or an unknown price, forbids the next model call"),
    ErrorCode("isolation", 3, "the isolation is weaker than required"),
    ErrorCode("no-pytest", 4, "the interpreter has no pytest"),
    ErrorCode("old-pytest", 4, "the interpreter's pytest is older than 7"),
    ErrorCode("old-interpreter", 4, "the interpreter is older than 3.9"),
    ErrorCode("broken-interpreter", 4, "the interpreter does not work"),
    ErrorCode("conftest-error", 4, "a conftest cannot be loaded"),
    ErrorCode("no-tests", 4, "pytest found no test to run; the hint says which files hold some"),
    ErrorCode("plugin-error", 4, "a plugin of pytest cannot be loaded; the message names it"),
    ErrorCode("pytest-error", 4, "pytest refused to run"),
    ErrorCode("probe-did-not-start", 4, "the interpreter could not start pytest"),
    ErrorCode("disk-full", 4, "there is no space for a copy of the project"),
    ErrorCode("no-work-folder", 4, "no private folder can be created in the temporary folder"),
    ErrorCode("cannot-copy", 4, "the project cannot be copied"),
    ErrorCode("environment", 4, "pytest starts at home, but not without what the sandbox withholds"),
    ErrorCode("project-too-large", 4, "the project is larger than a snapshot may be"),
    ErrorCode("time-limit", 1, "the time limit was reached; what was found by then is kept"),
    ErrorCode("interrupted", 130, "Ctrl-C; what was found by then is kept"),
    ErrorCode("internal-error", 1, "a bug in lsp-repair"),
)
_EXIT_CODES = (
    (
        "0",
        "nothing fails, or every repairable failure has a proposal (flaky and environment failures do not count)",
        "plausible",
    ),
    ("1", "some failure stays unrepaired or unproven", "rejected or unproven"),
    ("2", "usage or configuration error", "the same"),
    ("3", "refused: isolation, budget, trust", "the same"),
    ("4", "the tests cannot be run at all", "the same"),
    ("130", "interrupted", "the same"),
)


def page() -> str:
    """The page in Markdown."""
    return "\n".join(
        (
            "# Codes",
            "",
            "Closed lists that other programs may rely on. Made from the code:",
            "`python -m lsp_repair.app.codes_page > docs/codes.md`.",
            *_section("Exit codes", "", ("code", "`fix`", "`check`"), _EXIT_CODES),
            *_section(
                "Reasons",
                "Why a patch was refused or stays unproven, or why a failure has no proposal.",
                ("reason", "meaning"),
                ((f"`{each}`", each.meaning) for each in Reason),
            ),
            *_section(
                "Flags",
                "Why a person should look before accepting. A flag changes the title, and `--write` leaves the proposal alone.",
                ("flag", "meaning"),
                ((f"`{each}`", each.meaning) for each in Flag),
            ),
            *_section(
                "Rules",
                "What reading a patch looks for, without running anything; each finding names a file and a line.",
                ("rule", "reads", "leads to", "finds"),
                ((f"`{each.name}`", each.subject.value, f"{each.severity} `{each.code}`", each.doc) for each in RULES),
            ),
            *_section(
                "Error codes",
                "",
                ("code", "exit", "meaning"),
                ((f"`{each.code}`", str(each.exit_code), each.meaning) for each in ERROR_CODES),
            ),
            "",
        )
    )


def _section(title: str, text: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    yield from ("", f"## {title}", "")
    if text:
        yield from (text, "")
    yield from table(columns, rows)


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    """The lines of a table in Markdown."""
    yield from (f"| {' | '.join(columns)} |", "|" + "---|" * len(columns))
    yield from (f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    sys.stdout.write(page())

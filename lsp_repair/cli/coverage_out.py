"""`--coverage-out`: the one file that a run writes beside its results, where the user named it."""

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from lsp_repair.app.console import Console
from lsp_repair.cli.atomic_writes import Step, Writing, carry_out, content, missing_folders
from lsp_repair.cli.wiring import Arguments
from lsp_repair.domain.events import FixReport
from lsp_repair.errors import UsageError
from lsp_repair.testrun.coverage_files.read_coverage import Unreadable, is_installed, read_coverage
from lsp_repair.testrun.coverage_files.write_coverage import coverage_database

_SECONDS = 10.0
_GIT = ("HEAD", "objects", "refs")
"""What every folder of git's holds, also a bare one."""


def check_destination(arguments: Arguments) -> None:
    """Raises UsageError (`no-coverage`, `git-folder`, `not-coverage-data`) before anything is run."""
    named: Path | None = arguments.coverage_out
    if named is None:
        return
    if not is_installed():
        hint = "install it beside lsp-repair: pip install 'lsp-repair[coverage]'"
        raise UsageError("no-coverage", "--coverage-out needs the package coverage", hint)
    _checked(named)


def write_executed(arguments: Arguments, reports: Sequence[FixReport], console: Console) -> None:
    """Write what the runs of all roots executed; raises UsageError (`cannot-write`, `stale`, and those above)."""
    named: Path | None = arguments.coverage_out
    if named is None:
        return
    traced = [(Path(report.root), report.trace) for report in reports]
    count = sum(bool(test.executed) for _, trace in traced for test in trace.tests)
    if not count:
        console.line(f"not written: {named}, as no test was traced", "yellow")
        return
    target = _checked(named)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    step = Step(str(named), target, content(target), coverage_database(traced), mode)
    carry_out(Writing(secrets.token_hex(4), (step,), missing_folders((step,))))
    tests = "1 test" if count == 1 else f"{count} tests"
    console.line(f"wrote {named}: what {tests} executed (coverage html --data-file={named})", "dim")


def _checked(named: Path) -> Path:
    """The file itself, which is none yet or a coverage database."""
    target = Path(os.path.realpath(named.expanduser()))
    if any(_is_gits(folder) for folder in target.parents):
        raise UsageError("git-folder", f"--coverage-out {named} is inside a folder of git's", "name another file")
    if not os.path.lexists(target):
        return target
    found = read_coverage(target, target.parent, (), _SECONDS)
    if isinstance(found, Unreadable):
        message = f"--coverage-out {named} exists, and is not overwritten: {found.why}"
        raise UsageError("not-coverage-data", message, "name another file, or remove it")
    return target


def _is_gits(folder: Path) -> bool:
    return folder.name.lower() == ".git" or all((folder / name).exists() for name in _GIT)

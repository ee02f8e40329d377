"""Prints what a coverage database says of some files, as JSON: a process of its own, as the database may be hostile.

The question comes over standard input: `path` of a private copy, `root` of the project, and `files` below it that are asked
for. Nothing of the tool is imported here. A database that coverage does not take gets the answer null.
"""

import contextlib
import json
import re
import resource
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coverage import CoverageData
from coverage.exceptions import CoverageException

_MAX_MEMORY = 2 << 30
_MAX_OUTPUT = 128 << 20
_PHASE = re.compile(r"\|(setup|run|teardown)$")


def _limit() -> None:
    for what, most in ((resource.RLIMIT_AS, _MAX_MEMORY), (resource.RLIMIT_FSIZE, _MAX_OUTPUT)):
        with contextlib.suppress(OSError, ValueError):  # not every system has both
            resource.setrlimit(what, (most, most))


def _answer(question: dict[str, Any]) -> dict[str, Any] | None:
    data = CoverageData(question["path"])
    try:
        data.read()
        return _said(data, question["root"], question["files"])
    except (CoverageException, sqlite3.Error):
        return None


def _said(data: CoverageData, root: str, files: list[str]) -> dict[str, Any]:
    contexts = sorted(data.measured_contexts() - {""})
    numbers = {context: number for number, context in enumerate(contexts)}
    spelled = _by_path(data.measured_files(), root)
    wanted = dict.fromkeys(path for path in files if path in spelled)
    found: dict[str, list[tuple[tuple[int, ...], list[int]]]] = {}
    is_shared = False
    for path in [*wanted, *(path for path in spelled if path not in wanted)]:
        if path not in wanted and (is_shared or not contexts):
            break
        by_line = data.contexts_by_lineno(spelled[path])
        is_shared = is_shared or any(_tests(each) > 1 for each in by_line.values())
        if path in wanted:
            found[path] = _by_lines(by_line, numbers)
    return {"contexts": contexts, "measures": bool(spelled), "is_shared": is_shared, "files": found}


def _by_path(measured: Iterable[str], root: str) -> dict[str, str]:
    """How the database spells each file below the root, by its path relative to it."""
    found: dict[str, str] = {}
    for name in measured:
        file = Path(root, name).resolve()
        if file.is_relative_to(root):
            found[file.relative_to(root).as_posix()] = name
    return found


def _tests(contexts: Iterable[str]) -> int:
    """How many tests these are of; the phases of one are three contexts."""
    return len({_PHASE.sub("", each) for each in contexts if each})


def _by_lines(by_line: dict[int, list[str]], numbers: dict[str, int]) -> list[tuple[tuple[int, ...], list[int]]]:
    """Sets of lines, each with the contexts (by number) that executed exactly these: most are shared by many."""
    lines_of: dict[str, list[int]] = {}
    for line, contexts in by_line.items():
        for context in contexts:
            lines_of.setdefault(context, []).append(line)
    sharing: dict[tuple[int, ...], list[int]] = {}
    for context, lines in lines_of.items():
        if context in numbers:
            sharing.setdefault(tuple(sorted(lines)), []).append(numbers[context])
    return list(sharing.items())


if __name__ == "__main__":
    _limit()
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)

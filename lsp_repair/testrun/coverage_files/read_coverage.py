"""Reads a coverage database that nobody vouches for: a private copy, in a short-lived process with limits."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from lsp_repair.folders import work_folder

_START = Path(__file__).parent / "start_reader.py"
_MAX_BYTES = 200 << 20
_MAX_ANSWER = 128 << 20
_MAGIC = b"SQLite format 3\0"
_TELLS_CONTEXTS = (b"|run", b".test_", b".Test")
"""How contexts of tests are spelled, as a database holds them."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a database says nothing, as a clause."""

    why: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a database says of the files that were asked for."""

    contexts: tuple[str, ...]
    """All of them but the empty one."""
    measures_project: bool
    """Whether it names any file below the root."""
    is_shared: bool
    """Whether any line was executed in the contexts of two tests."""
    lines: Mapping[str, Mapping[str, frozenset[int]]]
    """By path relative to the root and by context; a file that it does not measure is absent."""


def is_installed() -> bool:
    """Whether coverage can be imported, found out without importing it."""
    return find_spec("coverage") is not None


def may_hold_contexts(database: Path) -> bool:
    """Whether it looks like a database with contexts of tests, for who has no coverage to read it with."""
    try:
        with _opened(database) as file:
            data = file.read(_MAX_BYTES)
    except OSError:
        return False
    return data.startswith(_MAGIC) and any(each in data for each in _TELLS_CONTEXTS)


def read_coverage(database: Path, root: Path, files: Iterable[str], seconds: float) -> Recorded | Unreadable:
    """What it says of these files (relative to the root); never waits longer than these seconds."""
    with work_folder() as folder:
        copy = folder / "copy"
        refused = _copied(database, copy)
        if refused is not None:
            return refused
        question = {"path": str(copy), "root": os.path.realpath(root), "files": list(files)}
        return _answer(question, folder, seconds)


def _opened(database: Path) -> IO[bytes]:
    """Raises OSError, also for what is no regular file: a pipe would never end."""
    descriptor = os.open(database, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def _copied(database: Path, copy: Path) -> Unreadable | None:
    try:
        with _opened(database) as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        return Unreadable(f"it cannot be read: {error.strerror or error}")
    if len(data) > _MAX_BYTES:
        return Unreadable(f"it is larger than {_MAX_BYTES >> 20} MiB")
    if not data.startswith(_MAGIC):
        return Unreadable("it is not a coverage database")
    copy.write_bytes(data)
    return None


def _answer(question: Mapping[str, Any], folder: Path, seconds: float) -> Recorded | Unreadable:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    with (folder / "answer").open("w+b") as output:
        try:
            ended = subprocess.run(
                [sys.executable, "-I", str(_START)],
                cwd=folder,
                env=environ,
                input=json.dumps(question).encode("utf-8", "surrogateescape"),
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=max(seconds, 0.1),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Unreadable(f"reading it takes longer than {seconds:.0f} s")
        output.seek(0)
        text = output.read(_MAX_ANSWER)
    try:
        answer = json.loads(text) if ended.returncode == 0 else {}
    except ValueError:
        answer = {}
    if answer is None:
        return Unreadable("it is not a database that this version of coverage reads")
    return _recorded(answer) if answer else Unreadable("it holds more than can be read")


def _recorded(answer: Mapping[str, Any]) -> Recorded:
    contexts: list[str] = answer["contexts"]
    lines: dict[str, dict[str, frozenset[int]]] = {}
    for path, sets in answer["files"].items():
        by_context = lines.setdefault(path, {})
        for numbers, sharing in sets:
            found = frozenset(numbers)
            by_context.update((contexts[each], found) for each in sharing)
    return Recorded(tuple(contexts), answer["measures"], answer["is_shared"], lines)

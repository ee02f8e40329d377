"""What was changed lately in the suspicious lines: read from git's objects, without running anything of the repository."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_repair.pycode.differences import changed_blocks

_SECONDS = 2.0
_MAX_LINES = 6
_MAX_BYTES = 2_000_000
_MAX_COMPARED = 2_000
"""Changed lines that are compared exactly."""
_OTHER_REPOSITORY = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_COMMON_DIR"}
    | {"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
)
"""Set inside of git's hooks: they name a repository that need not be the one of the folder."""


def replaced_lines(root: Path, path: str, now: bytes, span: tuple[int, int]) -> tuple[str, ...]:
    """Lines that stood in `span` (1-based) of the file before: in the last commit, or in the one before it.

    Empty where git, a history or a change is missing.
    """
    for old, new in (("HEAD", None), ("HEAD~1", "HEAD")):
        before = _blob(root, old, path)
        after = now if new is None else _blob(root, new, path)
        if before is None or after is None:
            return ()
        found = _replaced(_lines(before), _lines(after), span)
        if found:
            return found[:_MAX_LINES]
    return ()


def _replaced(before: Sequence[str], after: Sequence[str], span: tuple[int, int]) -> tuple[str, ...]:
    found: list[str] = []
    for there, here in changed_blocks(before, after, _MAX_COMPARED):
        if here.start < span[1] and max(here.stop, here.start + 1) >= span[0]:
            found += [f"-{line}" for line in before[there] if line.strip()]
    return tuple(found)


def _lines(data: bytes) -> list[str]:
    return [each.removesuffix("\r") for each in data.decode("utf-8", "replace").split("\n")]


def _blob(root: Path, revision: str, path: str) -> bytes | None:
    """A file's bytes in a commit, unfiltered: `cat-file` runs no hook, no filter and no external diff.

    Nor does it fetch what a partial clone lacks, as that runs commands which the repository's configuration names: older
    versions know no switch for it, so that every protocol is forbidden.
    """
    git = _git(os.environ)
    if git is None:
        return None
    command = (git, "--no-optional-locks", "cat-file", "blob", f"{revision}:./{path}")
    environ = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    environ |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    try:
        answer = subprocess.run(
            command, cwd=root, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False, env=environ
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return answer.stdout if answer.returncode == 0 and len(answer.stdout) <= _MAX_BYTES else None


def _git(environ: Mapping[str, str]) -> str | None:
    """Never one of the current folder, which may be the repository's own."""
    folders = [each for each in environ.get("PATH", os.defpath).split(os.pathsep) if Path(each).is_absolute()]
    return shutil.which("git", path=os.pathsep.join(folders)) if folders else None

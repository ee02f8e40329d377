"""Files as they were in a commit, read from git's objects without running anything of the repository's.

`cat-file` runs no hook, no filter and no external diff. Nor does it fetch what a partial clone lacks, as that runs
commands which the repository's configuration names: older versions know no switch for it, so every protocol is forbidden.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_SECONDS = 3.0
_MAX_BYTES = 2_000_000
_OTHER_REPOSITORY = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_COMMON_DIR"}
    | {"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
)
"""Set inside of git's hooks: they name a repository that need not be the one of the folder."""


def blob(root: Path, revision: str, path: str) -> bytes | None:
    """A file's bytes in a commit, unfiltered; None where there is no git, no such commit or no such file."""
    return blobs(root, revision, [path]).get(path)


def blobs(root: Path, revision: str, paths: Sequence[str]) -> dict[str, bytes]:
    """The same of many files, by path relative to `root`; those that were not there are absent."""
    asked = [path for path in paths if "\n" not in path]
    names = "".join(f"{revision}:./{path}\n" for path in asked).encode("utf-8", "surrogateescape")
    answer = _git_says(root, ["cat-file", "--batch"], names)
    return dict(_answers(asked, answer)) if answer else {}


def commit_id(root: Path, revision: str) -> str:
    """The short id of a commit; empty where there is none."""
    answer = _git_says(root, ["rev-parse", "--verify", "--quiet", "--short", f"{revision}^{{commit}}"])
    return (answer or b"").decode("ascii", "replace").strip()


def _answers(asked: Sequence[str], answer: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    for path in asked:
        end = answer.find(b"\n", at)
        if end < 0:
            return
        header = answer[at:end].rsplit(b" ", 2)
        at = end + 1
        if len(header) != 3 or not header[2].isdigit():
            continue  # missing, or ambiguous
        size = int(header[2])
        if header[1] == b"blob" and size <= _MAX_BYTES:
            yield path, answer[at : at + size]
        at += size + 1


def _git_says(root: Path, words: Sequence[str], question: bytes = b"") -> bytes | None:
    git = _git(os.environ)
    if git is None:
        return None
    environ = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    environ |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    command = (git, "--no-optional-locks", *words)
    try:
        answer = subprocess.run(
            command, cwd=root, capture_output=True, input=question, timeout=_SECONDS, check=False, env=environ
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _git(environ: Mapping[str, str]) -> str | None:
    """Never one of the current folder, which may be the repository's own."""
    folders = [each for each in environ.get("PATH", os.defpath).split(os.pathsep) if Path(each).is_absolute()]
    return shutil.which("git", path=os.pathsep.join(folders)) if folders else None

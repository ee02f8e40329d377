"""Files as they were in a commit, read from git's objects without running anything of the repository's.

`cat-file` runs no hook, no filter and no external diff. Nor does it fetch what a partial clone lacks, as that runs
commands which the repository's configuration names: older versions know no switch for it, so every protocol is forbidden.
The same holds for every other question to git (`git_says`); those that read the index ask no file system monitor.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_SECONDS = 3.0
MAX_BYTES = 2_000_000
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
    found = objects(root, [f"{revision}:./{path}" for path in asked])
    return {path: found[f"{revision}:./{path}"] for path in asked if f"{revision}:./{path}" in found}


def objects(root: Path, names: Sequence[str], kind: bytes = b"blob", seconds: float = _SECONDS) -> dict[str, bytes]:
    """Objects of a kind by their names, as far as they are there and not large."""
    question = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    answer = git_says(root, ["cat-file", "--batch"], question, seconds=seconds) if names else None
    return dict(_answers(names, answer, kind)) if answer else {}


def commit_id(root: Path, revision: str, *, short: bool = True) -> str:
    """The id of a commit; empty where there is none."""
    words = ["rev-parse", "--verify", "--quiet", *(["--short"] if short else [])]
    answer = None if revision.startswith("-") else git_says(root, [*words, f"{revision}^{{commit}}"])
    return (answer or b"").decode("ascii", "replace").strip()


def _answers(asked: Sequence[str], answer: bytes, kind: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    for name in asked:
        end = answer.find(b"\n", at)
        if end < 0:
            return
        header = answer[at:end].rsplit(b" ", 2)
        at = end + 1
        if len(header) != 3 or not header[2].isdigit():
            continue  # missing, or ambiguous
        size = int(header[2])
        if header[1] == kind and size <= MAX_BYTES:
            yield name, answer[at : at + size]
        at += size + 1


def git_says(root: Path, words: Sequence[str], question: bytes = b"", seconds: float = _SECONDS) -> bytes | None:
    """The answer to a question that changes nothing; None where there is no git, no repository or no answer in time."""
    git = _git(os.environ)
    if git is None:
        return None
    environ = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    environ |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    command = (git, "--no-optional-locks", "-c", "core.fsmonitor=", *words)
    try:
        answer = subprocess.run(
            command, cwd=root, capture_output=True, input=question, timeout=seconds, check=False, env=environ
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _git(environ: Mapping[str, str]) -> str | None:
    """Never one of the current folder, which may be the repository's own."""
    folders = [each for each in environ.get("PATH", os.defpath).split(os.pathsep) if Path(each).is_absolute()]
    return shutil.which("git", path=os.pathsep.join(folders)) if folders else None

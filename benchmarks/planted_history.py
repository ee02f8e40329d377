"""A real history with a real bug planted in the middle: what bisecting has to find.

The last commits of a project before a fix are replayed, each with its own files but for the one that the fix changes: that holds
the fixed text at first, and from one commit on, which changes nothing else, the text before the fix. Tests that pass nowhere
but with the newest code end a replay early: fewer commits are taken.
"""

import os
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from real_bugs import LaidOut, git_in

_FEWEST, _MOST = 20, 60
_IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.hooksPath=")


@dataclass(frozen=True, slots=True)
class Planted:
    """A history in the folder of a bug, checked out at its end."""

    start: str
    """The commit that the replay starts at, with whose code the tests pass."""
    guilty: str
    commits: int
    """After the start."""


def planted(one: LaidOut, passes: Callable[[], bool], seed: int) -> Planted | None:
    """None where the tests pass with no code that is old enough; leaves the folder at the end of the history."""
    rng = random.Random(f"{seed} {one.bug.id}")
    wanted = rng.randint(_FEWEST, _MOST)
    line = git_in(one.root, "rev-list", "--first-parent", f"--max-count={wanted}", "HEAD").split()[::-1]
    fixed, broken = (_blob(one, each) for each in (one.after, one.before))
    while len(line) >= _FEWEST:
        middle = rng.randint(len(line) // 4, 3 * len(line) // 4)
        made = _replayed(one, line, (fixed, broken), middle)
        _check_out(one, made[0])
        if passes():
            _check_out(one, made[-1])
            return Planted(made[0], made[middle], len(made) - 1)
        line = line[len(line) // 3 :]
    return None


def _replayed(one: LaidOut, line: Sequence[str], texts: tuple[str, str], middle: int) -> list[str]:
    """The new commits; the one at `middle` only plants the bug."""
    made: list[str] = []
    trees = [*((commit, texts[0]) for commit in line[:middle]), (line[middle - 1], texts[1])]
    trees += [(commit, texts[1]) for commit in line[middle:]]
    for commit, text in trees:
        environ = {**os.environ, "GIT_INDEX_FILE": str(one.scratch / "index")}
        _git(one, environ, "read-tree", commit)
        _git(one, environ, "update-index", "--add", "--cacheinfo", f"100644,{text},{one.bug.source}")
        tree = _git(one, environ, "write-tree")
        parents = ["-p", made[-1]] if made else []
        made.append(_git(one, environ, "commit-tree", tree, *parents, "-m", f"Like {commit[:10]}"))
    return made


def _check_out(one: LaidOut, commit: str) -> None:
    """The commit's files, under the fix's tests."""
    tests = {path: (one.root / path).read_bytes() for path in one.bug.test_files}
    git_in(one.root, "checkout", "--quiet", "--force", "--detach", commit)
    for path, data in tests.items():
        (one.root / path).parent.mkdir(parents=True, exist_ok=True)
        (one.root / path).write_bytes(data)


def _blob(one: LaidOut, text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    command = ["git", "-C", str(one.root), "hash-object", "-w", "--stdin"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().strip()


def _git(one: LaidOut, environ: dict[str, str], *words: str) -> str:
    command = ["git", "-C", str(one.root), *_IDENTITY, *words]
    return subprocess.run(command, capture_output=True, check=True, env=environ).stdout.decode().strip()

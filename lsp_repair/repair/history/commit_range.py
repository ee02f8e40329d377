"""The part of the history that a user asks to be bisected."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lsp_repair.errors import UsageError
from lsp_repair.repair.history.commits import commits_after
from lsp_repair.repair.history.git_objects import commit_id

NOW = "now"
"""Stands for the working tree, which comes after the last commit."""
_MAX_COMMITS = 10_000


@dataclass(frozen=True, slots=True)
class Range:
    """What is bisected."""

    start: str
    """As the user named it."""
    good: str
    """Its full id."""
    parents: Mapping[str, tuple[str, ...]]
    """Of the commits after it, parents first, the working tree last."""

    @property
    def commits(self) -> int:
        """How many there are, without the working tree."""
        return len(self.parents) - 1


def range_since(root: Path, start: str) -> Range:
    """The history after a revision; raises UsageError (`unknown-revision`, `long-history`)."""
    good, head = (commit_id(root, each, short=False) for each in (start, "HEAD"))
    parents = commits_after(root, good) if good and head else None
    if parents is None:
        hint = "name a commit, tag or branch, such as HEAD~20" if head else "run this in a git repository with commits"
        raise UsageError("unknown-revision", f"--since {start}: git knows no such commit in {root}", hint)
    if len(parents) > _MAX_COMMITS:
        message = f"--since {start}: there are {len(parents)} commits after it, more than {_MAX_COMMITS}"
        raise UsageError("long-history", message, "name a later commit with which the tests passed")
    return Range(start, good, {**parents, NOW: (head,)})

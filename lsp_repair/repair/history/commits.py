"""The commits of a repository: which came after which, what they are called, and which files they hold."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from lsp_repair.domain.blame import Commit
from lsp_repair.repair.history.git_objects import commit_id, git_says, objects

_SECONDS = 20.0
_MAX_SUBJECT = 72
_REGULAR = (b"100644 ", b"100755 ")


def commits_after(root: Path, start: str) -> dict[str, tuple[str, ...]] | None:
    """Every commit that HEAD reaches and `start` does not, with its parents, which come first; None where git cannot say.

    The whole ancestry counts, as for `git bisect`: a merged branch is looked into.
    """
    answer = git_says(
        root, ["rev-list", "--topo-order", "--reverse", "--parents", "HEAD", f"^{start}"], seconds=_SECONDS
    )
    if answer is None:
        return None
    lines = (line.split() for line in answer.decode("ascii", "replace").splitlines())
    return {line[0]: tuple(line[1:]) for line in lines if line}


def count_since(root: Path, start: str) -> int:
    """How many commits of the main line come after one."""
    answer = git_says(root, ["rev-list", "--first-parent", "--count", "HEAD", f"^{start}"], seconds=_SECONDS)
    return int(answer) if answer and answer.strip().isdigit() else 0


def named(root: Path, commit: str) -> Commit:
    """A commit as people name it."""
    data = objects(root, [commit], b"commit").get(commit, b"")
    header, _, message = data.partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in header.split(b"\n"))
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    try:
        text = message.decode(encoding, "replace")
    except LookupError:
        text = message.decode("utf-8", "replace")
    subject = " ".join(text.strip().partition("\n\n")[0].split())
    subject = "".join(each if each.isprintable() else "?" for each in subject)
    if len(subject) > _MAX_SUBJECT:
        subject = f"{subject[: _MAX_SUBJECT - 1]}…"
    return Commit(commit_id(root, commit) or commit[:7], _date(fields.get(b"author", b"")), subject)


def _date(author: bytes) -> str:
    """Where the author was."""
    seconds, _, zone = author.rpartition(b">")[2].strip().partition(b" ")
    try:
        ahead = int(zone[:3] or b"0") * 60 + int(zone[:1] + (zone[3:] or b"0"))
        there = dt.timezone(dt.timedelta(minutes=ahead))
        return dt.datetime.fromtimestamp(int(seconds), there).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def files_of(root: Path, commit: str) -> dict[str, str] | None:
    """The ids of the regular files below `root`, by path relative to it; None where git cannot say."""
    answer = git_says(root, ["ls-tree", "-r", "-z", commit], seconds=_SECONDS)
    return None if answer is None else dict(_regular(answer))


def _regular(answer: bytes) -> Iterator[tuple[str, str]]:
    for entry in answer.split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        if facts.startswith(_REGULAR):
            yield path.decode("utf-8", "surrogateescape"), facts.rpartition(b" ")[2].decode("ascii")


def files_now(root: Path) -> tuple[str, ...]:
    """Paths below `root` that git knows, or would add: what is ignored is made by tools."""
    answer = git_says(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], seconds=_SECONDS)
    paths = (answer or b"").split(b"\0")
    return tuple(dict.fromkeys(path.decode("utf-8", "surrogateescape") for path in paths if path))

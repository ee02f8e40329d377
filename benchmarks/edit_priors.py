"""Which templates make the edits of real bug fixes: counted by template over the history of public projects.

    python benchmarks/edit_priors.py FOLDER [--most 60] [--log FILE]

FOLDER holds clones, `pallets+flask/repo` for `pallets/flask`; nothing is fetched. A small fix is a commit whose subject says so and
that changes at most six lines of one source file, and a test. The templates are asked for all their edits at the changed
lines of the parent, with the literals of the changed tests but without their failures; an edit counts if it gives the fix's
syntax tree. Projects of `real_bugs.json` are left out: they measure what is learnt here.
"""

import argparse
import ast
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath

from measures import machine

from lsp_repair.domain.patches import Candidate, Edit, Hints, SourceFile, spliced
from lsp_repair.pycode.modules import line_starts, tree_of
from lsp_repair.search.generation import first_order
from lsp_repair.search.templates.frequencies import WEIGHTS

_SUBJECT = r"\b(fix(e[sd]|ing)?|bugs?|issues?|regression|crash(es)?|incorrect(ly)?|wrong(ly)?)\b"
_MAX_LINES = 6
_LIMIT = 30_000
_MAX_LITERALS = 60
_AROUND = 12
_MAX_APART = 80
"""Lines between the first and the last one of a fix that one template may make."""
_NOISE = re.compile(r"[\s()'\",]|#[^\n]*")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fix:
    """A small fix as its commit has it."""

    name: str
    path: str
    before: bytes
    after: bytes
    lines: frozenset[int]
    """The parent's lines that it changes, or beside which it adds."""
    edit: tuple[str, ...]
    """Its path and changed lines: the same for the same fix on several branches."""
    literals: tuple[object, ...]
    """Strings and numbers on the changed lines of its tests."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the templates make of a fix."""

    template: str
    """The one that makes it; empty if none does."""
    rank: int
    candidates: int
    shares: dict[str, float]
    """By template, of 1 for all, the squares of its candidates' scores as they are without the weights."""


def main() -> None:
    """Print each fix with the template that makes it, and how often each one does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=60, help="fixes of one project")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    print(machine())
    counts, expected, projects = Counter[str](), Counter[str](), set[str]()
    for fix in measured_apart(arguments.folder, arguments.most):
        reach = reached(fix)
        counts[reach.template] += 1
        expected.update(reach.shares if reach.template else {})
        projects.add(fix.name.partition("@")[0])
        print(fix.name, reach.template or "-", reach.rank, reach.candidates, flush=True)
        if arguments.log is not None:
            with arguments.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps([fix.name, fix.path, *astuple(reach)]) + "\n")
    total = counts.total()
    print(f"{total} fixes of {len(projects)} projects, {total - counts['']} made by a template")
    for template in sorted({*counts, *expected} - {""}, key=lambda each: (-counts[each], each)):
        print(f"{counts[template]:4} {expected[template]:6.2f} {template}")


def measured_apart(folder: Path, most: int) -> Iterator[Fix]:
    """The small fixes of the projects that no measurement uses."""
    facts = json.loads(Path(__file__).with_name("real_bugs.json").read_text("utf-8"))
    measured = {"jkoppel/QuixBugs", *(each["repo"] for each in facts)}
    for clone in sorted(folder.glob("*/repo")):
        project = clone.parent.name.replace("+", "/", 1)
        if project not in measured:
            yield from fixes(clone, project, most)


def fixes(clone: Path, project: str, most: int) -> Iterator[Fix]:
    """The newest small fixes of a project."""
    words = ("--no-merges", "-i", "-P", f"--grep={_SUBJECT}", "--format=%x00%H%x09%s", "--numstat", "HEAD")
    try:
        log = _git(clone, "log", *words)
    except subprocess.CalledProcessError:  # a clone without its old objects
        return
    seen: set[tuple[str, ...]] = set()
    for entry in log.decode("utf-8", "replace").split("\0")[1:]:
        head, *rows = entry.splitlines()
        commit, _, subject = head.partition("\t")
        source = _source([row.split("\t") for row in rows if row.count("\t") == 2])
        fix = _fix(clone, project, commit, source) if source and re.search(_SUBJECT, subject, re.IGNORECASE) else None
        if fix is not None and fix.edit not in seen:
            seen.add(fix.edit)
            yield fix
        if len(seen) == most:
            return


def _source(rows: list[list[str]]) -> str:
    """The only source file of a commit that changes a test as well, if it changes few lines of it."""
    python = [row for row in rows if row[2].endswith(".py")]
    tests = [row for row in python if _is_test(row[2])]
    sources = [row for row in python if not _is_test(row[2])]
    if not tests or len(sources) != 1 or "=>" in sources[0][2]:
        return ""
    added, removed, path = sources[0]
    return path if int(added) + int(removed) <= _MAX_LINES else ""


def _is_test(path: str) -> bool:
    parts = PurePosixPath(path)
    return any("test" in each.lower() for each in parts.parts)


def _fix(clone: Path, project: str, commit: str, path: str) -> Fix | None:
    try:
        before, after = (_git(clone, "show", f"{each}:{path}") for each in (f"{commit}^", commit))
        diff = _git(clone, "diff", "-U0", f"{commit}^", commit, "--", path).decode("utf-8", "replace")
        tests = _git(clone, "diff", "-U0", f"{commit}^", commit, "--", "*test*.py").decode("utf-8", "replace")
    except subprocess.CalledProcessError:
        return None
    old, new = tree_of(before), tree_of(after)
    if old is None or new is None or ast.dump(old) == ast.dump(new):
        return None
    edit = (path, *(line for line in diff.splitlines() if line[:1] in {"+", "-"}))
    return Fix(f"{project}@{commit[:10]}", path, before, after, frozenset(_lines(diff)), edit, _literals(tests))


def _lines(diff: str) -> Iterator[int]:
    for found in _HUNK.finditer(diff):
        start, count = int(found[1]), int(found[2] or 1)
        yield from range(start, start + max(count, 2))


def _literals(diff: str) -> tuple[object, ...]:
    added = re.findall(r"^[-+](?![-+])(.*)$", diff, re.MULTILINE)
    found: dict[str, object] = {}
    for text in (piece for line in added for piece in re.findall(r"""'[^']*'|"[^"]*"|\b\d+(?:\.\d+)?\b""", line)):
        try:
            value: object = ast.literal_eval(text)
        except (SyntaxError, ValueError):
            continue
        found[repr(value)] = value
    return tuple(found.values())[:_MAX_LITERALS]


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=True).stdout


def reached(fix: Fix) -> Reach:
    """Which template makes the fix."""
    if max(fix.lines) - min(fix.lines) > _MAX_APART:
        return Reach("", -1, 0, {})
    source = SourceFile(fix.path, fix.before)
    candidates = first_order(source, dict.fromkeys(fix.lines, 1.0), Hints((), fix.literals), _LIMIT)
    shares = Counter[str]()
    chances = [(each.score / WEIGHTS.get(each.template, 1.0)) ** 2 for each in candidates]
    total = sum(chances)
    for each, chance in zip(candidates, chances, strict=True):
        shares[each.template] += chance / total
    window = _Window(fix)
    wanted = tree_of(fix.after)
    dump = ast.dump(wanted) if wanted is not None else ""
    for rank, each in enumerate(candidates):
        if window.is_near(each) and ast.dump(tree_of(each.after) or ast.Module([], [])) == dump:
            return Reach(each.template, rank, len(candidates), dict(shares))
    return Reach("", -1, len(candidates), dict(shares))


class _Window:
    """The lines around a fix, in which a candidate is compared by its text before it is by its tree."""

    def __init__(self, fix: Fix) -> None:
        starts = line_starts(fix.before)
        self._start = starts[max(min(fix.lines) - 1 - _AROUND, 0)]
        self._end = starts[min(max(fix.lines) + _AROUND, len(starts) - 1)]
        self._before = fix.before[self._start : self._end]
        self._wanted = _key(fix.after[self._start : len(fix.after) - (len(fix.before) - self._end)])

    def is_near(self, candidate: Candidate) -> bool:
        """Whether the candidate can be the fix: the same text but for blanks, brackets, quotes and comments."""
        if any(edit.start < self._start or edit.end > self._end for edit in candidate.edits):
            return False
        moved = [Edit(edit.start - self._start, edit.end - self._start, edit.text) for edit in candidate.edits]
        return _key(spliced(self._before, moved)) == self._wanted


def _key(data: bytes) -> str:
    return _NOISE.sub("", data.decode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main()

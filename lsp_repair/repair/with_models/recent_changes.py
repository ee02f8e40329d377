"""What was changed lately, as models are told it: the change since which a test fails, else the last one of the shown code."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.differences import changed_blocks
from lsp_repair.repair.case import Case
from lsp_repair.repair.history.git_objects import blobs

_MAX_LINES = 40
_MAX_FILES = 12
_MAX_COMPARED = 2_000
"""Changed lines that are compared exactly."""

Texts = Mapping[str, bytes]


def recent_lines(origin: Path, now: Texts) -> dict[str, frozenset[int]]:
    """The lines (1-based) that were changed since the last commit, or else by it, of the first few of these files."""
    paths = list(now)[:_MAX_FILES]
    found: dict[str, frozenset[int]] = {}
    for path, before, after in _before_and_after(origin, {path: now[path] for path in paths}):
        lines = {
            line
            for _, here in changed_blocks(_lines(before), _lines(after), _MAX_COMPARED)
            for line in range(here.start + 1, max(here.stop, here.start + 1) + 1)
        }
        found[path] = frozenset(lines)
    return found


def _before_and_after(origin: Path, now: Texts) -> Iterator[tuple[str, bytes, bytes]]:
    """Files that differ from the last commit, else those that differ between the last two."""
    last = blobs(origin, "HEAD", list(now)) if now else {}
    changed = [path for path in now if path in last and last[path] != now[path]]
    for path in changed:
        yield path, last[path], now[path]
    if changed or not last:
        return
    before = blobs(origin, "HEAD~1", list(last))
    for path in last:
        if path in before and before[path] != last[path]:
            yield path, before[path], last[path]


def changes_told(case: Case, origin: Path, now: Texts, shown: Iterable[Excerpt]) -> tuple[str, ...]:
    """A small diff: of the change that is to blame, where it is known, else of what the shown functions were before.

    Empty where git, a history or a change is missing.
    """
    blamed = case.blame.blamed
    if blamed is None:
        spans: dict[str, list[tuple[int, int]]] = {}
        for each in shown:
            spans.setdefault(each.path, []).append((each.first, each.last))
        return changed_code(origin, {path: now[path] for path in spans if path in now}, spans)
    change = blamed.change
    told = [case.blame.sentence(len(case.group.node_ids)), *(f"{each.path}: {each.change}" for each in change.files)]
    places: dict[str, list[tuple[int, int]]] = {}
    for path, first, last in change.lines:
        places.setdefault(path, []).append((first, last))
    before: dict[str, bytes] = blobs(origin, change.revision, list(places)) if change.revision else {}
    if blamed.take_back is not None:
        before.setdefault(blamed.take_back.source.path, blamed.take_back.after)
    for path, lines in places.items():
        if path in before and path in now:
            told += diff_lines(path, before[path], now[path], lines)
    return tuple(told[:_MAX_LINES])


def changed_code(origin: Path, now: Texts, spans: Mapping[str, Sequence[tuple[int, int]]]) -> tuple[str, ...]:
    """A small diff of the last change of these lines (1-based) of these files."""
    found = _before_and_after(origin, now)
    lines = (line for path, before, after in found for line in diff_lines(path, before, after, spans[path]))
    return tuple(lines)[:_MAX_LINES]


def diff_lines(path: str, before: bytes, after: bytes, spans: Sequence[tuple[int, int]] | None = None) -> Iterator[str]:
    """The changed lines of a file, each run under its place in the new text; only those that touch the spans, if given."""
    old, new = _lines(before), _lines(after)
    for there, here in changed_blocks(old, new, _MAX_COMPARED):
        first, last = here.start + 1, max(here.stop, here.start + 1)
        if spans is not None and not any(first <= end and last >= start for start, end in spans):
            continue
        yield f"@@ {path}, line {first}"
        yield from (f"-{line}" for line in old[there])
        yield from (f"+{line}" for line in new[here])


def _lines(data: bytes) -> list[str]:
    return [each.removesuffix("\r") for each in data.decode("utf-8", "replace").split("\n")]

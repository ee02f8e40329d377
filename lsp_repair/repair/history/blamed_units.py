"""From the parts of a change that make tests fail to what is said of them: where they are in today's files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from lsp_repair.domain.blame import BlamedFile, BlamedHunk, ChangeToBlame
from lsp_repair.domain.patches import Candidate, SourceFile
from lsp_repair.repair.history.blamed import TAKE_BACK, Blamed
from lsp_repair.repair.history.change_units import FileUnit, Unit
from lsp_repair.repair.history.hunks import Hunk, reverting
from lsp_repair.repair.history.product_states import State


def blamed_units(
    guilty: Sequence[Unit], states: tuple[State, State], today: Mapping[str, bytes], change: ChangeToBlame
) -> Blamed:
    """The change with the places of its parts in today's files; `states` are those before and after it."""
    old, new = states
    brought = change.commit.id if change.commit is not None else None
    hunks: list[BlamedHunk] = []
    files: list[BlamedFile] = []
    exact: list[Hunk] = []
    for unit in guilty:
        hunk = unit if isinstance(unit, Hunk) else _as_hunk(unit, old, new)
        if hunk is None:
            assert isinstance(unit, FileUnit)
            was = unit.old if unit.change == "renamed" else None
            files.append(BlamedFile(unit.path, unit.change, was))
            continue
        now, is_whole = in_todays(hunk, new.get(hunk.path) or b"", today.get(hunk.path))
        first, last = now.lines if now is not None else (None, None)
        hunks.append(BlamedHunk(hunk.path, first, last, brought))
        if now is not None and is_whole:
            exact.append(now)
    found = replace(change, hunks=tuple(hunks), files=tuple(files))
    paths = {hunk.path for hunk in exact}
    if len(exact) < len(guilty) or len(paths) != 1 or not (path := paths.pop()).endswith(".py"):
        return Blamed(found, None)
    edits = reverting(old.get(path) or b"", today[path], exact)
    first = exact[0].lines[0]
    title = f"take back the change at line {first}, after {change.revision}"
    return Blamed(found, Candidate(SourceFile(path, today[path]), edits, TAKE_BACK, first, title, 1.0))


def _as_hunk(unit: FileUnit, old: State, new: State) -> Hunk | None:
    """From the first to the last changed line of a data file; None for what has no lines."""
    before, after = old.get(unit.path) or b"", new.get(unit.path) or b""
    if unit.change != "changed" or b"\0" in before or b"\0" in after:
        return None
    was, now = before.splitlines(), after.splitlines()
    least = min(len(was), len(now))
    first = next((at for at in range(least) if was[at] != now[at]), least)
    same = next((at for at in range(least - first) if was[-1 - at] != now[-1 - at]), least - first)
    return Hunk(unit.path, (first, len(was) - same), (first, len(now) - same))


def in_todays(hunk: Hunk, then: bytes, now: bytes | None) -> tuple[Hunk | None, bool]:
    """The hunk with its lines as they are numbered today, and whether they are all there; None where none of them is."""
    if now is None:
        return None, False
    if then == now:
        return hunk, True
    matcher = SequenceMatcher(None, then.splitlines(), now.splitlines(), autojunk=False)
    today = {
        block.a + offset: block.b + offset for block in matcher.get_matching_blocks() for offset in range(block.size)
    }
    first, last = hunk.new
    if first == last:  # what was only removed lies between two lines
        below, above = today.get(first), today.get(first - 1, -1 if first == 0 else None)
        if below is None and above is None:
            return None, False
        at = below if below is not None else (above or 0) + 1
        return replace(hunk, new=(at, at)), below is not None and above == below - 1
    kept = [today[line] for line in range(first, last) if line in today]
    if not kept:
        return None, False
    found = replace(hunk, new=(kept[0], kept[-1] + 1))
    return found, len(kept) == last - first == kept[-1] + 1 - kept[0]

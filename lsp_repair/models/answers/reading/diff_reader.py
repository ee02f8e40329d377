"""Unified diffs in all the ways that models write them, and the patches of `apply_patch`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_repair.models.answers.changes import Change, Code, Dropped, Place, Reply, Swap
from lsp_repair.models.answers.reading.fences import fences_of
from lsp_repair.models.answers.reading.reply_paths import bare_path, comment_path, named_above, path_in_info, resolved

_NUMBERS = re.compile(r"@@+\s*-(\d{1,7})(?:,\d{1,7})?\s+\+\d{1,7}(?:,\d{1,7})?\s*@@+(.*)")
_HEADER = re.compile(r"@@+(?:[^@]{0,200}@@+)?(.*)")
_FILE = re.compile(r"\*\*\*\s+(Update|Add|Delete)\s+File:\s*(.+)")
_GIT = re.compile(r"diff --git (?:a/)?(\S+) (?:b/)?(\S+)")
_NOISE = re.compile(
    r"(?:index [0-9a-f]+\.\.|(?:new|deleted|old) (?:file )?mode |similarity index|rename (?:from|to) |Index: |={20,}$)"
)
_DIFF_LANGUAGES = frozenset({"diff", "patch", "udiff", "unidiff", "git"})
_HEREDOC = re.compile(r"^[^+\- ].{0,80}<<-?\s*['\"]?(\w{2,20})['\"]?\s*$")
_FLUSH = re.compile(r"(?:async def|def|class|import|from|if|for) |[@#]|[)\]}]+[,:]?\s*$")
_ELIDED = re.compile(r"\s*(?:\.{3}|\u2026)\s*")


@dataclass(slots=True)
class _Hunk:
    """Lines under one header, as they are written."""

    place: Place
    lines: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _Scan:
    """The state of reading."""

    reply: Reply
    hunks: list[_Hunk] = field(default_factory=list[_Hunk])
    dropped: list[Dropped] = field(default_factory=list[Dropped])
    path: str = ""
    sure: bool = False
    current: _Hunk | None = None

    def named(self, path: str, *, sure: bool = True) -> None:
        """From here on, hunks are this file's."""
        self.path, self.sure, self.current = path, sure, None

    def begin(self, line: int = 0, inside: str = "") -> None:
        """The next lines are a hunk."""
        self.current = _Hunk(Place(self.path, self.sure, line, inside.strip()))
        self.hunks.append(self.current)


def read_diffs(reply: Reply) -> Sequence[Change | Dropped]:
    """All hunks; numbers are hints, since models cannot count."""
    scan = _Scan(reply)
    fences = fences_of(reply)
    fenced = {at: each for each in fences for at in (each.first,)}
    at = 0
    while at < len(reply.lines):
        fence = fenced.get(at)
        if fence is not None:
            path = path_in_info(fence.info)
            place = Place(path) if path else named_above(fence.above, reply.known)
            if place.path:
                scan.named(place.path, sure=place.sure)
            _read(scan, fence.lines, in_fence=True, is_diff=fence.language in _DIFF_LANGUAGES)
            if reply.cut and not fence.closed:
                scan.current = scan.hunks.pop() if scan.hunks else None
            scan.current = None
            at = fence.last + 1
            continue
        end = next((start for start in sorted(fenced) if start > at), len(reply.lines))
        _read(scan, reply.lines[at:end], in_fence=False, is_diff=False)
        if reply.cut and end == len(reply.lines) and scan.current is not None and scan.hunks:
            scan.hunks.pop()
        scan.current = None
        at = end
    return [*scan.dropped, *(change for each in scan.hunks for change in _changes(each))]


def _read(scan: _Scan, lines: Sequence[str], *, in_fence: bool, is_diff: bool) -> None:
    """Read one fence, or one part of a reply between fences."""
    has_headers = any(each.startswith(("@@", "*** ")) for each in lines)
    if in_fence and not has_headers and (is_diff or _is_signed(lines)):
        _headless(scan, lines)
        return
    if not has_headers:
        return
    words = {found[1] for each in lines if (found := _HEREDOC.search(each))}
    for at, line in enumerate(lines):
        after = lines[at + 1] if at + 1 < len(lines) else ""
        if line.strip() in words:
            scan.current = None
        elif not _is_header(scan, line, after, lines[at - 1] if at else ""):
            _take(scan, line, in_fence=in_fence)


def _is_signed(lines: Sequence[str]) -> bool:
    """Whether every line has a sign or a space in front, as nothing but a diff has."""
    written = [each for each in lines if each.strip()]
    minus, plus = (sum(each.startswith(sign) for each in written) for sign in "-+")
    return (
        bool(minus or plus)
        and minus + plus < len(written)
        and all(each[0] in "+- \t" for each in written)
        and all(
            not each[1:2] or each[1] in " \t" or each[1].isidentifier() or each[1] in "@#\"'([{)]}"
            for each in written
            if each[0] in "+-"
        )
    )


def _is_header(scan: _Scan, line: str, after: str, before: str) -> bool:
    """Take note of a line that is no part of a hunk's text."""
    return (
        _names_file(scan, line, after, before)
        or _begins_hunk(scan, line)
        or (scan.current is None and bool(_NOISE.match(line)))
    )


def _names_file(scan: _Scan, line: str, after: str, before: str) -> bool:
    if found := _FILE.fullmatch(line.strip()):
        scan.named(found[2].strip())
        if found[1] == "Update":
            scan.begin()
        else:
            scan.dropped.append(Dropped(found[2].strip(), "files are neither added nor deleted"))
    elif line.startswith(("*** Begin Patch", "*** End Patch", "*** End of File", "*** Move to")) or (
        line.startswith("--- ") and after.startswith("+++ ")
    ):
        scan.current = None
    elif found := _GIT.fullmatch(line):
        scan.named(found[2])
    elif line.startswith("+++ ") and before.startswith("--- "):
        scan.named(_of_two(_file_of(before), _file_of(line), scan.reply.known))
    elif line.startswith("Index: ") and after.startswith("====="):
        scan.named(line[7:].strip())
    else:
        return False
    return True


def _of_two(old: str, new: str, known: Sequence[str]) -> str:
    """The file that a diff is about: the new name, unless only the old one is known."""
    is_old = new == "/dev/null" or (old not in {new, "/dev/null"} and resolved(new, known) is None)
    return old if is_old else new


def _begins_hunk(scan: _Scan, line: str) -> bool:
    if found := _NUMBERS.fullmatch(line.strip()):
        scan.begin(int(found[1]), found[2])
        return True
    found = _HEADER.fullmatch(line) if line.startswith("@@") else None
    if found is not None:
        inside, last = found[1].strip(" ."), scan.current
        further = last is not None and not last.lines and last.place.inside
        scan.begin(inside=f"{further}\n{inside}" if further else inside)
    return found is not None


def _file_of(line: str) -> str:
    """The path in a `---` or `+++` line."""
    return line[4:].split("\t", maxsplit=1)[0].strip().strip('"')


def _take(scan: _Scan, line: str, *, in_fence: bool) -> None:
    """A line that may belong to the current hunk."""
    if scan.current is None:
        if not in_fence and (path := bare_path(line)):
            scan.named(path)
        elif line.strip() and not in_fence and not line.startswith(("+", "-", " ")):
            place = named_above([line], scan.reply.known)
            if place.path:
                scan.named(place.path, sure=place.sure)
        return
    if in_fence or not line or line[0] in "+- \\\t" or not scan.current.lines:
        scan.current.lines.append(line)
        return
    if _FLUSH.match(line):
        scan.current.lines.append(line)
        return
    scan.current = None
    _take(scan, line, in_fence=in_fence)


def _headless(scan: _Scan, lines: Sequence[str]) -> None:
    """A fence that says it is a diff and holds nothing but signed lines, under a path perhaps."""
    if not any(each.startswith(("+", "-")) and not each.startswith(("+++ ", "--- ")) for each in lines):
        return
    for at, line in enumerate(lines):
        after = lines[at + 1] if at + 1 < len(lines) else ""
        if _is_header(scan, line, after, lines[at - 1] if at else ""):
            continue
        path = comment_path(line) or (bare_path(line) if scan.current is None else "")
        if scan.current is None and path:
            scan.named(path)
            continue
        if scan.current is None:
            if not line.strip():
                continue
            scan.begin()
        if scan.current is not None:
            scan.current.lines.append(line)


def _changes(hunk: _Hunk) -> list[Change | Dropped]:
    lines = list(hunk.lines)
    while lines and not lines[-1].strip():
        lines.pop()
    lines = [each for each in lines if not each.startswith("\\ ")]
    if not any(each.startswith(("+", "-")) for each in lines):
        return []
    old, new = _sides(lines, keep=False)
    raw = _sides(lines, keep=True)
    if not any(each.strip() for each in old):
        return [Code(hunk.place, new)] if any(each.strip() for each in new) else []
    lost = any(each and each[0] not in "+- \\\t@" and not _ELIDED.fullmatch(each) for each in lines)
    first, second = (raw, (old, new)) if lost else ((old, new), raw)
    return [Swap(hunk.place, *first, spare=second if second != first else None)]


def _sides(lines: Sequence[str], *, keep: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Old and new lines; `keep`: the space in front of context lines is text, since it was left out."""
    old: list[str] = []
    new: list[str] = []
    for line in lines:
        if line.startswith("-"):
            old.append(line[1:])
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            text = line[1:] if line.startswith(" ") and not keep else line
            old.append(text)
            new.append(text)
    return tuple(old), tuple(new)

"""Search/replace blocks: read from a reply, applied only to files that were shown."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.redaction import Redactor
from lsp_repair.models.excerpts import FileView, line_for_line
from lsp_repair.models.sanitising import visible, without_thinking

_HEAD = re.compile(r"([ \t]*)<{5,9} ?SEARCH:?\s*")
_MIDDLE = re.compile(r"([ \t]*)={5,9}\s*")
_TAIL = re.compile(r"([ \t]*)>{5,9} ?REPLACE\s*")
Spans = Sequence[tuple[int, int]]
"""First and last line, 1-based, of what was shown of a file."""
NOWHERE: Mapping[str, Spans] = {}
_MAX_BLOCKS = 12
_MAX_LINES = 400
_MAX_CHARACTERS = 200_000
_SAID = 120
"""Characters of a line that a message quotes."""


@dataclass(frozen=True, slots=True)
class Block:
    """One change."""

    path: str
    search: tuple[str, ...]
    replace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a reply cannot be applied, in words that help the model."""

    problem: str


def read_blocks(reply: str) -> tuple[Block, ...] | Mismatch:
    """All blocks of a reply; text around them is ignored."""
    if len(reply) > _MAX_CHARACTERS:
        return Mismatch("the reply is far too long")
    lines = without_thinking(reply).replace("\r\n", "\n").split("\n")
    blocks: list[Block] = []
    at = 0
    path = ""
    while at < len(lines):
        if not _HEAD.fullmatch(lines[at]):
            path = _path_in(lines[at]) or path
            at += 1
            continue
        ends = _ends(lines, at)
        if ends is None:
            return Mismatch("a block has no ======= or no >>>>>>> REPLACE line")
        middle, tail = ends
        blocks.append(Block(path, tuple(lines[at + 1 : middle]), tuple(lines[middle + 1 : tail])))
        at = tail + 1
    if not blocks:
        return Mismatch("the reply contains no block")
    size = max(sum(len(each.search) for each in blocks), sum(len(each.replace) for each in blocks))
    if len(blocks) > _MAX_BLOCKS or size > _MAX_LINES:
        return Mismatch("the reply changes far too much")
    return tuple(blocks)


def _ends(lines: Sequence[str], head: int) -> tuple[int, int] | None:
    """The middle and the last line of the block that begins here.

    Its marks are indented alike: an underlined heading in a docstring, or blocks that are themselves code, are none. Of
    marks of several lengths the one as long as the first is meant.
    """
    tail = _find(_TAIL, lines, (head + 1, len(lines)), lines[head])
    if tail is None or _find(_HEAD, lines, (head + 1, tail), lines[head]) is not None:
        return None
    middle = _find(_MIDDLE, lines, (head + 1, tail), lines[head])
    return (middle, tail) if middle is not None else None


def _find(pattern: re.Pattern[str], lines: Sequence[str], among: tuple[int, int], head: str) -> int | None:
    alike: int | None = None
    for at in range(*among):
        found = pattern.fullmatch(lines[at])
        if found and found[1] == head[: len(head) - len(head.lstrip())]:
            if _length(lines[at]) == _length(head) or pattern is not _MIDDLE:
                return at
            alike = at if alike is None else alike
    return alike


def _length(mark: str) -> int:
    """How often a mark repeats its sign."""
    return mark.count(mark.strip()[0])


def _path_in(line: str) -> str:
    """A line that is a path, with the decoration that models put around one."""
    bare = re.sub(r"^(?:[Ff]ile(?:name)?|[Pp]ath)[\s:`*]+", "", line.strip("`*#:'\" \t\r")).strip("`*")
    return bare if re.fullmatch(r"[^\s<>|]+\.\w{1,6}|[^\s<>|]*/[^\s<>|]+", bare) else ""


def apply_blocks(
    blocks: Sequence[Block], views: Mapping[str, FileView], redactor: Redactor, spans: Mapping[str, Spans] = NOWHERE
) -> dict[str, bytes] | Mismatch:
    """The new bytes of each changed file.

    A block is matched exactly, then without regard to spaces at line ends, then to indentation. Lines that stay as they
    were shown keep their original bytes; placeholders of secrets are put back. `spans` are the lines that were shown: of
    several places that match, one of them is meant.
    """
    changed: dict[str, _Changed] = {}
    for block in blocks:
        view = _view_of(block, views)
        if isinstance(view, Mismatch):
            return view
        known = changed.get(view.path) or _Changed(list(view.lines), view.shown, tuple(spans.get(view.path, ())))
        result = _applied(block, view, known, redactor)
        if isinstance(result, Mismatch):
            return result
        changed[view.path] = result
    encoded: dict[str, bytes] = {}
    for path, now in changed.items():
        data = _encoded(now.lines, views[path])
        if data is None:
            return Mismatch(f"{path} cannot encode these characters")
        encoded[path] = data
    return encoded


@dataclass(frozen=True, slots=True)
class _Changed:
    """A file as the blocks so far left it."""

    lines: list[str]
    shown: list[str]
    spans: tuple[tuple[int, int], ...]


def _view_of(block: Block, views: Mapping[str, FileView]) -> FileView | Mismatch:
    path = block.path.replace("\\", "/").removeprefix("./")
    if path in views:
        return views[path]
    if not path and len(views) == 1:
        return next(iter(views.values()))
    outside = path.startswith("/") or ".." in path.split("/") or ":" in path
    fitting = [view for known, view in views.items() if known.endswith(f"/{path}") or path.endswith(f"/{known}")]
    if path and not outside and len(fitting) == 1:
        return fitting[0]
    return Mismatch(f"{path[:_SAID] or 'a block'} does not name a file that was shown; these were: {', '.join(views)}")


def _applied(block: Block, view: FileView, before: _Changed, redactor: Redactor) -> _Changed | Mismatch:
    whole = list(block.search)
    search = _trimmed(whole)
    if not search:
        return Mismatch(f"the SEARCH part for {view.path} is empty: copy the lines to be replaced")
    replaced = _trimmed(block.replace)
    found = _exact(whole, before)
    if found is not None:
        search, replaced = whole, list(block.replace)
    else:
        found = _place(search, before.shown, before.spans)
    if found is None:
        near = _nearest(search, before)
        return Mismatch(
            f"these lines are not in {view.path}, or occur several times: {search[0].strip()[:_SAID]!r}{near}"
        )
    at, end = found, found + len(search)
    new = _with_indent(replaced, search, before.shown[at:end])
    kept = _kept(before.lines[at:end], before.shown[at:end], new, redactor)
    lines = [*before.lines[:at], *_ended(kept, view.carriage, last=end == len(before.lines)), *before.lines[end:]]
    return _Changed(lines, line_for_line(lines, redactor), _moved(before.spans, at, len(kept) - len(search)))


def _moved(spans: Spans, at: int, by: int) -> tuple[tuple[int, int], ...]:
    """Where shown lines are after lines were added or taken away in front of them."""
    return tuple((first + by if first - 1 > at else first, last + by if last > at else last) for first, last in spans)


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without empty lines around: models add them."""
    kept = list(lines)
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _exact(search: Sequence[str], before: _Changed) -> int | None:
    """Where the lines are, empty ones around them included."""
    meant = _meant(_places(search, before.shown), before.spans)
    return meant[0] if meant else None


def _place(search: Sequence[str], shown: Sequence[str], spans: Spans) -> int | None:
    for normal in (str, str.rstrip, str.strip):
        meant = _meant(_places([normal(each) for each in search], [normal(each) for each in shown]), spans)
        if len(meant) == 1 or (meant and normal is str):
            return meant[0]
    return None


def _places(requested: Sequence[str], lines: Sequence[str]) -> list[int]:
    size = len(requested)
    starts = range(len(lines) - size + 1)
    return [at for at in starts if lines[at] == requested[0] and list(lines[at : at + size]) == list(requested)]


def _meant(places: Sequence[int], spans: Spans) -> Sequence[int]:
    """Those among the shown lines, if any is."""
    return [at for at in places if any(first - 1 <= at < last for first, last in spans)] or places


def _with_indent(new: Sequence[str], search: Sequence[str], shown: Sequence[str]) -> Sequence[str]:
    """New lines with the indentation that the reply left out, added, or wrote in other steps or without tabs."""
    pairs = [(_indent(want), _indent(line)) for want, line in zip(search, shown, strict=True) if want.strip()]
    theirs, ours = pairs[0]
    if theirs != ours and ours.endswith(theirs):
        return [ours[: len(ours) - len(theirs)] + each if each.strip() else "" for each in new]
    if theirs != ours and theirs.endswith(ours):
        return [each.removeprefix(theirs[: len(theirs) - len(ours)]) for each in new]
    theirs, ours = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    if theirs and ours and not theirs.strip(" ") and len(set(ours)) == 1:
        return [_rescaled(each, len(theirs), ours) for each in new]
    return new


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _rescaled(line: str, theirs: int, ours: str) -> str:
    """So many spaces of theirs are as deep as ours."""
    spaces = len(line) - len(line.lstrip(" "))
    return ours[0] * (spaces * len(ours) // theirs) + line[spaces:]


def _kept(old: Sequence[str], old_shown: Sequence[str], new: Sequence[str], redactor: Redactor) -> list[str]:
    """New lines, each ended like the one it replaces, but the original of each line that did not change."""
    result: list[str] = []
    matcher = difflib.SequenceMatcher(
        None, [each.rstrip() for each in old_shown], [each.rstrip() for each in new], autojunk=False
    )
    for verb, first, last, start, end in matcher.get_opcodes():
        if verb == "equal":
            result += old[first:last]
            continue
        beside = old[first:last] or old[max(0, first - 1) : first] or old[:1]
        for at, line in enumerate(new[start:end]):
            carriage = "\r" if beside[min(at, len(beside) - 1)].endswith("\r") else ""
            result.append(redactor.restored(visible(line)) + carriage)
    return result


def _ended(lines: list[str], carriage: str, *, last: bool) -> list[str]:
    """The end of a file needs care where its last line has no line feed: others get one now, or it does no longer."""
    if not last or not carriage:
        return lines
    ended = [each if each.endswith(carriage) else each + carriage for each in lines]
    return [*ended[:-1], ended[-1].removesuffix(carriage)] if ended else ended


def _encoded(lines: Sequence[str], view: FileView) -> bytes | None:
    if view.encoding is None:
        return None
    text = "\n".join(lines)
    try:
        data = view.data[: view.encoding.mark] + text.encode(view.encoding.name)
    except UnicodeError:
        return None
    read = decoded(data)
    return data if read is not None and read[0] == text else None


def _nearest(search: Sequence[str], before: _Changed) -> str:
    """The shown line that was probably meant."""
    requested = next(each.strip()[:_SAID] for each in search if each.strip())
    spans = before.spans or [(1, len(before.shown))]
    lines = [each.strip()[:_SAID] for first, last in spans for each in before.shown[first - 1 : last] if each.strip()]
    near = difflib.get_close_matches(requested, lines[:_MAX_LINES], 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else ""

"""Search/replace blocks between marks, in all the spellings of the marks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.models.answers.changes import Change, Dropped, Place, Reply, Swap, indent_of, without_edges
from lsp_repair.models.answers.reading.reply_paths import bare_path, comment_path, named_above, path_tokens

_OLD = r"(?:SEARCH|ORIGINAL|OLD|HEAD|FIND|BEFORE|CURRENT)"
_NEW = r"(?:REPLACE|UPDATED?|NEW|AFTER|MODIFIED|REPLACEMENT|FIXED)"
_EDGE = r"([ \t]*)[*`]{0,3}"
_HEAD = re.compile(
    rf"{_EDGE}(?:(<{{3,}})[ \t]*{_OLD}(?: BLOCK)?\b:?([^<>]{{0,200}}?)>*|(<{{5,}})[ \t]*|(-{{5,}})[ \t]*SEARCH:?[ \t]*-*|\[()SEARCH\]|()(?:BEGIN|START)[ _-]{_OLD}:?|()\*{{3}} {_OLD}|()={{3,}} ?SEARCH ?={{3,}})[*`]{{0,3}}\s*",
    re.IGNORECASE,
)
_MIDDLE = re.compile(
    rf"{_EDGE}(?:(={{3,}})[ \t]*(?:{_NEW}|WITH)?[ \t]*=*>?|>{{5,}}[ \t]*{_OLD}|\[/SEARCH\]|END[ _-]{_OLD}|\*{{3}} {_NEW}|={{3,}} ?{_NEW} ?={{3,}})[*`]{{0,3}}\s*",
    re.IGNORECASE,
)
_SECOND = re.compile(
    rf"{_EDGE}(?:<{{5,}}[ \t]*{_NEW}:?|\[REPLACE\]|(?:BEGIN|START)[ _-]{_NEW}:?)[*`]{{0,3}}\s*", re.IGNORECASE
)
_TAIL = re.compile(
    rf"{_EDGE}(?:>{{3,}}[ \t]*[\w./-]*[ \t]*(?:BLOCK)?:?|<{{5,}}[ \t]*/?(?:{_NEW}|END)[ \t]*>*|\+{{5,}}[ \t]*{_NEW}:?|{_NEW}[ \t]*>{{3,}}|\[/REPLACE\]|END[ _-]{_NEW}|\*{{3}} END.{{0,20}}|={{3,}} ?END ?={{3,}})[*`]{{0,3}}\s*",
    re.IGNORECASE,
)
_COMMENTED_HEAD = re.compile(r"[ \t]*# ?<{5,} ?SEARCH", re.IGNORECASE)
_COMMENTED = re.compile(r"^([ \t]*)# ?(<{5,}.*|={7,}|>{5,}.*)$")
_BASE = re.compile(r"[ \t]*\|{5,}.*")
_START_LINE = re.compile(r"\s*:(start|end)_line:\s*(\d{1,7})\s*")
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[^`]*")


@dataclass(frozen=True, slots=True)
class _Ends:
    middles: tuple[int, ...]
    """Lines at which the old part may end, the likeliest first."""
    tail: int
    """The first line that is no longer part of the block."""
    after: int
    """Where reading goes on."""
    is_closed: bool
    has_tail: bool = False
    """Whether the last mark is there."""


def read_blocks(reply: Reply) -> Sequence[Change | Dropped]:
    """All blocks; the last path that was named stays until there is another one."""
    found: list[Change | Dropped] = []
    lines, at = _uncommented(reply.lines), 0
    above: list[str] = []
    path = Place()
    while at < len(lines):
        head = _HEAD.fullmatch(lines[at])
        if head is None:
            above += [lines[at]] if lines[at].strip() else []
            at += 1
            continue
        place = _place(head, above, reply) or Place(path.path, sure=False)
        path, above = place, []
        ends = _ends(lines, at, head)
        if ends is None or (reply.cut and not ends.is_closed):
            found.append(
                Dropped(
                    f"a block{f' for {place.path}' if place.path else ''}",
                    "it has no ======= or no >>>>>>> REPLACE line",
                )
            )
            at += 1
            continue
        found.append(_swap(lines, at, ends, place))
        at = ends.after
    return found


def _uncommented(lines: tuple[str, ...]) -> tuple[str, ...]:
    """With marks as marks, where some write them as comments of Python."""
    if not any(_COMMENTED_HEAD.match(each) for each in lines):
        return lines
    return tuple(_COMMENTED.sub(r"\1\2", each) for each in lines)


def _place(head: re.Match[str], above: Sequence[str], reply: Reply) -> Place | None:
    """What the mark itself or the nearest lines above it name."""
    tokens = path_tokens(head[3] or "")
    if tokens:
        return Place(tokens[0])
    lines = [_info(each) for each in above]
    found = named_above([each for each in lines if each.strip()], reply.known)
    return found if found.path else None


def _info(line: str) -> str:
    """Of a line that opens a fence only what it says beside the language."""
    if not _FENCE.fullmatch(line):
        return line
    tokens = path_tokens(line)
    return tokens[0].split(":")[-1] if len(tokens) == 1 else ""


def _length(mark: str) -> int:
    """How often a mark repeats its sign."""
    bare = mark.strip(" \t*`")
    return len(bare) - len(bare.lstrip(bare[0])) if bare else 0


def _ends(lines: Sequence[str], head: int, found: re.Match[str]) -> _Ends | None:
    """Where the parts of the block that begins here end.

    Its marks are indented alike: an underlined heading in a docstring, or blocks that are themselves code, are none. Of
    marks of several lengths the one as long as the first is meant.
    """
    indent, wordless = found[1], found[4] is not None
    middles: list[int] = []
    base: int | None = None
    for at in range(head + 1, len(lines)):
        line = lines[at]
        if indent_of(line) != indent:
            continue
        if _is_middle(lines, at, middles):
            middles.append(at)
        elif base is None and not middles and _BASE.fullmatch(line):
            base = at
        elif middles and _SECOND.fullmatch(line) and at == middles[-1] + 1:
            continue
        elif middles and _closes(line):
            return _Ends(_likeliest(lines, head, middles, base), at, at + 1, is_closed=True, has_tail=True)
        elif _HEAD.fullmatch(line) or (not middles and _TAIL.fullmatch(line)):
            return _unclosed(lines, head, at, middles) if middles and not wordless else None
    return _unclosed(lines, head, len(lines), middles) if middles and not wordless else None


def _is_middle(lines: Sequence[str], at: int, before: Sequence[int]) -> bool:
    """Whether the old part ends here; a second `>>>>>>> SEARCH` ends the block, unless another part begins behind it."""
    if not _MIDDLE.fullmatch(lines[at]):
        return False
    is_end = lines[at].lstrip(" \t*`").startswith(">")
    return not is_end or not before or (at + 1 < len(lines) and bool(_SECOND.fullmatch(lines[at + 1])))


def _closes(line: str) -> bool:
    return bool(_TAIL.fullmatch(line)) and not (
        line.strip().startswith(">>>") and _length(line) == 3 and line.strip() == ">>>"
    )


def _likeliest(lines: Sequence[str], head: int, middles: Sequence[int], base: int | None) -> tuple[int, ...]:
    if base is not None:
        return (base, middles[0])
    size = _length(lines[head])
    return tuple(sorted(middles, key=lambda at: (_length(lines[at]) != size, at)))


def _unclosed(lines: Sequence[str], head: int, end: int, middles: Sequence[int]) -> _Ends:
    """A block without its last mark ends with the fence around it, or where the next one is announced."""
    ordered = _likeliest(lines, head, middles, None)
    fence = next((at for at in range(ordered[0] + 1, end) if _FENCE.fullmatch(lines[at])), None)
    if fence is not None and lines[fence].strip().strip("`~") == "":
        return _Ends(ordered, fence, fence, is_closed=True)
    tail = end
    while tail > ordered[0] + 1 and (
        not lines[tail - 1].strip()
        or (end < len(lines) and (_FENCE.fullmatch(lines[tail - 1]) or bare_path(lines[tail - 1])))
    ):
        tail -= 1
    return _Ends(ordered, tail, tail, is_closed=end < len(lines))


def _swap(lines: Sequence[str], head: int, ends: _Ends, place: Place) -> Swap:
    parts = list(_parts(lines, head, ends))
    old, new = parts[0]
    line, old = _start_line(old)
    old, new = _unfenced(old), _unfenced(new)
    named = comment_path(old[0]) if old else ""
    if named and new and comment_path(new[0]) == named:
        place, old, new = Place(named), old[1:], new[1:]
    return Swap(Place(place.path, place.sure, line), old, new, parts[1] if len(parts) > 1 else None, ends.has_tail)


def _parts(lines: Sequence[str], head: int, ends: _Ends) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    if _BASE.fullmatch(lines[ends.middles[0]]):
        yield tuple(lines[head + 1 : ends.middles[0]]), tuple(lines[ends.middles[1] + 1 : ends.tail])
        return
    for middle in ends.middles:
        start = middle + 1
        if start < ends.tail and _SECOND.fullmatch(lines[start]):
            start += 1
        old, new = tuple(lines[head + 1 : middle]), tuple(lines[start : ends.tail])
        yield old, new if ends.has_tail else _ended_like(old, new)


def _ended_like(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Without its last mark, a part has as many empty lines at its end as the one before it."""
    written, empty = list(new), 0
    while written and not written[-1].strip():
        written.pop()
    while empty < len(old) and not old[-1 - empty].strip():
        empty += 1
    return (*written, *("",) * empty) if written else ()


def _start_line(lines: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The line that some write below the first mark, and the old part after it."""
    line, at = 0, 0
    while at < len(lines) and (found := _START_LINE.fullmatch(lines[at])):
        line = int(found[2]) if found[1] == "start" else line
        at += 1
    if at and at < len(lines) and re.fullmatch(r"\s*-{5,}\s*", lines[at]):
        at += 1
    return line, lines[at:]


def _unfenced(lines: tuple[str, ...]) -> tuple[str, ...]:
    """A part without the fence that some put around it."""
    inner = without_edges(lines)
    if len(inner) >= 2 and _FENCE.fullmatch(inner[0]) and inner[-1].strip() == inner[0].strip()[:3]:
        return inner[1:-1]
    return lines

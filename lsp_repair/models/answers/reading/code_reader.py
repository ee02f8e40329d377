"""Whole definitions, classes and files: fenced, or bare between words."""

import re
from collections.abc import Sequence

from lsp_repair.models.answers.changes import Change, Code, Dropped, Lines, Place, Reply
from lsp_repair.models.answers.reading.fences import Fence, fences_of, outside
from lsp_repair.models.answers.reading.labels import Label, label_above
from lsp_repair.models.answers.reading.pair_reader import is_code, place_of
from lsp_repair.models.answers.reading.reply_paths import bare_path, named_above, path_in_info, split_head

_BEGINS = re.compile(
    r"(?:async def|def|class) [A-Za-z_]\w*|@[A-Za-z_][\w.]*(?:\(.*)?$|(?:import|from) [A-Za-z_.][\w.]*(?: import .*| as .*|, .*)?$|[A-Z_][A-Z0-9_]* = |\"\"\""
)
_GOES_ON = re.compile(
    r"\s*$|[ \t]|[)\]}#@]|(?:async|def|class|import|from|if|else|elif|for|while|with|try|except|finally|return|raise|assert|global|\"\"\"|'''|[A-Za-z_]\w*(?:[.([]| = | *[+*/-]= |: \w.* = ))"
)
_RANGE = re.compile(
    r"\b(?:lines?|zeilen?|lignes?|l[i\u00ed]neas?|\u884c|\u7b2c)\s*(\d{1,6})(?:\s*(?:-|\u2013|to|through|and|bis|\u00e0|\u5230)\s*(\d{1,6}))?",
    re.IGNORECASE,
)


def read_code(reply: Reply) -> Sequence[Change | Dropped]:
    """Every piece of code but what is called old or an example; without any fence the lines that look like code."""
    fences = fences_of(reply)
    if not fences:
        return _bare(reply)
    found: list[Change | Dropped] = []
    last = Place()
    for each in fences:
        if not is_code(each, reply):
            continue
        place = place_of(each, reply)
        last = place if place.path else Place(last.path, sure=False)
        if label_above(each) not in {Label.OLD, Label.NEITHER} or path_in_info(each.info):
            found.append(Code(last, split_head(each.lines)[1]))
    return found


def read_ranges(reply: Reply) -> Sequence[Change | Dropped]:
    """Pieces for lines that are told by their numbers."""
    found: list[Change | Dropped] = []
    for each in fences_of(reply):
        numbers = _numbers(each)
        if numbers is not None and is_code(each, reply) and label_above(each) not in {Label.OLD, Label.NEITHER}:
            place, lines = place_of(each, reply), split_head(each.lines)[1]
            found.append(Lines(place, *numbers, lines))
    return found


def _numbers(fence: Fence) -> tuple[int, int] | None:
    for line in reversed(fence.above[-2:]):
        ranges = list(_RANGE.finditer(line[:300]))
        if len(ranges) == 1:
            first = int(ranges[0][1])
            return first, int(ranges[0][2] or first)
    return None


def _bare(reply: Reply) -> Sequence[Change | Dropped]:
    """Code that stands in the reply as it is, each piece under the path above it."""
    found: list[Change | Dropped] = []
    above: list[str] = []
    lines = outside(reply, ())
    at = 0
    while at < len(lines):
        line = lines[at][1]
        if not _BEGINS.match(line) or bare_path(line):
            above += [line] if line.strip() else []
            at += 1
            continue
        end = at + 1
        while end < len(lines) and _GOES_ON.match(lines[end][1]) and not bare_path(lines[end][1]):
            end += 1
        if not (reply.cut and end == len(lines)):
            found.append(Code(named_above(above, reply.known), tuple(each for _, each in lines[at:end])))
        above, at = [], end
    return found

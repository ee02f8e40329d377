"""What stands there and what shall stand there, each in a piece of its own: labelled, or told by the words between."""

import difflib
import re
from collections.abc import Iterator, Sequence

from lsp_repair.models.answers.changes import Change, Dropped, Place, Reply, Swap, indent_of, without_edges
from lsp_repair.models.answers.reading.fences import Fence, fences_of
from lsp_repair.models.answers.reading.labels import Label, label_above
from lsp_repair.models.answers.reading.reply_paths import bare_path, named_above, path_in_info, split_head

_CODE = frozenset(
    {
        "",
        "python",
        "py",
        "python3",
        "pyi",
        "text",
        "txt",
        "plaintext",
        "code",
        "search",
        "old",
        "before",
        "original",
        "find",
        "replace",
        "new",
        "after",
        "updated",
        "fixed",
    }
)
_COMMENT = re.compile(
    r"\s*#+\s*(?:-+\s*)?(before|old(?: code)?|original(?: code)?|current(?: code)?|buggy|wrong|after|new(?: code)?|fixed|updated|corrected)(?: \w+)?\s*[:-]*\s*",
    re.IGNORECASE,
)
_NEW_COMMENT = re.compile(r"\s*#+\s*(?:-+\s*)?(?:after|new|fixed|updated|corrected)", re.IGNORECASE)
_KEY = re.compile(
    r"([ \t]*(?:- )?)[\"'*]{0,3}(file(?:name|_?path)?|path|search|find|old(?:_?(?:code|str|string|text|lines))?|original|before|replace(?:ment|_with| with)?|new(?:_?(?:code|str|string|text|lines))?|updated|after|end(?=\s*$))[\"'*]{0,3}[ \t]*(?::|$|=(?=\s*(?:'''|\"\"\"|[\"']\S+[\"']\s*$)))[*]{0,2}[ \t]*([|>][+-]?\d?|'''|\"\"\"|)[ \t]*(.*)",
    re.IGNORECASE,
)
_OLD_KEY = re.compile(r"search|find|old|original|before", re.IGNORECASE)
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[\w+-]*[ \t]*")
_LIKE = 0.45
_MAX_KEYS = 150


def is_code(fence: Fence, reply: Reply) -> bool:
    """Whether a piece may hold Python."""
    return (fence.language in _CODE or bool(path_in_info(fence.info))) and (fence.closed or not reply.cut)


def place_of(fence: Fence, reply: Reply) -> Place:
    """Where a piece says that it belongs: in its info string, its first line, or above it."""
    path = path_in_info(fence.info) or split_head(fence.lines)[0]
    return Place(path) if path else named_above(fence.above, reply.known)


def read_pairs(reply: Reply) -> Sequence[Change | Dropped]:
    """Pairs whose parts are called old and new."""
    fences = [each for each in fences_of(reply) if is_code(each, reply)]
    found: list[Change | Dropped] = []
    last = Place()
    for at, each in enumerate(fences):
        place = place_of(each, reply)
        last = place if place.path else Place(last.path, sure=False)
        inner = _inside(each, last)
        if inner is not None:
            found.append(inner)
        elif at + 1 < len(fences) and label_above(each) is Label.OLD and label_above(fences[at + 1]) is Label.NEW:
            pair = _pair(each, fences[at + 1], last)
            found += [pair] if not _brings_imports(pair) else []
    return found


def read_loose_pairs(reply: Reply) -> Sequence[Change | Dropped]:
    """Two pieces in a row that are alike; that the first one stands in the code is for the matching to find."""
    fences = [each for each in fences_of(reply) if is_code(each, reply)]
    found: list[Change | Dropped] = []
    for before, after in zip(fences[::2], fences[1::2], strict=False):
        one, two = "\n".join(before.lines), "\n".join(after.lines)
        labels = {label_above(before), label_above(after)}
        alike = len(one) + len(two) < 8_000 and difflib.SequenceMatcher(None, one, two, autojunk=False).ratio() >= _LIKE
        if (
            labels <= {Label.NONE, Label.NEW, Label.OLD}
            and label_above(before) is not Label.NEW
            and label_above(after) is not Label.OLD
            and alike
        ):
            found.append(_pair(before, after, place_of(before, reply)))
    return found if len(fences) % 2 == 0 else []


def _pair(before: Fence, after: Fence, place: Place) -> Swap:
    return Swap(place, split_head(before.lines)[1], split_head(after.lines)[1])


def _brings_imports(pair: Swap) -> bool:
    """Whether new definitions come with imports, which do not belong in front of them."""
    known = {each.strip() for each in pair.old}
    if not any(each.startswith(("def ", "class ", "async def ")) for each in pair.new):
        return False
    return any(each.startswith(("import ", "from ")) and each.strip() not in known for each in pair.new)


def _inside(fence: Fence, place: Place) -> Swap | None:
    """Both parts in one piece, under comments that name them."""
    marks = [at for at, line in enumerate(fence.lines) if _COMMENT.fullmatch(line)]
    if len(marks) != 2:
        return None
    first, second = marks
    if _NEW_COMMENT.match(fence.lines[first]) or not _NEW_COMMENT.match(fence.lines[second]):
        return None
    return Swap(place, without_edges(fence.lines[first + 1 : second]), without_edges(fence.lines[second + 1 :]))


def read_sections(reply: Reply) -> Sequence[Change | Dropped]:
    """Parts under keys with a colon (`SEARCH:` … `REPLACE:`), as in YAML or in plain words."""
    keys = [(at, found) for at, line in enumerate(reply.lines) if len(line) < 300 and (found := _KEY.fullmatch(line))]
    return list(_sections(reply, keys)) if 1 < len(keys) <= _MAX_KEYS else []


def _sections(reply: Reply, keys: Sequence[tuple[int, re.Match[str]]]) -> Iterator[Change | Dropped]:
    place, old = Place(), tuple[str, ...]()
    for number, (at, key) in enumerate(keys):
        end = keys[number + 1][0] if number + 1 < len(keys) else len(reply.lines)
        name = key[2].lower()
        if name.startswith(("file", "path")):
            place = Place(bare_path(key[4]) or key[4].strip("`\"' "))
            continue
        content = _content(reply, key, at, end)
        if content is None or name == "end" or (reply.cut and number + 1 == len(keys)):
            old = ()
        elif _OLD_KEY.match(name):
            above = named_above([each for each in reply.lines[max(0, at - 4) : at] if each.strip()], reply.known)
            place = above if above.path else place
            old = content
        elif old:
            shared = min((len(indent_of(each)) for each in (*old, *content) if each.strip()), default=0)
            yield Swap(place, tuple(each[shared:] for each in old), tuple(each[shared:] for each in content))
            old = ()


def _content(reply: Reply, key: re.Match[str], at: int, end: int) -> tuple[str, ...] | None:
    """What stands under a key: a fence's content, an indented text, or what stands behind the colon."""
    lines = list(reply.lines[at + 1 : end])
    if key[4].strip():
        return (key[4].strip().strip("`").strip('"'),) if not any(each.strip() for each in lines) else None
    while lines and not lines[0].strip() and not key[3]:
        lines.pop(0)
    if lines and _FENCE.fullmatch(lines[0]):
        close = next((index for index in range(1, len(lines)) if lines[index].strip() == lines[0].strip()[:3]), None)
        return tuple(lines[1:close]) if close is not None else None
    if key[3] in {"'''", '"""'}:
        close = next((index for index, each in enumerate(lines) if each.strip() == key[3]), None)
        return tuple(lines[:close]) if close is not None else None
    if key[3]:
        lines = [each for each in lines if not each.strip() or len(indent_of(each)) > len(key[1].replace("- ", ""))]
        return without_edges(lines)
    while lines and (bare_path(lines[-1]) or _FENCE.fullmatch(lines[-1]) or not lines[-1].strip()):
        lines.pop()
    return tuple(lines)

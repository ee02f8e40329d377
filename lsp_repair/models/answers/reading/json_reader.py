"""Edits written as JSON, also where it is not quite JSON, and the arguments of tool calls."""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import json_repair

from lsp_repair.models.answers.changes import Change, Dropped, Place, Reply
from lsp_repair.models.answers.reading.edit_roles import RoleOf, change_of, role_of, text_of
from lsp_repair.models.answers.reading.fences import fences_of
from lsp_repair.models.answers.reading.nested_answers import nested_changes
from lsp_repair.models.answers.reading.reply_paths import path_tokens, resolved

_START = re.compile(r"^[ \t]*(?=[\[{])|(?<=>)(?=[\[{])|(?<=: )(?=\{)|(?<=\) )(?=\{)", re.MULTILINE)
_MAX_STARTS = 100
_MAX_DEPTH = 40
_MAX_TEXT = 100_000
_MAX_REPAIRED = 40_000
_MAX_LEVELS = 10
_DECODER = json.JSONDecoder(strict=False)
_Object = Mapping[str, object]


def read_json(reply: Reply) -> Sequence[Change | Dropped]:
    """The edits of every document in a reply; what had to be mended counts only where no text was lost in that."""
    documents = list(_documents(reply))
    found = [change for each in documents for change in _changes(each, Place(), reply, 0)]
    if found or reply.cut:
        return found
    for text in _candidates(reply):
        mended = _mended(text)
        found += [change for change in _changes(mended, Place(), reply, 0) if _whole(change, text)]
    return found


def _documents(reply: Reply) -> Iterator[object]:
    """Everything that is JSON as it stands, the outermost first."""
    text = reply.text[:_MAX_TEXT]
    done, tries = 0, 0
    for start in _START.finditer(text):
        at = start.end()
        if at < done or _depth(text[at : at + 2_000]) > _MAX_DEPTH:
            continue
        tries += 1
        if tries > _MAX_STARTS:
            return
        try:
            document, done = _decoded(text, at)
        except (ValueError, RecursionError):
            continue
        yield document


def _decoded(text: str, at: int) -> tuple[object, int]:
    document, end = _DECODER.raw_decode(text, at)
    return cast("object", document), end


def _candidates(reply: Reply) -> Iterator[str]:
    """Text that should have been JSON."""
    fenced = [
        "\n".join(each.lines).strip()
        for each in fences_of(reply)
        if each.language in {"", "json", "json5", "jsonc", "python"}
    ]
    whole = [each for each in fenced if each.startswith(("{", "["))]
    found = re.search(r"(?:^|(?<=>))[ \t]*[\[{]", reply.text, re.MULTILINE)
    if not whole and found is not None:
        end = max(reply.text.rfind("}"), reply.text.rfind("]"))
        whole = [reply.text[found.start() : end + 1].strip()]
    for each in whole[:10]:
        if len(each) <= _MAX_REPAIRED and _depth(each) <= _MAX_DEPTH and ('"' in each or "'" in each) and ":" in each:
            yield each


def _depth(text: str) -> int:
    """How many brackets are open at most, strings not regarded."""
    depth, most = 0, 0
    for each in text:
        if each in "[{":
            depth += 1
            most = max(most, depth)
        elif each in "]}":
            depth -= 1
    return most


def _mended(text: str) -> object:
    try:
        return cast("object", ast.literal_eval(text))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        pass
    try:
        return cast("object", json_repair.loads(text))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None


def _whole(change: Change | Dropped, text: str) -> bool:
    """Whether no part of an edit ended at a quotation mark that belonged to it."""
    parts = [getattr(change, name, ()) for name in ("old", "new", "lines")]
    return all(_ended(part if isinstance(part, str) else "\n".join(part), text) for part in parts if part)


def _ended(part: str, text: str) -> bool:
    body = part.strip()
    for written in (body, json.dumps(body)[1:-1], json.dumps(body, ensure_ascii=False)[1:-1], repr(body)[1:-1]):
        at = text.find(written)
        while at >= 0 and written:
            if re.match(r"(?:\\n|\s)*[\"'`]{1,3}\s*(?:[,}\]]|\Z)", text[at + len(written) : at + len(written) + 40]):
                return True
            at = text.find(written, at + 1)
    return not body


def _changes(value: object, place: Place, reply: Reply, level: int) -> Iterator[Change | Dropped]:
    """The edits in a document; a path holds for everything below it."""
    if level > _MAX_LEVELS:
        return
    match value:
        case list():
            for each in cast("list[object]", value)[:100]:
                yield from _changes(each, place, reply, level + 1)
        case dict():
            yield from _of_object(cast("_Object", value), place, reply, level)
        case str() if "\n" in value or value.lstrip().startswith(("{", "[")):
            yield from _of_text(value, place, reply, level)
        case _:
            pass


def _of_object(value: _Object, place: Place, reply: Reply, level: int) -> Iterator[Change | Dropped]:
    parts: dict[RoleOf, str] = {}
    for name, each in value.items():
        role, text = role_of(str(name)), text_of(each)
        if role is not None and text is not None:
            parts.setdefault(role, text)
    here = Place(parts[RoleOf.PATH]) if RoleOf.PATH in parts else place
    change = change_of(parts, here)
    if change is not None:
        yield change
        return
    for name, each in value.items():
        path = name if resolved(str(name), reply.known) or path_tokens(str(name)) == [name] else ""
        text = text_of(each)
        if path and text is not None:
            whole = change_of({RoleOf.CODE: text}, Place(str(path)))
            yield from (whole,) if whole is not None else ()
        else:
            yield from _changes(each, Place(str(path)) if path else here, reply, level + 1)


def _of_text(text: str, place: Place, reply: Reply, level: int) -> Iterator[Change | Dropped]:
    """A string that is an answer by itself: a patch, blocks, or arguments written as JSON."""
    stripped = text.lstrip()
    if stripped.startswith(("{", "[")) and _depth(stripped[:2_000]) <= _MAX_DEPTH:
        try:
            document, _ = _decoded(stripped, 0)
        except (ValueError, RecursionError):
            return
        yield from _changes(document, place, reply, level + 1)
        return
    yield from nested_changes(text, place, reply)

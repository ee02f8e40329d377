"""Edits written between tags: XML of all kinds, and the tool calls that look like it."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_repair.models.answers.changes import Change, Dropped, Place, Reply
from lsp_repair.models.answers.reading.edit_roles import RoleOf, change_of, role_of
from lsp_repair.models.answers.reading.nested_answers import nested_changes
from lsp_repair.models.answers.reading.reply_paths import named_above

_TAG = re.compile(
    r"<(/?)([A-Za-z_][\w.:-]{0,40})((?:=[\w.-]{1,40}|(?:\s+[\w:-]{1,40}\s*=\s*(?:\"[^\"<>\n]{0,300}\"|'[^'<>\n]{0,300}'))*)\s*)(/?)>"
)
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)
_NAMED = frozenset({"parameter", "param", "arg", "argument", "field", "invoke", "function"})
_BY_TAG = {
    "file": RoleOf.PATH,
    "source": None,
    "line": None,
    "function": None,
    "code": RoleOf.CODE,
    "body": None,
    "from": None,
    "to": None,
    "fix": None,
}
_MAX_TAGS = 2_000


@dataclass(frozen=True, slots=True)
class _Tag:
    closes: bool
    name: str
    role: RoleOf | None
    attributes: Mapping[RoleOf, str]
    start: int
    end: int


def read_tags(reply: Reply) -> Sequence[Change | Dropped]:
    """The edits between tags; only closed ones count."""
    tags = list(_tags(reply.text))
    return list(_changes(tags, reply)) if any(each.role or each.attributes for each in tags) else []


def _tags(text: str) -> Iterator[_Tag]:
    for count, found in enumerate(_TAG.finditer(text)):
        if count >= _MAX_TAGS:
            return
        name, rest = found[2].lower(), found[3]
        label = rest.strip().removeprefix("=") if rest.startswith("=") else ""
        given = {each[1].lower(): each[2] if each[2] is not None else each[3] for each in _ATTRIBUTE.finditer(rest)}
        if name in _NAMED:
            label = label or given.pop("name", "")
        role = role_of(label) if name in _NAMED else _BY_TAG[name] if name in _BY_TAG else role_of(name)
        attributes = {role_of("path" if key == "name" else key): value for key, value in given.items()}
        known = {
            key: html.unescape(value)
            for key, value in attributes.items()
            if key in {RoleOf.PATH, RoleOf.FIRST, RoleOf.LAST}
        }
        yield _Tag(
            bool(found[1]), name, role, {key: value for key, value in known.items() if key}, found.start(), found.end()
        )


def _changes(tags: Sequence[_Tag], reply: Reply) -> Iterator[Change | Dropped]:
    """Walk through the leaves in their order: a path holds until the next one, an old part waits for its new one."""
    place, parts = Place(), dict[RoleOf, str]()
    at = 0
    while at < len(tags):
        tag = tags[at]
        end = None if tag.closes else _closing(tags, at)
        if tag.attributes and not tag.closes:
            place = Place(tag.attributes.get(RoleOf.PATH, place.path))
            parts = {**(parts if _is_part(tag) else {}), **tag.attributes}
        if end is None:
            at += 1
            continue
        inside = tags[at + 1 : end]
        text = _text(reply.text[tag.end : tags[end].start])
        role = tag.role
        if RoleOf.PATH in tag.attributes and role not in {RoleOf.OLD, RoleOf.NEW} and not _has_leaves(inside):
            yield from _whole(text, place, tag.attributes, reply)
            parts, at = {}, end + 1
            continue
        if role is None or _has_leaves(inside) or (role is RoleOf.PATH and "\n" in text.strip()):
            at += 1
            continue
        at = end + 1
        if role is RoleOf.PATH:
            place = Place(text.strip())
            parts.pop(RoleOf.OLD, None)
        elif role is RoleOf.TEXT:
            yield from nested_changes(text, place, replace(reply, cut=False))
        else:
            parts[role] = text
            if not place.path and role is RoleOf.OLD:
                above = [each for each in reply.text[: tag.start].split("\n")[-4:] if each.strip()]
                place = named_above(above, reply.known)
            change = change_of(parts, place) if role in {RoleOf.NEW, RoleOf.CODE} else None
            if change is not None:
                yield change
                parts = {}


def _is_part(tag: _Tag) -> bool:
    """Whether a tag goes on with what others began."""
    return tag.role in {RoleOf.OLD, RoleOf.NEW, RoleOf.CODE}


def _whole(text: str, place: Place, attributes: Mapping[RoleOf, str], reply: Reply) -> Iterator[Change | Dropped]:
    """A tag with a path that holds nothing but text: blocks, a patch, or code."""
    nested = list(nested_changes(text, place, replace(reply, cut=False)))
    if nested:
        yield from nested
        return
    change = change_of({**attributes, RoleOf.CODE: text}, place)
    if change is not None:
        yield change


def _closing(tags: Sequence[_Tag], at: int) -> int | None:
    """The tag that closes one; of several of a name inside each other the matching one."""
    depth = 0
    for index in range(at, min(len(tags), at + 200)):
        if tags[index].name == tags[at].name:
            depth += -1 if tags[index].closes else 1
            if depth == 0:
                return index
    return None


def _has_leaves(tags: Sequence[_Tag]) -> bool:
    return any(
        (each.role or each.attributes) and not each.closes and _closing(tags, at) is not None
        for at, each in enumerate(tags)
    )


def _text(raw: str) -> str:
    """What stands between two tags, without the line feeds beside them."""
    found = _CDATA.fullmatch(raw)
    text = found[1] if found else raw
    return text.removeprefix("\n").removesuffix("\n")

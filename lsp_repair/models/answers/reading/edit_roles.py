"""What the keys of JSON, the tags of XML and the arguments of tools are called, and the changes that they make together."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import cast

from lsp_repair.models.answers.changes import Change, Code, Lines, Place, Swap, Words, without_edges

_FENCE = re.compile(r"[ \t]*```[\w+-]*[ \t]*")


_DEFINES = re.compile(r"^[ \t]*(?:async def|def|class) \w", re.MULTILINE)


class RoleOf(Enum):
    """What a key stands for."""

    PATH = auto()
    OLD = auto()
    NEW = auto()
    CODE = auto()
    TEXT = auto()
    FIRST = auto()
    LAST = auto()


_NAMES = {
    RoleOf.PATH: "path file filepath filename fullpath relativepath relpath targetfile targetpath targetfilepath uri filetoedit absolutepath",
    RoleOf.OLD: "old oldstr oldstring oldtext oldcode oldcontent oldlines search searchtext searchblock searchstring searchcode"
    " searchcontent searchlines original originaltext originalcode originallines originalcontent find findtext before beforecode from"
    " current currentcode oldsnippet originalsnippet match buggy buggycode",
    RoleOf.NEW: "new newstr newstring newtext newcode newlines newsnippet replace replacetext replacewith replacement replacementtext"
    " replacementcode replacestring replaceblock replacecode replacecontent replacelines updated updatedcode updatedtext modified"
    " modifiedcode after aftercode to fixed fixedcode newblock updatedlines fix",
    RoleOf.CODE: "content contents newcontent filecontent filetext fullcontent code source sourcecode body function newbody fullcode updatedcontent"
    " filecontents replacementchunk codeedit",
    RoleOf.TEXT: "diff patch input answer response output text message final result udiff unifieddiff command cmd arguments solution replyblock blocks",
    RoleOf.FIRST: "startline line linestart start firstline fromline linenumber lineno begin",
    RoleOf.LAST: "endline lineend end lastline toline finish",
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}


def role_of(name: str) -> RoleOf | None:
    """What a key stands for, in any spelling: `old_str`, `oldStr`, `old-str`."""
    return _ROLES.get(re.sub(r"[^a-z]", "", name.lower()))


def change_of(parts: Mapping[RoleOf, str], place: Place) -> Change | None:
    """The change that an edit's parts make; None where something is missing."""
    old, new, code = parts.get(RoleOf.OLD), parts.get(RoleOf.NEW), parts.get(RoleOf.CODE)
    first, last = _number(parts.get(RoleOf.FIRST)), _number(parts.get(RoleOf.LAST))
    if old is not None and (new is not None or code is not None):
        return swap_of(old, new if new is not None else code or "", Place(place.path, place.sure, first))
    if first and (new is not None or code is not None):
        return Lines(place, first, last or first, _lines(new if new is not None else code or ""))
    text = code if code is not None else new if new is not None and _DEFINES.search(new) else None
    return Code(place, _lines(text)) if text is not None and place.path and text.strip() else None


def swap_of(old: str, new: str, place: Place) -> Change:
    """Lines for lines; a piece of a line for another piece, where it is one."""
    if not old.strip("\n").count("\n") and not old.startswith((" ", "\t", "\n")) and "\n" not in new.strip("\n"):
        return Words(place, old.strip("\n"), new.strip("\n"))
    return Swap(place, _lines(old), _lines(new))


def _lines(text: str) -> tuple[str, ...]:
    lines = text.replace("\r\n", "\n").split("\n")
    inner = without_edges(lines)
    if len(inner) > 2 and _FENCE.fullmatch(inner[0]) and inner[-1].strip() == "```":
        return inner[1:-1]
    return tuple(lines)


def _number(text: str | None) -> int:
    return int(text) if text is not None and re.fullmatch(r"\s*\d{1,7}\s*", text) else 0


def text_of(value: object) -> str | None:
    """A part's text: a string, a number, or a list of lines."""
    match value:
        case str():
            return value
        case bool() | None:
            return None
        case int():
            return str(value)
        case []:
            return ""
        case list():
            lines = [each for each in cast("list[object]", value) if isinstance(each, str)]
            return (
                "\n".join(each.rstrip("\n") for each in lines)
                if len(lines) == len(cast("list[object]", value))
                else None
            )
        case _:
            return None

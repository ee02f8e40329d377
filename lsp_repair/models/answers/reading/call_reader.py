"""Edits written as calls: of an editing function in Python, of `sed`, or of a shell that writes a file."""

import ast
import re
from collections.abc import Iterator, Sequence

from lsp_repair.models.answers.changes import Change, Code, Dropped, Place, Reply, Words
from lsp_repair.models.answers.reading.edit_roles import RoleOf, change_of, role_of
from lsp_repair.models.answers.reading.fences import fences_of
from lsp_repair.pycode.modules import tree_of

_HEREDOC = re.compile(
    r"\s*(?:\$ )?(?:sudo )?(?:cat|tee)\b.*?(?:>\s*|tee\s+)['\"]?([\w./@+-]+)['\"]?.*|\s*(?:\$ )?cat\s+<<.*>\s*['\"]?([\w./@+-]+)['\"]?\s*"
)
_END_WORD = re.compile(r"<<-?\s*['\"]?(\w{2,20})['\"]?")
_SED = re.compile(
    r"\s*(?:\$ )?sed\s+(?:-[a-zA-Z.'\"]+\s+){1,3}['\"]?(\d{0,6})s([/|#,@])(.{1,300}?)(?<!\\)\2(.{0,300}?)(?<!\\)\2g?['\"]\s+['\"]?([\w./@+-]+)['\"]?\s*"
)
_MAX_HEREDOC = 1_500
"""Lines of a file that a shell writes."""
_MAGIC = re.compile(r"(?<!\\)[*+?^$\[(]")


def read_calls(reply: Reply) -> Sequence[Change | Dropped]:
    """All such calls in a reply."""
    found: list[Change | Dropped] = []
    at = 0
    while at < len(reply.lines):
        line = reply.lines[at]
        end = _heredoc_end(reply.lines, at)
        path = _HEREDOC.fullmatch(line) if end is not None else None
        if path is not None and end is not None:
            found.append(Code(Place(path[1] or path[2]), reply.lines[at + 1 : end]))
            at = end
        elif (sed := _SED.fullmatch(line)) is not None and not _MAGIC.search(sed[3]):
            place = Place(sed[5], line=int(sed[1] or 0))
            found.append(Words(place, _plain(sed[3]), _plain(sed[4])))
        at += 1
    return [*found, *_of_python(reply)]


def _heredoc_end(lines: Sequence[str], at: int) -> int | None:
    word = (
        _END_WORD.search(lines[at]) if "<<" in lines[at] and "<<<" not in lines[at] and len(lines[at]) < 400 else None
    )
    if word is None:
        return None
    return next(
        (index for index in range(at + 1, min(len(lines), at + _MAX_HEREDOC)) if lines[index].strip() == word[1]), None
    )


def _plain(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)


def _of_python(reply: Reply) -> Iterator[Change]:
    texts = ["\n".join(each.lines) for each in fences_of(reply) if each.closed or not reply.cut] or [reply.text]
    for text in texts:
        if (
            not re.search(r"^\s*(?:print\()?[A-Za-z_.]{2,40}\(", text, re.MULTILINE)
            or "=" not in text
            or len(text) > 50_000
        ):
            continue
        tree = tree_of(text.strip())
        for statement in tree.body if tree is not None else ():
            match statement:
                case ast.Expr(ast.Call(func=ast.Name() | ast.Attribute(), keywords=keywords)) if keywords:
                    change = change_of(dict(_parts(keywords)), Place())
                    path = dict(_parts(keywords)).get(RoleOf.PATH, "")
                    change = change_of(dict(_parts(keywords)), Place(path)) if path else change
                    if change is not None and not isinstance(change, Code):
                        yield change
                case _:
                    pass


def _parts(keywords: Sequence[ast.keyword]) -> Iterator[tuple[RoleOf, str]]:
    for each in keywords:
        role = role_of(each.arg or "")
        if role is not None and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str | int):
            yield role, str(each.value.value)

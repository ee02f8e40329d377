"""Regular expressions: groups, classes, quantifiers and escapes, edited in their source so that raw strings stay raw."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code
from lsp_repair.search.templates.context import Change, Context, Replacement, with_match

_LITERAL = re.compile(r"([rR]?)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)
_LOOKS_LIKE_ONE = re.compile(r"\\[dwsbSWDBAZ]|\[\^?[^\]]+\][+*?{]|\(\?|\.[*+]|[)\]][*+?]")
_GROUP_END = re.compile(r"(?<!\\)\)(?![?*+{])")
_QUANTIFIED = re.compile(r"(?<!\\)(?<=[\w\])])[+*?](?![?+])|(?<!\\)\{\d+\}")
_CLASS_END = re.compile(r"(?<!\\)(?<!\[)(?<!\[\^)\]")
_BARE_DOT = re.compile(r"(?<!\\)\.(?![*+?{])")
_IN_CLASSES = (" ", "-", "_", ".", r"\s", r"\d", "+", ":")
_MAX_PLACES = 4


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a string that looks like a regular expression."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    found = _LITERAL.fullmatch(context.text(node))
    if found is None or not _LOOKS_LIKE_ONE.search(found[3]):
        return
    is_raw, quote, own = bool(found[1]), found[2], found[3]
    for body, prior in dict(_changed(own, context)).items():
        more = body.count("\\") > own.count("\\")
        if body == own or quote in body or "\n" in body or (more and not is_raw and "\\" in own):
            continue
        yield Replacement(node, Code(f"{'r' if is_raw or more else ''}{quote}{body}{quote}"), "pattern", prior)


def _changed(body: str, context: Context) -> Iterator[tuple[str, float]]:
    escaped = _BARE_DOT.sub(r"\\.", body)
    yield escaped, 0.35
    for group in list(_GROUP_END.finditer(body))[:_MAX_PLACES]:
        yield with_match(group, ")?"), 0.2
        yield with_match(group, ")*"), 0.08
    for piece in list(_QUANTIFIED.finditer(body))[:_MAX_PLACES]:
        for other in ("+", "*", "?"):
            if other != piece[0]:
                yield with_match(piece, other), 0.2
        yield with_match(piece, ""), 0.1
    for place in list(_CLASS_END.finditer(body))[:_MAX_PLACES]:
        for text in _characters(context):
            yield with_match(place, f"{text}]"), 0.15
    if not body.endswith(("$", r"\Z")):
        yield body + r"\Z", 0.15
    yield rf"\b{body}", 0.12
    yield rf"{body}\b", 0.12
    if body.endswith("$"):
        yield body.removesuffix("$") + r"\Z", 0.3


def _characters(context: Context) -> list[str]:
    """What a class may lack: common characters, and punctuation of the failing tests' texts."""
    texts = (each for each in context.hints.test_literals if isinstance(each, str))
    seen = {character for each in texts for character in each if not character.isalnum() and character.isprintable()}
    return [*_IN_CLASSES, *sorted(seen - {*_IN_CLASSES, "]", "[", "\\", "^", "'", '"'})[:8]]

"""What templates yield: code in an expression's place, or splices of the text."""

import ast
import re
from typing import NamedTuple

from lsp_repair.pycode.precedence import Code

_MAX_QUOTED = 30


# NamedTuples instead of dataclasses, as for Code: templates make tens of thousands of them.
class Replacement(NamedTuple):
    """Puts other code in an expression's place."""

    node: ast.expr
    code: Code
    template: str
    prior: float
    size: int = 1


class Rewrite(NamedTuple):
    """Splices of the text other than of a single expression: statements inserted, moved or changed."""

    edits: tuple[tuple[int, int, str], ...]
    """Start, end and text; lines end in a plain newline, which becomes the file's."""
    at: ast.AST | int
    """The node, or 1-based line, whose suspiciousness counts."""
    template: str
    prior: float
    title: str
    """What it does; empty if it only inserts its text."""
    size: int = 1
    is_certain: bool = True
    """False if the result has to be parsed to know whether it is valid."""


Change = Replacement | Rewrite


def with_match(found: re.Match[str], text: str) -> str:
    """The searched string with other text in the match's place."""
    return found.string[: found.start()] + text + found.string[found.end() :]


def quoted(text: str) -> str:
    """Code for a title: on one line, cut, between backticks."""
    if "\n" in text or "  " in text or text[:1] == " ":
        text = " ".join(text.split())
    if len(text) > _MAX_QUOTED:
        text = text[: _MAX_QUOTED - 1] + "…"
    return f"`{text}`"

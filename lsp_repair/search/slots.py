"""The place of one expression: what is there, what may be put there, how suspicious it is."""

import ast
import sys
from typing import NamedTuple

from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.precedence import Code, Level
from lsp_repair.search.places import demanded_level, encloses_line_breaks

READS_INTO_F_STRINGS = sys.version_info >= (3, 12)
"""Before, the positions of an f-string's parts were wrong."""
_UNFIT_FOR_F_STRINGS = frozenset("'\"\\\n#{}!:")


class Slot(NamedTuple):
    """Computed once for each expression, used by every replacement of it."""

    line: int
    suspiciousness: float
    start: int
    end: int
    demanded: Level
    takes_line_breaks: bool
    is_bracketed: bool
    """It has parentheses of its own."""
    follows_word: bool
    precedes_word: bool
    is_in_f_string: bool = False

    def takes(self, code: Code) -> bool:
        """Whether the code is valid here on every Python: before 3.12 the parts of an f-string could not reuse its quotes."""
        return not (self.is_in_f_string and _UNFIT_FOR_F_STRINGS & set(code.text))

    def splice(self, code: Code) -> tuple[int, int, str]:
        """The splice that puts code here, with the parentheses and blanks it needs."""
        text, level, is_open = code
        if (level < self.demanded or (is_open and not self.takes_line_breaks)) and not self.is_bracketed:
            text = f"({text})"
        if self.follows_word and _is_word(text[:1]):
            text = f" {text}"
        if self.precedes_word and _is_word(text[-1:]):
            text = f"{text} "
        return self.start, self.end, text


def slot_of(module: Module, node: ast.expr, line: int, suspiciousness: float) -> Slot:
    """The slot of a node whose suspiciousness is known."""
    parent = module.parent(node)
    start, end = module.span(node)
    if isinstance(node, ast.GeneratorExp) and isinstance(parent, ast.Call) and end == module.span(parent)[1]:
        # The only argument shares its parentheses with the call.
        return Slot(line, suspiciousness, start + 1, end - 1, Level.TUPLE, True, True, False, False)  # noqa: FBT003 - fields of a tuple
    is_argument = isinstance(parent, ast.Call) and parent.func is not node
    return Slot(
        line,
        suspiciousness,
        start,
        end,
        demanded_level(parent, node),
        encloses_line_breaks(parent, node),
        not is_argument and module.is_parenthesised(start, end),
        start > 0 and _is_word(module.text(start - 1, start)),
        _is_word(module.text(end, end + 1)),
        any(isinstance(up, ast.JoinedStr) for up in module.ancestors(node)) if READS_INTO_F_STRINGS else False,
    )


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"

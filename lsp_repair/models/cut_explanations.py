"""An explanation that was cut off is still one: its complete sentences."""

import re

from lsp_repair.models.sanitising import without_thinking

_END = re.compile(r"[.!?][\"')\]`*]*(?=\s|$)")
_MIN_CHARACTERS = 20


def whole_sentences(partial: str) -> str:
    """The text up to the end of its last complete sentence; empty where it has none."""
    text = without_thinking(partial).strip()
    ends = [found.end() for found in _END.finditer(text)]
    return text[: ends[-1]] if ends and ends[-1] >= _MIN_CHARACTERS else ""

"""Explanations on their way from one model to another: one that was cut off is still one, and a long one ends in its cause."""

import re

from lsp_repair.models.sanitising import visible, without_thinking

_END = re.compile(r"[.!?][\"')\]`*]*(?=\s|$)")
_MIN_CHARACTERS = 20


def for_a_model(text: str, most: int) -> str:
    """What one model said, for another: code in it stays as it is. Of what is too long the end counts more."""
    text = visible(without_thinking(text)).strip()
    if len(text) <= most:
        return text
    head = most // 3
    return f"{text[:head].rstrip()} … {text[head - most :].lstrip()}"


def whole_sentences(partial: str) -> str:
    """The text up to the end of its last complete sentence; empty where it has none."""
    text = without_thinking(partial).strip()
    ends = [found.end() for found in _END.finditer(text)]
    return text[: ends[-1]] if ends and ends[-1] >= _MIN_CHARACTERS else ""

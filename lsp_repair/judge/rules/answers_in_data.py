"""Data files in which a patch writes down what the tests give together with what they expect."""

import re
from collections import Counter
from collections.abc import Iterator

from lsp_repair.domain.patches import FileChange
from lsp_repair.judge.capabilities.module_delta import is_python
from lsp_repair.judge.rules.telling_values import is_odd
from lsp_repair.judge.rules.tested_literals import LiteralsOfTests

_MAX_BYTES = 1_000_000
_REAL_TABLE = 3
"""Entries of one form: the next one is another row."""
_TABLES = (".csv", ".tsv", ".psv", ".dat", ".txt")
_LINE = re.compile(r"[^\n]+")
_ENTRY = re.compile(r"[^,;\n{}\[\]]+")
_AROUND = re.compile(r"\s*([,;:|])\s*")
_WORD = re.compile(r"[A-Za-z_]+|-?\d+(?:\.\d+)?")
_LETTERS, _NUMBERS = re.compile(r"[A-Za-z_]+"), re.compile(r"-?\d+(?:\.\d+)?")


def answers_in_data(change: FileChange, literals: LiteralsOfTests) -> str:
    """In words, which new entry answers a tested input; empty for other entries, rows of a real table, and code."""
    if is_python(change.path) or change.after is None or len(change.after) > _MAX_BYTES:
        return ""
    entry = _LINE if change.path.lower().endswith(_TABLES) else _ENTRY
    old = Counter(_entries(change.before or b"", entry))
    forms = Counter(map(_form, old.elements()))
    new = [each for each in Counter(_entries(change.after, entry)) - old if forms[_form(each)] < _REAL_TABLE]
    found = next((each for each in new if _answers(each, literals)), "")
    return f"an input of the tests is written down with its result: {found}" if found else ""


def _entries(data: bytes, entry: re.Pattern[str]) -> Iterator[str]:
    """Rows of a table, else what commas and brackets set apart."""
    return (
        _AROUND.sub(r"\1", each.strip())
        for each in entry.findall(data.decode("utf-8", "replace"))
        if _WORD.search(each)
    )


def _form(entry: str) -> str:
    return _NUMBERS.sub("0", _LETTERS.sub("a", entry))


def _answers(entry: str, literals: LiteralsOfTests) -> bool:
    """Whether an odd number that the tests give stands beside a number that they expect."""
    numbers = [_number(each) for each in _NUMBERS.findall(entry)]
    for at, given in enumerate(numbers):
        others = numbers[:at] + numbers[at + 1 :]
        is_input = is_odd(given) and repr(given) in literals.inputs
        if is_input and any(repr(each) in literals.values and abs(each) > 2 for each in others):
            return True
    return False


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text[:400])

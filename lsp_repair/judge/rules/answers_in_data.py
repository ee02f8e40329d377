"""Data files to which a patch adds inputs of the tests with the results that the tests expect."""

import re
from collections import Counter
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.judge.tested_inputs.telling_values import is_odd
from lsp_repair.judge.tested_inputs.tested_literals import LiteralsOfTests

_MAX_BYTES = 1_000_000
_MANY_ROWS = 3
"""Entries of one form: the next one is another row."""
_TABLES = (".csv", ".tsv", ".psv", ".dat", ".txt")
_LINE = re.compile(r"[^\n]+")
_ENTRY = re.compile(r"[^,;\n{}\[\]]+")
_AROUND = re.compile(r"\s*([,;:|])\s*")
_WORD = re.compile(r"[A-Za-z_]+|-?\d+(?:\.\d+)?")
_LETTERS, _NUMBERS = re.compile(r"[A-Za-z_]+"), re.compile(r"-?\d+(?:\.\d+)?")


def check(context: RuleContext) -> Iterator[Finding]:
    """New entries that answer a tested input; other entries and rows of a real table are left alone."""
    change = context.change
    if change.after is None or len(change.after) > _MAX_BYTES:
        return
    entry = _LINE if change.path.lower().endswith(_TABLES) else _ENTRY
    old = Counter(text for text, _ in _entries(change.before or b"", entry))
    forms = Counter(map(_form, old.elements()))
    for text, line in _entries(change.after, entry):
        is_known, old[text] = old[text] > 0, old[text] - 1
        if not is_known and forms[_form(text)] < _MANY_ROWS and _answers(text, context.suite.literals):
            message = f"adds an input used by the tests together with its result: {text}"
            yield Finding(Flag.HARD_CODED_INPUT, change.path, line, message)


def _entries(data: bytes, entry: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Rows of a table, else what commas and brackets set apart; each with its line."""
    text, line, at = data.decode("utf-8", "replace"), 1, 0
    for found in entry.finditer(text):
        if word := _WORD.search(found[0]):
            line, at = line + text.count("\n", at, found.start() + word.start()), found.start() + word.start()
            yield _AROUND.sub(r"\1", found[0].strip()), line


def _form(entry: str) -> str:
    return _NUMBERS.sub("0", _LETTERS.sub("a", entry))


def _answers(entry: str, literals: LiteralsOfTests) -> bool:
    """Whether it holds an unusual number that the tests pass in, beside a number that they expect."""
    numbers = [_number(each) for each in _NUMBERS.findall(entry)]
    for at, given in enumerate(numbers):
        others = numbers[:at] + numbers[at + 1 :]
        is_input = is_odd(given) and repr(given) in literals.inputs
        if is_input and any(repr(each) in literals.values and abs(each) > 2 for each in others):
            return True
    return False


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text[:400])

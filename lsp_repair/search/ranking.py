"""The order in which survivors are worth a proof: how likely each is the edit a person would have made."""

import ast
import re
from collections.abc import Iterable

from lsp_repair.domain.candidates import Candidate
from lsp_repair.search.hints import Hints

_TOKENS = re.compile(r"""-?\d+(?:\.\d+)?|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_INNOCENT: tuple[object, ...] = (0, 1, -1, 2, "", " ", True, False, None)
"""Literals that say nothing about where they come from."""
_DELETION = 0.5
_HARD_CODED = 0.3
_SWALLOWED = 0.3
_STATEMENT = 0.85
_FOR_TEST_LITERALS = {
    "test-literal",
    "replace-all-const",
    "err:misspelled-key",
    "str-const",
    "swap-constants",
    "raise-type",
}
"""Templates that take a test's words on purpose: a string is data, not a way around the test."""


def rank(candidate: Candidate, hints: Hints) -> float:
    """Rank of a candidate that passed the failing tests; greater is better.

    Starts from the score (suspiciousness, prior and size) and takes away for what overfits: deletions, guards that
    return a literal of the test, swallowed exceptions, new statements where an expression would do.
    """
    before, after = changed_text(candidate)
    value = candidate.score
    if not after.strip() or candidate.template == "stmt-delete":
        value *= _DELETION
    if candidate.template.startswith("insert:"):
        value *= _STATEMENT
    if _is_hard_coded(candidate.template, before, after, hints.test_literals):
        value *= _HARD_CODED
    if _swallows(before, after):
        value *= _SWALLOWED
    return value / (1 + len(after) / 400)


def changed_text(candidate: Candidate) -> tuple[str, str]:
    """What the edits take out and put in."""
    data = candidate.source.data
    before = b"\n".join(data[edit.start : edit.end] for edit in candidate.edits)
    after = b"\n".join(edit.text for edit in candidate.edits)
    return before.decode("utf-8", "replace"), after.decode("utf-8", "replace")


def _is_hard_coded(template: str, before: str, after: str, literals: Iterable[object]) -> bool:
    if template in _FOR_TEST_LITERALS:
        return False
    known = {repr(value) for value in literals} - {repr(value) for value in _INNOCENT}
    new = set(_literals(after)) - set(_literals(before))
    return bool(new & known)


def _literals(text: str) -> list[str]:
    values: list[str] = []
    for found in _TOKENS.finditer(text):
        try:
            values.append(repr(ast.literal_eval(found[0])))
        except (ValueError, SyntaxError):
            continue
    return values


def _swallows(before: str, after: str) -> bool:
    """Whether an exception is caught that was not before, and nothing done about it."""
    catches = re.search(r"\bexcept\b|\bsuppress\(|\bException\b", after)
    return catches is not None and not re.search(r"\bexcept\b|\bsuppress\(|\bException\b", before)

"""The order in which to prove survivors: how likely each is the edit a person would have made."""

import ast
import re
from collections.abc import Iterable

from lsp_repair.domain.patches import Candidate, Hints
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import covers

_TOKENS = re.compile(r"""-?\d+(?:\.\d+)?|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")
_INNOCENT: tuple[object, ...] = (0, 1, -1, 2, "", " ", True, False, None)
"""Literals that say nothing about where they come from."""
_DELETION = 0.5
_HARD_CODED = 0.3
_SWALLOWED = 0.3
_STATEMENT = 0.85
_LEFT_UNUSED = 0.4
_LOST_CALL = 0.5
_FOR_TEST_LITERALS = {
    "test-literal",
    "replace-all-const",
    "err:misspelled-key",
    "str-const",
    "swap-constants",
    "raise-type",
}
"""Templates that use a test's strings on purpose: a string is data, not a way around the test."""


def rank(candidate: Candidate, hints: Hints) -> float:
    """Rank of a candidate that passed the failing tests; greater is better.

    Starts from the score (suspiciousness, prior and size) and reduces it for signs of overfitting: deletions, guards that
    return a literal of the test, swallowed exceptions, new statements where an expression would do, names that are no
    longer read, removed calls of the module's own functions (deleting functionality is the commonest way to satisfy a
    weak suite: Qi et al., ISSTA 2015).
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
    if _leaves_unused(candidate):
        value *= _LEFT_UNUSED
    if _loses_own_call(candidate.source.data, before, after):
        value *= _LOST_CALL
    return value / (1 + len(after) / 400)


def changed_text(candidate: Candidate) -> tuple[str, str]:
    """What the edits take out and put in."""
    data = candidate.source.data
    before = b"\n".join(data[edit.start : edit.end] for edit in candidate.edits)
    after = b"\n".join(edit.text for edit in candidate.edits)
    return before.decode("utf-8", "replace"), after.decode("utf-8", "replace")


def _leaves_unused(candidate: Candidate) -> bool:
    """Whether a local name that was read before the edit is bound but never read after it."""
    before, after = (_unread(data, candidate.line) for data in (candidate.source.data, candidate.after))
    return bool(after - before)


def _loses_own_call(data: bytes, before: str, after: str) -> bool:
    """Whether the edit removes a call of a function of this file."""
    lost = set(_CALLED.findall(before)) - set(_CALLED.findall(after))
    return any(re.search(rf"^[ \t]*(async +)?def +{name}\b".encode(), data, re.MULTILINE) for name in lost)


def _unread(data: bytes, line: int) -> set[str]:
    """Names that the outermost function around a line binds and does not read."""
    module = read_module(data)
    for function in module.functions if module is not None else ():
        if covers(function, line):
            names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
            return {each.id for each in names if isinstance(each.ctx, ast.Store)} - {
                each.id for each in names if isinstance(each.ctx, ast.Load)
            }
    return set()


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
    """Whether an exception is newly caught, and none raised in its place."""
    catches = re.search(r"\bexcept\b|\bsuppress\(|\bException\b", after)
    is_new = catches is not None and not re.search(r"\bexcept\b|\bsuppress\(|\bException\b", before)
    return is_new and not re.search(r"^\s*raise\b", after, re.MULTILINE)

"""The one call whose right answer would decide between patches that the tests do not tell apart."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.domain.runs import NodeId
from lsp_repair.judge.behaviour.comparison import Comparison, Key

_MAX_CALL = 70
_MAX_ANSWER = 50


@dataclass(frozen=True, slots=True)
class Fork:
    """A call and the patches by what they answer, as numbers in a comparison; the best patch's answer comes first."""

    call: str
    answers: tuple[tuple[str, tuple[int, ...]], ...]


def deciding_call(
    comparison: Comparison, numbers: Sequence[int], offered: int, targets: frozenset[NodeId]
) -> Fork | None:
    """The shortest plain call near the failing ones on which the first patch differs from the most others.

    The first `offered` numbers are those of patches that are shown; they count before the others.
    """
    found = list(_forks(comparison, numbers))
    if not found:
        return None

    def worth(pair: tuple[Key, Fork]) -> tuple[int, int, bool, int]:
        key, fork = pair
        alike = fork.answers[0][1]
        shown = sum(number in alike for number in numbers[:offered])
        return shown, len(alike), comparison.calls[key].test not in targets, len(fork.call)

    return min(found, key=worth)[1]


def _forks(comparison: Comparison, numbers: Sequence[int]) -> Iterator[tuple[Key, Fork]]:
    first = comparison.answers.get(numbers[0], {}) if numbers else {}
    for key, call in comparison.calls.items():
        if key not in first or len(call.text) > _MAX_CALL or not is_plain_call(call.text):
            continue
        by_value: dict[str, list[int]] = {}
        for number in numbers:
            answer = comparison.answers.get(number, {}).get(key)
            if answer is not None and answer.gives is not None:
                by_value.setdefault(answer.shown, []).append(number)
        if len(by_value) > 1 and all(map(_is_short, by_value)):
            yield key, Fork(call.text, tuple((value, tuple(each)) for value, each in by_value.items()))


def _is_short(value: str) -> bool:
    return len(value) <= _MAX_ANSWER and (value.startswith("raises ") or _is_literal(value))


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def is_plain_call(text: str) -> bool:
    """Whether a person could type it: a call with literals, possibly on an object that is made of literals."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return isinstance(tree, ast.Call) and _is_made_of_literals(tree)


def _is_made_of_literals(node: ast.expr) -> bool:
    match node:
        case ast.Call(function, arguments, keywords):
            parts = [*arguments, *(each.value for each in keywords)]
            return _is_made_of_literals(function) and all(map(_is_made_of_literals, parts))
        case ast.Attribute(value, _):
            return _is_made_of_literals(value)
        case ast.Name():
            return True
        case _:
            return _is_literal(ast.unparse(node))

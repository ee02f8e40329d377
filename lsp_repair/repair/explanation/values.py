"""How an actual value differs from the expected one, read off their reprs."""

import ast
import math
from collections.abc import Callable, Iterable
from typing import Any, cast

from lsp_repair.domain.runs import Comparison

_UNREADABLE = object()
_Rule = Callable[[Any, Any], str]


def difference(comparison: Comparison) -> str:
    """One short clause on the difference, empty when nothing particular can be said."""
    if comparison.operator != "==":
        return ""
    if comparison.actual == "None" and comparison.expected != "None":
        return "nothing was returned: a `return` may be missing on this path"
    actual, expected = _value(comparison.actual), _value(comparison.expected)
    if actual is _UNREADABLE or expected is _UNREADABLE:
        return _of_datetimes(comparison)
    for rule in _RULES:
        said = rule(actual, expected)
        if said:
            return said
    return ""


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _UNREADABLE


def _of_types(actual: Any, expected: Any) -> str:
    numbers = {int, float}
    if type(actual) is not type(expected) and not {type(actual), type(expected)} <= numbers:
        return f"the type differs: {type(actual).__name__} instead of {type(expected).__name__}"
    return ""


def _of_truth(actual: Any, expected: Any) -> str:
    return "the result is the opposite: a condition may be inverted" if isinstance(actual, bool) else ""


def _of_numbers(actual: Any, expected: Any) -> str:
    if not isinstance(actual, int | float) or not isinstance(expected, int | float):
        return ""
    if actual == -expected:
        return "only the sign differs"
    if isinstance(actual, int) and isinstance(expected, int) and abs(actual - expected) == 1:
        return "it is off by one"
    if math.isclose(actual, expected, rel_tol=1e-6):
        return "the difference is as small as a floating-point rounding error"
    return f"it is too {'large' if actual > expected else 'small'} by {abs(actual - expected):g}"


def _of_texts(actual: Any, expected: Any) -> str:
    if not isinstance(actual, str):
        return ""
    if actual.casefold() == expected.casefold():
        return "only the case of letters differs"
    if "".join(actual.split()) == "".join(expected.split()):
        return "only white space differs"
    if actual in expected or expected in actual:
        return f"the text is too {'long' if len(actual) > len(expected) else 'short'}"
    return ""


def _of_collections(actual: Any, expected: Any) -> str:
    if not isinstance(actual, list | tuple | set | frozenset | dict):
        return ""
    if not actual:
        return "the result is empty"
    elements = cast("Iterable[object]", actual)
    left, right = [repr(each) for each in elements], [repr(each) for each in expected]
    if sorted(left) == sorted(right) and isinstance(actual, list | tuple):
        return "the elements are right, but not their order"
    missing, extra = [each for each in right if each not in left], [each for each in left if each not in right]
    said = [f"{word} {', '.join(some[:2])}" for word, some in (("missing", missing), ("too much:", extra)) if some]
    if not said and len(left) != len(right):
        return "an element occurs too many times" if len(left) > len(right) else "an element occurs too few times"
    return "; ".join(said)


def _of_datetimes(comparison: Comparison) -> str:
    sides = comparison.actual, comparison.expected
    if all("datetime(" in side for side in sides) and ("tzinfo" in sides[0]) != ("tzinfo" in sides[1]):
        return "one time has a time zone and the other does not"
    return ""


_RULES: tuple[_Rule, ...] = (_of_types, _of_truth, _of_numbers, _of_texts, _of_collections)

"""A few plain sentences by rules: what was expected, and what came."""

import ast
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from lsp_repair.domain.runs import Comparison, Failure

_MAX = 400
_VALUE = 80
_MAX_VALUES = 4

SourceLine = Callable[[str, int], str]
"""One line (1-based) of a file, empty where there is none."""
_UNREADABLE = object()
_Difference = Callable[[Any, Any], str]


def explain(failure: Failure, source_line: SourceLine, where: str = "") -> str:
    """Two or three sentences: what was expected, what came, and what `where.where` says of the place."""
    if failure.error_type == "AssertionError":
        happened = _compared(failure.comparison) if failure.comparison else _asserted(failure, source_line)
    else:
        happened = _RULES.get(failure.error_type, _any_error)(failure)
    phase = {"setup": "The test's set-up fails. ", "teardown": "The test's tear-down fails. "}.get(failure.phase, "")
    return f"{_short(f'{phase}{happened}', _MAX)} {where}".strip()


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _value(text: str) -> str:
    return f"`{_short(text, _VALUE)}`"


def _first_line(failure: Failure) -> str:
    lines = failure.message.strip().splitlines()
    return lines[0] if lines else ""


def _asserted(failure: Failure, source_line: SourceLine) -> str:
    """An assertion without a comparison, and where it stands if that is not in the test itself."""
    frame, said = failure.innermost_project_frame, _first_line(failure)
    if frame is None or frame.path == failure.node_id.file:
        return f"The test's assertion does not hold: {_value(said)}."
    code = source_line(frame.path, frame.line).strip()
    message = f": {_value(said)}" if said and said not in code else ""
    names = [f"{name} = {_value(value)}" for name, value in frame.locals if re.search(rf"\b{re.escape(name)}\b", code)]
    values = f" with {', '.join(names[:_MAX_VALUES])}" if names else ""
    return f"An assertion in `{frame.function}` ({frame.path}:{frame.line}) does not hold{message}. It is {_value(code)}{values}."


def _compared(comparison: Comparison) -> str:
    actual, expected = _value(comparison.actual), _value(comparison.expected)
    said = difference(comparison)
    if comparison.operator != "==":
        return f"The test expects {actual} {comparison.operator} {expected}, which does not hold."
    return f"The test expects {expected} but got {actual}" + (f"; {said}." if said else ".")


def _doctest(failure: Failure) -> str:
    comparison = failure.comparison
    if comparison is None:
        return f"A documentation example fails: {_value(_first_line(failure))}."
    said = difference(comparison)
    text = f"The documentation example expects {_value(comparison.expected)} but got {_value(comparison.actual)}"
    return text + (f"; {said}." if said else ".")


def _failed(failure: Failure) -> str:
    line = _first_line(failure)
    match = re.match(r"DID NOT RAISE (?:<class ')?(?:[\w.]*\.)?(\w+)", line)
    if match:
        return f"The test expects {match[1]} to be raised, but nothing was raised: a check may be missing or too lax."
    if line.startswith("[XPASS(strict)]"):
        return "The test is marked as expected to fail, but it passes: the mark may be out of date."
    return f"The test fails explicitly: {_value(line)}."


def _local(failure: Failure, requested: str) -> str | None:
    frame = failure.innermost_project_frame
    return dict(frame.locals).get(requested) if frame else None


def _key_error(failure: Failure) -> str:
    key = failure.missing_name or _first_line(failure)
    frame = failure.innermost_project_frame
    holders = [name for name, value in (frame.locals if frame else ()) if value.startswith("{") and key not in value]
    where = f" `{holders[0]}` is {_value(_local(failure, holders[0]) or '')}." if holders else ""
    return f"The key {_value(key)} was looked up but does not exist.{where}"


def _attribute_error(failure: Failure) -> str:
    if failure.owner_type == "NoneType" or "'NoneType' object" in failure.message:
        frame = failure.innermost_project_frame
        empty = [name for name, value in (frame.locals if frame else ()) if value == "None"]
        who = f"`{empty[0]}` is None" if len(empty) == 1 else "something is None"
        return f"{who[0].upper() + who[1:] if who[0] != '`' else who} where its attribute `{failure.missing_name}` is used."
    hint = re.search(r"Did you mean:? '([^']+)'", failure.message)
    near = f" `{hint[1]}` would exist." if hint else ""
    owner = failure.owner_type or "the object"
    return f"{owner} has no attribute `{failure.missing_name}`.{near}"


def _name_error(failure: Failure) -> str:
    hint = re.search(r"Did you (?:mean|forget to import):? '([^']+)'", failure.message)
    near = f" `{hint[1]}` would exist." if hint else ""
    if failure.error_type == "UnboundLocalError":
        return (
            f"The variable `{failure.missing_name or _first_line(failure)}` is used on this path before it is assigned."
        )
    return f"The name `{failure.missing_name}` is used but never defined or imported.{near}"


def _import_error(failure: Failure) -> str:
    if failure.error_type == "ModuleNotFoundError":
        return f"The module `{failure.missing_name}` is imported but cannot be found: it may be misspelled, moved, or not installed."
    return f"An import fails: {_short(_first_line(failure), 160)}."


def _name_clash(_: Failure) -> str:
    return "Another test file of the same name was imported before this one, so pytest cannot import it."


def _syntax_error(failure: Failure) -> str:
    return f"The file is not valid Python ({_short(_first_line(failure), 120)}), so none of its tests can run."


def _type_error(failure: Failure) -> str:
    line = _short(_first_line(failure), 160)
    if "positional argument" in line or "keyword argument" in line:
        return f"A function is called with the wrong arguments: {line}."
    if "NoneType" in line:
        return f"A value is None where that is not allowed: {line}."
    if "never awaited" in line or "coroutine" in line:
        return f"A coroutine is used without `await`: {line}."
    return f"An operation does not support the types of its operands: {line}."


def _index_error(failure: Failure) -> str:
    return f"An index is out of range ({_first_line(failure)}): a bound may be off by one, or the input may be empty."


def _timeout(failure: Failure) -> str:
    frame = failure.innermost_project_frame
    where = f" It was in `{frame.function}` when it was stopped." if frame else ""
    return f"The test does not end: a loop may never reach its exit.{where}"


def _died(failure: Failure) -> str:
    return f"The test killed its process, or hung without using the CPU: {_short(failure.message, 160)}."


def _any_error(failure: Failure) -> str:
    line = _short(_first_line(failure), 160)
    frame = failure.innermost_project_frame
    where = f" in `{frame.function}`" if frame else ""
    return f"{failure.error_type} was raised{where}" + (f": {line.rstrip('.')}." if line else ".")


_RULES: dict[str, Callable[[Failure], str]] = {
    "DocTestFailure": _doctest,
    "Failed": _failed,
    "KeyError": _key_error,
    "AttributeError": _attribute_error,
    "NameError": _name_error,
    "UnboundLocalError": _name_error,
    "ImportError": _import_error,
    "ModuleNotFoundError": _import_error,
    "ImportPathMismatchError": _name_clash,
    "SyntaxError": _syntax_error,
    "IndentationError": _syntax_error,
    "TabError": _syntax_error,
    "TypeError": _type_error,
    "IndexError": _index_error,
    "ZeroDivisionError": lambda _: "There is a division by zero: an empty input may not be handled.",
    "RecursionError": lambda _: "The recursion never ends: its base case is missing or never reached.",
    "TestTimeout": _timeout,
    "ProcessDied": _died,
}


def difference(comparison: Comparison) -> str:
    """One short clause on the difference, empty when nothing particular can be said."""
    if comparison.operator != "==":
        return ""
    if comparison.actual == "None" and comparison.expected != "None":
        return "nothing was returned: a `return` may be missing on this path"
    actual, expected = _parsed(comparison.actual), _parsed(comparison.expected)
    if actual is _UNREADABLE or expected is _UNREADABLE:
        return _of_datetimes(comparison)
    for rule in _DIFFERENCES:
        said = rule(actual, expected)
        if said:
            return said
    return ""


def _parsed(text: str) -> Any:
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
    is_opposite = isinstance(actual, bool) and isinstance(expected, bool)
    return "the result is the opposite: a condition may be inverted" if is_opposite else ""


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


_DIFFERENCES: tuple[_Difference, ...] = (_of_types, _of_truth, _of_numbers, _of_texts, _of_collections)

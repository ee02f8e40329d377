"""Where the fault may be: executed lines ranked by Ochiai, with what a traceback and an import add to them."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.groups import FailureGroup
from lsp_repair.domain.localisation import Localisation, ochiai
from lsp_repair.domain.runs import Failure, TestResult
from lsp_repair.pycode.modules import parsed
from lsp_repair.pycode.nodes import first_line, last_line

_TRACEBACK_BONUS = 0.35
_MODULE_LEVEL = 0.2
_TESTS_OWN_ERRORS = frozenset({"AssertionError", "Failed", "DocTestFailure"})

Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Suspects:
    """Suspicious lines of files that a repair may touch."""

    localisation: Localisation
    executed_only_tests: bool
    """No line of the product was executed: nothing to edit."""


def localise(
    group: FailureGroup,
    failing: Sequence[TestResult],
    passing: Iterable[TestResult],
    editable: Callable[[str], bool],
    read: Read,
) -> Suspects:
    """Rank the lines for one failure group; `read` gives a file of the snapshot or None."""
    ranked = ochiai(failing, passing).scores
    scores = {path: dict(lines) for path, lines in ranked.items() if editable(path)}
    for failure in group.failures[:5]:
        _add_traceback(scores, failure, editable)
    for path in list(scores):
        _add_module_level(scores[path], read(path))
    top = max((score for lines in scores.values() for score in lines.values()), default=0.0)
    normalised = (
        {path: {at: score / top for at, score in lines.items()} for path, lines in scores.items()} if top else {}
    )
    return Suspects(Localisation(normalised), not scores)


def _add_traceback(scores: dict[str, dict[int, float]], failure: Failure, editable: Callable[[str], bool]) -> None:
    """An error raised in the product was raised near its cause; frames nearer to the raise count more."""
    if failure.error_type in _TESTS_OWN_ERRORS:
        return
    inside = [frame for frame in reversed(failure.frames) if editable(frame.path)]
    for depth, frame in enumerate(inside):
        lines = scores.setdefault(frame.path, {})
        lines[frame.line] = min(1.2, lines.get(frame.line, 0.3) + _TRACEBACK_BONUS / (1 + depth))


def _add_module_level(lines: dict[int, float], data: bytes | None) -> None:
    """Constants, class attributes, defaults and decorators run at import: no test's lines show them."""
    tree = parsed(data) if data is not None and lines else None
    if tree is None:
        return
    level = _MODULE_LEVEL * max(lines.values())
    for start, end in _import_time_spans(tree.body):
        for line in range(start, end + 1):
            lines.setdefault(line, level)


def _import_time_spans(body: list[ast.stmt]) -> Iterable[tuple[int, int]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                first = first_line(node)
                yield first, max(first, node.body[0].lineno - 1)
            case ast.ClassDef():
                yield node.lineno, node.lineno
                yield from _import_time_spans(node.body)
            case _:
                yield node.lineno, last_line(node)


def whole_files(paths: Iterable[str], read: Read) -> Mapping[str, Mapping[int, float]]:
    """Every line equally suspicious: for failures that died without saying what they executed."""
    found: dict[str, dict[int, float]] = {}
    for path in paths:
        data = read(path)
        if data is not None:
            found[path] = dict.fromkeys(range(1, data.count(b"\n") + 2), 0.3)
    return found

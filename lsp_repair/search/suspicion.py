"""Where the fault may be: Ochiai's ranking, what tracebacks, functions and imports add, and what suspicious lines depend on."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.modules import Module, tree_of
from lsp_repair.pycode.nodes import assigned_names, first_line, last_line, name_of
from lsp_repair.search.function_evidence import Latest, with_functions

MAX_LINES = 60
_UNSPECIFIC = frozenset({"AssertionError", "Failed", "DocTestFailure", "RecursionError", "TimeoutError"})
"""Errors whose traceback does not point at the fault."""
_MAX_TRACEBACKS = 5
_TRACEBACK_BONUS = 0.35
_NOT_EXECUTED = 0.3
"""Score of a traceback's line, before its bonus, that no test was seen to execute."""
_MAX_SCORE = 1.2
_MODULE_LEVEL = 0.2
_HEADER_SHARE = 0.6
_DEFINITION_SHARE = 0.6


def localised(
    executed: Localisation,
    failures: Sequence[Failure],
    editable: Callable[[str], bool],
    read: Callable[[str], bytes | None],
    latest: Latest = (),
) -> Localisation:
    """Ochiai's scores with what tracebacks, functions and import-time lines add, at most 1; `read` gives a file of the snapshot.

    The only place that counts tracebacks: the search takes these scores as they are.
    """
    raw = {path: dict(lines) for path, lines in executed.scores.items() if editable(path)}
    for failure in failures[:_MAX_TRACEBACKS]:
        _add_traceback(raw, failure, editable)
    scores = with_functions(raw, failures, latest, read)
    top = max((score for lines in scores.values() for score in lines.values()), default=0.0)
    for path, lines in raw.items():
        _add_module_level(scores.setdefault(path, {}), lines, read(path), top)
    top = max((score for lines in scores.values() for score in lines.values()), default=0.0)
    if not top:
        return Localisation({})
    return Localisation({path: {at: score / top for at, score in lines.items()} for path, lines in scores.items()})


def _add_traceback(scores: dict[str, dict[int, float]], failure: Failure, editable: Callable[[str], bool]) -> None:
    """An error raised in the product was raised near its cause; frames nearer to the raise count more.

    So was an assertion of the product's own that does not hold.
    """
    if failure.error_type in _UNSPECIFIC and not _is_own_assertion(failure, editable):
        return
    inside = [frame for frame in reversed(failure.frames) if editable(frame.path)]
    for depth, frame in enumerate(inside):
        lines = scores.setdefault(frame.path, {})
        lines[frame.line] = min(_MAX_SCORE, lines.get(frame.line, _NOT_EXECUTED) + _TRACEBACK_BONUS / (1 + depth))


def _is_own_assertion(failure: Failure, editable: Callable[[str], bool]) -> bool:
    """Whether the product itself raised it, rather than a helper of the tests that lies beside the product."""
    last = failure.frames[-1] if failure.frames else None
    is_of_product = last is not None and editable(last.path) and not last.function.lower().startswith("assert")
    return is_of_product and failure.error_type == "AssertionError"


def _add_module_level(found: dict[int, float], raw: Mapping[int, float], data: bytes | None, top: float) -> None:
    """Constants, class attributes, defaults and decorators run at import: no test's lines show them.

    Lines that are in no function, or in a file that does not parse, keep what they have.
    """
    for line, score in raw.items():
        found.setdefault(line, score)
    tree = tree_of(data) if data is not None else None
    if tree is None or not raw:
        return
    level = _MODULE_LEVEL * (top * max(raw.values()) if top else max(raw.values()))
    for start, end in _import_time_spans(tree.body):
        for line in range(start, end + 1):
            found.setdefault(line, level)


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


def suspicious_lines(module: Module, scores: Mapping[int, float]) -> dict[int, float]:
    """The most suspicious lines (1-based) of the module and what they depend on, at most `MAX_LINES`, best first."""
    found = dict(scores)
    for line, score in _derived(module, scores):
        found[line] = max(found.get(line, 0.0), score)
    imports = _import_lines(module)
    lines = [(line, score) for line, score in found.items() if score > 0 and line not in imports]
    lines.sort(key=lambda pair: (-pair[1], pair[0]))
    return dict(lines[:MAX_LINES])


def _import_lines(module: Module) -> set[int]:
    lines: set[int] = set()
    for node in module.below(module.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            lines.update(range(node.lineno, last_line(node) + 1))
    return lines


def _derived(module: Module, scores: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    yield from _headers(module, scores)
    yield from _long_f_strings(module, scores)
    read = _names_read(module, scores)
    for body in _definition_bodies(module.tree):
        for node in body:
            score = max((read.get(name, 0.0) for name in assigned_names(node)), default=0.0)
            if score > 0:
                for line in range(node.lineno, last_line(node) + 1):
                    yield line, score * _DEFINITION_SHARE


def _long_f_strings(module: Module, scores: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    """Their lines are executed together; before Python 3.12 a test was seen to execute the first one only."""
    for node in module.f_strings:
        lines = range(node.lineno, last_line(node) + 1)
        score = max((scores.get(line, 0.0) for line in lines), default=0.0) if len(lines) > 1 else 0.0
        if score > 0:
            for line in lines:
                yield line, score


def _headers(module: Module, scores: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    """Signatures and decorators: they run at import, but the fault may be a default."""
    for node in module.below(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            start = node.body[0].lineno
            highest = max((scores.get(line, 0.0) for line in range(start, (node.end_lineno or start) + 1)), default=0.0)
            if highest > 0:
                for line in range(first_line(node), max(start, node.lineno + 1)):
                    yield line, highest * _HEADER_SHARE


def _names_read(module: Module, scores: Mapping[int, float]) -> dict[str, float]:
    read: dict[str, float] = {}
    for node in module.below(module.tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            name = name_of(node)
            score = scores.get(node.end_lineno or node.lineno, 0.0)
            if score > read.get(name, 0.0) and module.function_of(node) is not None:
                read[name] = score
    return read


def _definition_bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    yield tree.body
    yield from (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))

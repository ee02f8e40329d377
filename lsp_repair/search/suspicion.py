"""From executed lines to suspicious ones: traceback frames, and definitions that suspicious lines depend on."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.nodes import first_line

MAX_LINES = 60
_UNSPECIFIC = {"AssertionError", "Failed", "RecursionError", "TimeoutError"}
"""Errors whose traceback does not point at the fault."""
_UNKNOWN = 0.3
_HIGHEST = 1.2
_HEADER_SHARE = 0.6
_DEFINITION_SHARE = 0.6


def suspicious_lines(
    path: str, module: Module, scores: Mapping[int, float], failures: Iterable[Failure]
) -> dict[int, float]:
    """The most suspicious lines (1-based) of the module, at most `MAX_LINES`, best first."""
    raised = raised_by_frames(path, scores, failures)
    for line, score in _derived(module, raised):
        raised[line] = max(raised.get(line, 0.0), score)
    imports = _import_lines(module)
    lines = [(line, score) for line, score in raised.items() if score > 0 and line not in imports]
    lines.sort(key=lambda pair: (-pair[1], pair[0]))
    return dict(lines[:MAX_LINES])


def raised_by_frames(path: str, scores: Mapping[int, float], failures: Iterable[Failure]) -> dict[int, float]:
    """Scores with the lines of specific errors' tracebacks raised, the innermost most."""
    raised = dict(scores)
    for failure in failures:
        if failure.error_type in _UNSPECIFIC:
            continue
        lines = [frame.line for frame in reversed(failure.frames) if frame.path == path]
        for depth, line in enumerate(lines):
            raised[line] = min(_HIGHEST, raised.get(line, _UNKNOWN) + 0.35 / (1 + depth))
    return raised


def _import_lines(module: Module) -> set[int]:
    lines: set[int] = set()
    for node in module.below(module.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _derived(module: Module, scores: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    yield from _headers(module, scores)
    read = _names_read(module, scores)
    for body in _definition_bodies(module.tree):
        for node in body:
            targets = _targets(node)
            score = max((read.get(name, 0.0) for name in targets), default=0.0)
            if score > 0:
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    yield line, score * _DEFINITION_SHARE


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
            name = node.id if isinstance(node, ast.Name) else node.attr
            score = scores.get(node.end_lineno or node.lineno, 0.0)
            if score > read.get(name, 0.0) and module.function_of(node) is not None:
                read[name] = score
    return read


def _definition_bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    yield tree.body
    yield from (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _targets(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [each.id for each in targets if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []

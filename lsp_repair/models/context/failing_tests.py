"""The source of a failing test: its own function, wherever it is defined, and the row of a table that it failed with."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lsp_repair.domain.runs import Failure, Frame
from lsp_repair.models.context.definitions import At, Definitions
from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.nodes import first_line, last_line, parameters
from lsp_repair.pycode.outline import Kind, Part

_LONG_TABLE = 12
"""Lines of a table that are shown whole."""
_MAX_ROWS = 3
_LONG_FACTORY = 60
"""Lines of a function that makes tests above which only the test in it is shown."""
_MAX_VALUE = 120
_AROUND = 12
"""Lines shown around a test that has no function, such as a doctest of a text file."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a failing test is defined."""

    path: str
    part: Part | None
    """Its function; None for what has none."""
    first: int
    last: int

    @property
    def at(self) -> At | None:
        """As a definition."""
        return None if self.part is None else At(self.path, self.part)


def located(failure: Failure, line: int, definitions: Definitions, is_test: Callable[[str], bool]) -> Located | None:
    """The definition of a failing test; None where no file that may be shown holds it.

    `line` is where pytest says that it begins, 0 where it does not. What was executed goes before what is written: a
    test may be inherited, made by a function, or given another name.
    """
    file, _, rest = failure.node_id.function.partition("::")
    names = rest.split("::")
    for found in (
        *_by_frame(failure, names[-1], definitions, is_test),
        _by_name(file, names, definitions),
        *_by_frame(failure, "", definitions, is_test),
        _by_line(file, line, definitions),
    ):
        if found is not None:
            return found
    return None


def _by_frame(
    failure: Failure, name: str, definitions: Definitions, is_test: Callable[[str], bool]
) -> Iterator[Located]:
    """The outermost frame of a function of this name, or of any in a test's file."""
    if failure.phase not in {"call", "teardown"}:
        return
    for frame in failure.frames:
        if not frame.in_project or (name and frame.function != name) or not is_test(frame.path):
            continue
        outer = definitions.outline(frame.path).function_at(frame.line)
        if outer is not None:
            part = _nested(outer, frame) if outer.size > _LONG_FACTORY else outer
            yield Located(frame.path, part, part.first, part.last)
            return


def _nested(outer: Part, frame: Frame) -> Part:
    """The function within a long one that a frame belongs to; of a short one all is shown, as the test reads its names."""
    inside = [
        each
        for each in ast.walk(outer.node)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and first_line(each) <= frame.line <= last_line(each)
    ]
    named = [each for each in inside if each.name == frame.function]
    node = max(named or inside, key=lambda each: each.lineno)
    return replace(outer, name=f"{outer.name}.{node.name}", first=first_line(node), last=last_line(node), node=node)


def _by_name(file: str, names: list[str], definitions: Definitions) -> Located | None:
    at = definitions.named(file, ".".join(names))
    if at is None and len(names) > 1:
        owner = definitions.named(file, ".".join(names[:-1]))
        at = definitions.member(owner, names[-1]) if owner is not None else None
    if at is None or at.part.kind is not Kind.FUNCTION:
        return None
    return Located(at.path, at.part, at.part.first, at.part.last)


def _by_line(file: str, line: int, definitions: Definitions) -> Located | None:
    data = definitions.read(file)
    if data is None or not line:
        return None
    part = definitions.outline(file).function_at(line)
    if part is not None:
        return Located(file, part, part.first, part.last)
    return Located(file, None, max(1, line - _AROUND), min(data.count(b"\n") + 1, line + _AROUND))


def excerpt_of(found: Located, failure: Failure) -> Excerpt:
    """The test's lines: of a long table in its decorators only the rows that it may have failed with."""
    frame = _own_frame(found, failure)
    hottest = frame.line if frame is not None and found.first <= frame.line <= found.last else found.first
    if found.part is None:
        return Excerpt(found.path, found.first, found.last, 0.0, hottest)
    node = found.part.node
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    values = row_values(found, failure)
    lines = set(range(node.lineno, found.last + 1))
    for each in decorators:
        lines.update(table_lines(each, values, failure.node_id))
    body = range(found.first, found.last + 1)
    gone = frozenset(body) - lines
    return Excerpt(found.path, found.first, found.last, 0.0, hottest, name=found.part.name, skipped=gone)


def _own_frame(found: Located, failure: Failure) -> Frame | None:
    return next(
        (each for each in failure.frames if each.path == found.path and found.first <= each.line <= found.last), None
    )


def row_values(found: Located, failure: Failure) -> dict[str, str]:
    """The arguments that a test ran with, as far as its frame shows them."""
    frame, node = _own_frame(found, failure), found.part.node if found.part is not None else None
    if frame is None or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {}
    asked = {each.arg for each in parameters(node.args)} - {"self", "cls"}
    return {name: value for name, value in frame.locals if name in asked}


def row_of(found: Located | None, failure: Failure) -> str:
    """One line about the row of a parametrised test; empty for any other."""
    _, bracket, row = failure.node_id.partition("[")
    if not bracket:
        return ""
    values = row_values(found, failure) if found is not None else {}
    said = ", ".join(f"{name}={value[:_MAX_VALUE]}" for name, value in values.items())
    return f"row [{row}" + (f": {said}" if said else "")


def table_lines(node: ast.AST, values: dict[str, str], row: str) -> set[int]:
    """The lines of a statement or an expression to show: of a long table its ends and the rows that hold the values.

    `row` is the test's id; rows whose values or ids stand in it are meant as well.
    """
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    every = set(range(first, last + 1))
    table = max(_tables(node), key=len, default=[])
    if len(every) <= _LONG_TABLE or len(table) < 4:
        return every
    wanted = {each.strip("'\"") for each in (*values.values(), *row.partition("[")[2].rstrip("]").split("-")) if each}
    scores = [(_likeness(each, wanted), each) for each in table]
    best = max(score for score, _ in scores)
    chosen = [each for score, each in scores if score == best][:_MAX_ROWS] if best else table[:_MAX_ROWS]
    inside = set(range(table[0].lineno, (table[-1].end_lineno or last) + 1))
    kept = {line for each in chosen for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
    return (every - inside) | kept


def _tables(node: ast.AST) -> Iterator[list[ast.expr]]:
    for each in ast.walk(node):
        match each:
            case ast.List(elts=rows) | ast.Tuple(elts=rows) | ast.Set(elts=rows):
                yield rows
            case ast.Dict(keys=keys):
                yield [key for key in keys if key is not None]
            case _:
                pass


def _likeness(row: ast.expr, wanted: set[str]) -> float:
    """The share of the row's values that are wanted."""
    values = [each for each in ast.walk(row) if isinstance(each, ast.Constant)]
    return sum(str(each.value) in wanted for each in values) / len(values) if values else 0.0

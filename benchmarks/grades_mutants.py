"""Bugs for grades.py: small changes of one function, as people get them wrong; shares nothing with the tool's own templates."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

from grades_kinds import KINDS, Function, Scope


@dataclass(frozen=True, slots=True)
class Mutant:
    """One node of a function and what takes its place; None: it is dropped."""

    kind: str
    node: ast.AST
    new: ast.AST | None

    @property
    def line(self) -> int:
        """Where the bug is put."""
        return int(getattr(self.node, "lineno", 0))


def functions(source: bytes) -> list[tuple[str, Function]]:
    """Functions at the top level and methods, with their qualified names."""
    return list(_functions(ast.parse(source), ""))


def _functions(holder: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(holder):
        if isinstance(node, Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from _functions(node, prefix)


def statements(function: Function) -> int:
    """How many statements its body has, those within others counted, docstrings not."""
    found = [each for each in ast.walk(function) if isinstance(each, ast.stmt) and not _is_text(each)]
    return len(found) - 1


def mutants(source: bytes, function: Function) -> Iterator[Mutant]:
    """All bugs that can be put into a function of this source."""
    scope = Scope.of(ast.parse(source), function)
    for node in _within(function):
        for kind, made in KINDS.items():
            yield from (Mutant(kind, node, new) for new in made(node, scope))


def applied(source: bytes, mutant: Mutant) -> bytes | None:
    """The source with the bug; None where it would not be what is meant."""
    variants = [mutant, replace(mutant, new=ast.Pass())] if mutant.new is None else [mutant]
    for each in variants:
        meant = _meant(source, each)
        for text in _texts(source, each):
            try:
                found = ast.dump(ast.parse(text))
            except (SyntaxError, ValueError):
                continue
            if found == meant and found != ast.dump(ast.parse(source)):
                return text
    return None


def _meant(source: bytes, mutant: Mutant) -> str:
    tree = ast.parse(source)
    return ast.dump(_Replacing(mutant).visit(tree) or tree)


class _Replacing(ast.NodeTransformer):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def visit(self, node: ast.AST) -> ast.AST | None:
        if _place(node) == _place(self.mutant.node) and type(node) is type(self.mutant.node):
            if self.mutant.new is None:
                return None
            return copy.deepcopy(self.mutant.new)
        found: ast.AST = super().generic_visit(node)
        return found


def _place(node: ast.AST) -> tuple[object, ...]:
    return tuple(getattr(node, name, None) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"))


def _texts(source: bytes, mutant: Mutant) -> Iterator[bytes]:
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    first, column, last, end_column = (int(str(each)) for each in _place(mutant.node))
    start, end = starts[first - 1] + column, starts[last - 1] + end_column
    if mutant.new is None:
        yield source[: starts[first - 1]] + source[starts[last] :]
        return
    if mutant.kind == "else dropped":
        *_, body_last, body_column = _place(mutant.node.body[-1])  # type: ignore[attr-defined]
        yield source[: starts[int(str(body_last)) - 1] + int(str(body_column))] + source[end:]
        return
    text = ast.unparse(mutant.new).replace("\n", "\n" + " " * column).encode()
    yield source[:start] + text + source[end:]
    if isinstance(mutant.new, ast.expr):
        yield source[:start] + b"(" + text + b")" + source[end:]


def _within(function: Function) -> Iterator[ast.AST]:
    """Nodes of the body whose place in the text is known, without annotations and texts that are formatted."""
    waiting: list[ast.AST] = [each for each in function.body if not _is_text(each)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr) or _is_text(node):
            continue
        if hasattr(node, "lineno"):
            yield node
        for name, value in ast.iter_fields(node):
            if name not in {"annotation", "returns", "decorator_list"}:
                waiting += [
                    each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)
                ]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

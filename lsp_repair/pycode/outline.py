"""A file's definitions, imports and assignments with their lines: what it is made of, without what functions are made of."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from lsp_repair.pycode.modules import parsed
from lsp_repair.pycode.nodes import Function, bound_names, first_line, last_line

_KEPT = 200
"""Outlines of files that are kept: a failing test may execute as many."""


class Kind(StrEnum):
    """What a part of a file is."""

    FUNCTION = "function"
    """Also a method; what is nested in one belongs to it."""
    CLASS = "class"
    IMPORT = "import"
    ASSIGNMENT = "assignment"


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """A statement of a module or a class with its lines."""

    name: str
    """With the classes around it: `Cart.total`; of an import or an assignment the first name that it binds."""
    kind: Kind
    first: int
    """1-based, decorators included."""
    last: int
    owner: str
    """The class around it by its whole name; empty in none."""
    binds: tuple[str, ...]
    node: ast.stmt

    @property
    def own_name(self) -> str:
        """Without the classes around it."""
        return self.name.rpartition(".")[2]

    @property
    def size(self) -> int:
        """How many lines."""
        return self.last - self.first + 1

    @property
    def header(self) -> int:
        """The last line of the head of a definition; of anything else its last line."""
        body: list[ast.stmt] = getattr(self.node, "body", [])
        return max(self.node.lineno, body[0].lineno - 1) if body else self.last


@dataclass(frozen=True, eq=False)
class Outline:
    """The parts of one file in the order of its text."""

    parts: tuple[Part, ...] = ()

    @cached_property
    def functions(self) -> tuple[Part, ...]:
        """Functions and methods."""
        return tuple(each for each in self.parts if each.kind is Kind.FUNCTION)

    @cached_property
    def imports(self) -> tuple[Part, ...]:
        """Import statements outside of functions."""
        return tuple(each for each in self.parts if each.kind is Kind.IMPORT)

    @cached_property
    def _by_line(self) -> dict[int, Part]:
        return {line: each for each in self.functions for line in range(each.first, each.last + 1)}

    @cached_property
    def _by_name(self) -> dict[str, Part]:
        return {each.name: each for each in self.parts if each.kind in {Kind.FUNCTION, Kind.CLASS}}

    @cached_property
    def _classes(self) -> dict[str, Part]:
        return {each.name: each for each in self.parts if each.kind is Kind.CLASS}

    def class_named(self, name: str) -> Part | None:
        """The class of this whole name, also where a function has it too."""
        return self._classes.get(name)

    def function_at(self, line: int) -> Part | None:
        """The function around a line; of nested ones the outermost."""
        return self._by_line.get(line)

    def named(self, name: str) -> Part | None:
        """The function or class of this whole name; the last one, where there are several."""
        return self._by_name.get(name)

    def inside(self, owner: str) -> Iterator[Part]:
        """The parts of a class, or of the module where the name is empty."""
        return (each for each in self.parts if each.owner == owner)

    def binding(self, name: str, owner: str = "") -> Iterator[Part]:
        """Imports and assignments of a class or of the module that bind a name."""
        return (
            each for each in self.inside(owner) if name in each.binds and each.kind in {Kind.IMPORT, Kind.ASSIGNMENT}
        )

    def classes_around(self, part: Part) -> Iterator[Part]:
        """Innermost first."""
        owner = part.owner
        while owner:
            found = self.class_named(owner)
            if found is not None:
                yield found
            owner = owner.rpartition(".")[0]


NOTHING = Outline()


@lru_cache(maxsize=_KEPT)
def outline(data: bytes) -> Outline:
    """Of a file; empty for what this Python cannot parse."""
    tree = parsed(data)
    return NOTHING if tree is None else Outline(tuple(_parts(tree.body, "")))


def _parts(body: Iterable[ast.stmt], owner: str) -> Iterator[Part]:
    waiting = [*body][::-1]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield _part(node, Kind.FUNCTION, owner)
            case ast.ClassDef():
                found = _part(node, Kind.CLASS, owner)
                yield found
                yield from _parts(node.body, found.name)
            case ast.Import() | ast.ImportFrom():
                yield _part(node, Kind.IMPORT, owner)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                yield _part(node, Kind.ASSIGNMENT, owner)
            case _:
                waiting += [*_blocks(node)][::-1]


def _blocks(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in the blocks of a condition, an attempt, a loop or a context."""
    for each in ast.iter_child_nodes(node):
        match each:
            case ast.stmt():
                yield each
            case ast.ExceptHandler(body=body) | ast.match_case(body=body):
                yield from body
            case _:
                pass


def _part(node: ast.stmt, kind: Kind, owner: str) -> Part:
    binds = tuple(_bound(node))
    own = binds[0] if binds else ""
    return Part(f"{owner}.{own}" if owner else own, kind, first_line(node), last_line(node), owner, binds, node)


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets):
            yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
        case ast.AugAssign(target=ast.Name(name)):
            yield name
        case _:
            yield from bound_names(node)


def is_trivial(part: Part) -> bool:
    """Whether a function does hardly anything: one statement on one line beside its docstring."""
    if not isinstance(part.node, Function):
        return False
    body = [
        each for each in part.node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]
    return len(body) <= 1 and all(last_line(each) - each.lineno < 1 for each in body)

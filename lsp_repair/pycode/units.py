"""The smallest piece of a candidate that can be compiled by itself: the function around its edits."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.domain.patches import Candidate, Edit, SourceFile, spliced
from lsp_repair.pycode import nodes
from lsp_repair.pycode.modules import line_starts, parsed
from lsp_repair.pycode.nodes import first_line, last_line


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a module or class as it stands in the file."""

    name: str
    first_line: int
    """Of the first decorator, as in code objects."""
    shells: tuple[str, ...]
    """The classes around it, outermost first."""
    start: int
    end: int
    """Byte offsets of its lines, decorators included."""
    body_start: int
    """Where edits leave decorators, defaults and annotations as they are."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A function with its text after a candidate's edits."""

    function: Function
    text: str


class FunctionIndex:
    """The functions of one file that can be swapped one by one."""

    def __init__(self, source: SourceFile) -> None:
        self._data = source.data
        self.functions: tuple[Function, ...] = ()
        """In file order."""
        self._encoding = "utf-8"
        try:
            self._encoding = tokenize.detect_encoding(io.BytesIO(source.data).readline)[0]
        except SyntaxError:
            return
        tree = parsed(source.data)
        if tree is None:
            return
        starts = line_starts(source.data)
        self.functions = tuple(_functions(tree.body, (), starts))

    def unit(self, candidate: Candidate) -> Unit | None:
        """The function that holds all edits in its body; None when the module has to be imported again."""
        first = min(edit.start for edit in candidate.edits)
        last = max(edit.end for edit in candidate.edits)
        for function in self.functions:
            if function.body_start <= first and last <= function.end:
                return Unit(function, self._text(function, candidate.edits))
        return None

    def original(self, function: Function) -> Unit:
        """The function without edits."""
        return Unit(function, self._text(function, ()))

    def _text(self, function: Function, edits: tuple[Edit, ...]) -> str:
        data = self._data[function.start : function.end]
        moved = [Edit(edit.start - function.start, edit.end - function.start, edit.text) for edit in edits]
        return spliced(data, moved).decode(self._encoding, "surrogateescape")


def replaced_functions(before: SourceFile, after: SourceFile) -> tuple[Unit, ...] | None:
    """The functions of `before` whose bodies differ, with their new text; None when anything else differs."""
    old, new = FunctionIndex(before), FunctionIndex(after)
    if not old.functions or len(old.functions) != len(new.functions) or _skeleton(old, before) != _skeleton(new, after):
        return None
    pairs = (
        (old.original(mine), new.original(theirs)) for mine, theirs in zip(old.functions, new.functions, strict=True)
    )
    return tuple(Unit(mine.function, theirs.text) for mine, theirs in pairs if mine.text != theirs.text)


def _skeleton(index: FunctionIndex, source: SourceFile) -> tuple[bytes, ...]:
    """What lies around the bodies of functions."""
    at, pieces = 0, list[bytes]()
    for function in sorted(index.functions, key=lambda each: each.start):
        pieces.append(source.data[at : function.body_start])
        at = function.end
    return (*pieces, source.data[at:])


def _functions(body: list[ast.stmt], shells: tuple[str, ...], starts: tuple[int, ...]) -> Iterator[Function]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if node.body[0].lineno > node.lineno:
                    yield _function(node, shells, starts)
            case ast.ClassDef():
                yield from _functions(node.body, (*shells, node.name), starts)
            case ast.If() | ast.With():
                yield from _functions(node.body, shells, starts)
                if isinstance(node, ast.If):
                    yield from _functions(node.orelse, shells, starts)
            case ast.Try():
                yield from _functions([*node.body, *node.orelse, *node.finalbody], shells, starts)
            case _:
                pass


def _function(node: nodes.Function, shells: tuple[str, ...], starts: tuple[int, ...]) -> Function:
    first = first_line(node)
    start, end = starts[first - 1], starts[last_line(node)]
    return Function(node.name, first, shells, start, end, starts[node.body[0].lineno - 1])

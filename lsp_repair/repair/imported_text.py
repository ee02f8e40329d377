"""A file as a process imported it, and which of its functions a newer text replaces."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.patches import SourceFile
from lsp_repair.domain.runs import NodeId
from lsp_repair.pycode import nodes
from lsp_repair.pycode.modules import tree_of
from lsp_repair.pycode.units import Function, FunctionIndex, replaced_functions
from lsp_repair.testrun.warm_server import UNKNOWN, Reach

_EVERYTHING: Reach = frozenset({UNKNOWN})
Replaced = Mapping[Function, str]
"""Functions of the imported text with their new text."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A function's lines in a file as it was imported."""

    path: str
    first: int
    last: int


@dataclass(slots=True)
class Reaches:
    """Tests by what they reach; a test about which nothing is known counts as reaching everything."""

    _by_test: dict[NodeId, Reach] = field(default_factory=dict[NodeId, Reach])
    _by_file: dict[str, dict[int, set[NodeId]]] = field(default_factory=dict[str, dict[int, set[NodeId]]])

    def note(self, found: Mapping[NodeId, Reach]) -> None:
        """Add to what is known of tests."""
        for test, reach in found.items():
            before = self._by_test.get(test, frozenset())
            self._by_test[test] = before | reach
            for path, line in reach - before:
                self._by_file.setdefault(path, {}).setdefault(line, set()).add(test)

    def ran(self, tests: Sequence[NodeId], found: Mapping[NodeId, Reach]) -> None:
        """Tests ran together on changed code.

        What none of them reached before counts for all of them: one test may have done the work for the others.
        """
        before = frozenset[tuple[str, int]]().union(*(self._by_test.get(test, frozenset()) for test in tests))
        fresh = frozenset[tuple[str, int]]().union(*found.values()) - before
        self.note({test: found.get(test, _EVERYTHING) | fresh for test in tests})

    def reaching(self, functions: Iterable[Lines], tests: frozenset[NodeId]) -> frozenset[NodeId]:
        """The tests that execute one of these functions, or might."""
        everything = self._by_file.get(UNKNOWN[0], {}).get(UNKNOWN[1], set[NodeId]())
        found = {test for test in tests if test not in self._by_test or test in everything}
        for function in functions:
            for line, reaching in self._by_file.get(function.path, {}).items():
                if line == 0 or function.first <= line <= function.last:
                    found.update(reaching)
        return tests & found


class ImportedText:
    """Parsed once: of a newer text only the functions that differ are parsed."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        index = FunctionIndex(source)
        self._functions = sorted(index.functions, key=lambda each: each.start)
        self._originals = {each: index.original(each).text for each in self._functions}

    def replaced(self, data: bytes) -> Replaced | None:
        """The functions that differ in their bodies; None if anything else differs, docstrings included."""
        units = self._by_pieces(data)
        if units is None:
            found = replaced_functions(self._source, SourceFile(self._source.path, data))
            units = None if found is None else {unit.function: unit.text for unit in found}
        if units is None or any(_documentation(self._originals[each]) != _documentation(units[each]) for each in units):
            return None
        return units

    def lines(self, function: Function) -> Lines:
        """Where it stands."""
        count = len(self._source.data[function.start : function.end].splitlines())
        return Lines(self._source.path, function.first_line, function.first_line + count - 1)

    def _by_pieces(self, data: bytes) -> dict[Function, str] | None:
        """The functions with new bodies, if the text around all bodies is unchanged and each new body parses by itself."""
        if not self._functions or not data.startswith(self._source.data[: self._functions[0].body_start]):
            return None
        replaced: dict[Function, str] = {}
        at = self._functions[0].body_start
        for function, around in self._around():
            old = self._source.data[function.body_start : function.end]
            if data.startswith(old + around, at):
                end = at + len(old)
            else:
                end = data.find(around, at) if around else len(data)
                text = self._replaced(function, data[at:end]) if end >= 0 else None
                if text is None:
                    return None
                replaced[function] = text
            at = end + len(around)
        return replaced if at == len(data) else None

    def _around(self) -> Iterator[tuple[Function, bytes]]:
        """Each function with the text between its body and the next one."""
        for number, function in enumerate(self._functions):
            following = self._functions[number + 1 : number + 2]
            yield function, self._source.data[function.end : following[0].body_start if following else None]

    def _replaced(self, function: Function, body: bytes) -> str | None:
        """The function's text with another body; None unless that is one function of the same name."""
        head = self._source.data[function.start : function.body_start]
        try:
            text = (head + body).decode("utf-8")
        except UnicodeDecodeError:
            return None
        node = _parsed(text)
        if not body.endswith(b"\n") or node is None or node.name != function.name:
            return None
        return text if self._is_utf8 else None

    @property
    def _is_utf8(self) -> bool:
        first_lines = self._source.data[:200].split(b"\n", 2)[:2]
        return not any(b"coding" in line for line in first_lines)


def _parsed(text: str) -> nodes.Function | None:
    """The only statement of a text, when it is a function."""
    is_indented = text[:1] in {" ", "\t"}
    tree = tree_of(f"if 1:\n{text}" if is_indented else text)
    match tree.body if tree is not None else []:
        case [ast.If(_, [ast.FunctionDef() | ast.AsyncFunctionDef() as only], [])] if is_indented:
            return only
        case [ast.FunctionDef() | ast.AsyncFunctionDef() as only]:
            return only
        case _:
            return None


def _documentation(text: str) -> str | None:
    """The docstring: live function objects keep theirs, and doctests are collected from it."""
    function = _parsed(text)
    return None if function is None else ast.get_docstring(function, clean=False)

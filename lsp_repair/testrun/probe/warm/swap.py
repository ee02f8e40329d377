"""Replacing the code of live functions by a candidate's, in place and back again.

Every alias, decorator closure and bound method sees the new code, because it is the function objects found by the
garbage collector whose `__code__` changes.
"""

from __future__ import annotations
import __future__

import ast
import gc
import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, Optional

FunctionKey = tuple[str, str, int]
"""File, bare name, first line (of the first decorator, as code objects count)."""
Undo = list[tuple[FunctionType, CodeType]]


class NotSwappableError(Exception):
    """The candidate needs its module imported again."""


UNSWAPPABLE = (NotSwappableError, SyntaxError, ValueError, OverflowError, MemoryError, RecursionError)
"""What compiling a candidate and putting it in place may raise."""


class ImportTimeCalls:
    """Which functions of the project run while it is imported and collected: their effects outlive a swap."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self.called: set[FunctionKey] = set()

    def __enter__(self) -> ImportTimeCalls:
        sys.setprofile(self._event)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.setprofile(None)

    def _event(self, frame: Any, event: str, argument: object) -> None:
        if event == "call":
            code = frame.f_code
            if code.co_filename.startswith(self._prefix):
                self.called.add((code.co_filename, code.co_name, code.co_firstlineno))


def code_flags(source: bytes) -> int:
    """The compiler flags of the module's `from __future__` imports."""
    flags = 0
    if b"__future__" not in source:
        return flags
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    return flags


@lru_cache(maxsize=None)  # in a child, whose files stay as they are
def flags_of_file(path: str) -> int:
    """The compiler flags of the module in a file."""
    with open(path, "rb") as file:
        return code_flags(file.read())


def compiled(path: str, first_line: int, shells: Sequence[str], text: str, flags: int) -> CodeType:
    """The code object of the function that `text` holds, as if it stood at its place in the file.

    `shells` names the classes around it, outermost first: they give `super()` and private names their meaning.
    """
    indented = text[:1] in " \t"
    padding = "\n" * (first_line - 1 - indented)
    tree = ast.parse(padding + ("if 1:\n" if indented else "") + text)
    outer: Any = tree.body[0] if indented else tree
    body: list[ast.stmt] = outer.body
    function = body[0]
    if len(body) != 1 or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise NotSwappableError
    function.decorator_list = []
    module = ast.Module([ast.fix_missing_locations(in_shells(function, shells))], [])
    code: CodeType = compile(module, path, "exec", flags=flags, dont_inherit=True)
    for name in (*shells, function.name):
        code = _inner(code, name)
    swapped: CodeType = code.replace(co_firstlineno=first_line)
    return swapped


def in_shells(node: ast.stmt, shells: Sequence[str]) -> ast.stmt:
    """The statement inside of empty classes with these names, outermost first."""
    for name in reversed(shells):
        shell = ast.ClassDef(name=name, bases=[], keywords=[], body=[node], decorator_list=[])
        shell.type_params = []  # type: ignore[attr-defined]
        node = ast.copy_location(shell, node)
    return node


def _inner(code: CodeType, name: str) -> CodeType:
    """The code object called `name` inside `code`, past the scope that type parameters put around it."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name:
                return constant
            if constant.co_name.startswith("<generic parameters"):
                return _inner(constant, name)
    raise NotSwappableError


def nested(code: CodeType) -> dict[tuple[Any, ...], CodeType]:
    """All code objects inside, by the names and ordinals that lead to them."""
    found: dict[tuple[Any, ...], CodeType] = {(): code}
    counts: dict[str, int] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            ordinal = counts.get(constant.co_name, 0)
            counts[constant.co_name] = ordinal + 1
            for path, inner in nested(constant).items():
                found[((constant.co_name, ordinal), *path)] = inner
    return found


class LiveFunctions:
    """The function objects of the project's files as they are after collection."""

    def __init__(self, root: str) -> None:
        prefix = root + os.sep
        self._by_key: dict[FunctionKey, list[FunctionType]] = {}
        for each in gc.get_objects():
            if type(each) is FunctionType:
                code = each.__code__
                if code.co_filename.startswith(prefix):
                    self._by_key.setdefault((code.co_filename, code.co_name, code.co_firstlineno), []).append(each)

    def at(self, path: str, name: str, first_line: int) -> list[FunctionType]:
        """The live functions whose code stands at this place."""
        return self._by_key.get((path, name, first_line), [])

    def replace(self, path: str, first_line: int, name: str, new: CodeType) -> Undo:
        """Put `new` and its nested functions in place of the live ones; raises NotSwappableError when that cannot be."""
        live = self._by_key.get((path, name, first_line))
        if not live:
            raise NotSwappableError
        new_by_path = nested(new)
        undo: Undo = []
        for original in {id(function.__code__): function.__code__ for function in live}.values():
            for structure, old in nested(original).items():
                self._replace_one(old, new_by_path.get(structure), undo)
        return undo

    def _replace_one(self, old: CodeType, new: Optional[CodeType], undo: Undo) -> None:
        if new is None:
            return
        for function in self._by_key.get((old.co_filename, old.co_name, old.co_firstlineno), ()):
            if function.__code__ is old:
                if new.co_freevars != old.co_freevars:
                    put_back(undo)
                    raise NotSwappableError
                undo.append((function, old))
                function.__code__ = new


def put_back(undo: Undo) -> None:
    """Restore what `replace` returned."""
    for function, code in undo:
        function.__code__ = code

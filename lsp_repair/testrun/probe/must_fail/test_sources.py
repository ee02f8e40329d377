"""A test's function compiled again from its file, as it stands there or with an assertion changed."""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, Optional, Union, cast

from ..digests import code_digest
from ..run_records import TrialKind
from ..warm.swap import code_flags, in_shells
from .comparing import Comparing
from .mutants import FunctionNode, Looks, Reach, sites, statements

_Definition = Union[ast.FunctionDef, ast.Assign]


class Mutant:
    """Code to put in place of the test's, and what it says about itself."""

    def __init__(self, what: TrialKind, line: int, code: CodeType, reach: Reach) -> None:
        self.what = what
        self.line = line
        self.code = code
        self.reach = reach


class TestSource:
    """The source of one test function, ready to be compiled again with changes."""

    __test__ = False

    def __init__(self, tree: ast.Module, source: bytes, function: FunctionType, config: Any) -> None:
        self._source = source
        self._function = function
        self._config = config
        self._flags = code_flags(source)
        found = _found(tree.body, function.__code__, ())
        self.node: Optional[FunctionNode] = found[1] if found is not None else None
        self._shells = found[0] if found is not None else ()
        self._imports = list(_imports(tree.body))
        self._defined = _defined_once(tree)
        self.attributes = {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
        """Names that the test's file looks up in other objects."""
        self._is_rewritten = "@pytest_ar" in function.__globals__

    def is_what_runs(self) -> bool:
        """Whether the unchanged source compiles to the code that the function has."""
        code = self._compiled(self.node, {}) if self.node is not None else None
        return code is not None and code_digest(code) == code_digest(self._function.__code__)

    @property
    def space(self) -> dict[str, Any]:
        """The globals of the test's module."""
        return self._function.__globals__

    def looked_at(self, looker: Comparing) -> Optional[CodeType]:
        """The code with each comparison of an assertion made by the looker; None without any."""
        assert self.node is not None
        node = copy.deepcopy(self.node)
        looks = Looks(looker)
        for statement in statements(node.body, forgiving=True):
            looks.enter(statement)
        return self._compiled(node, looks.objects) if looks.objects else None

    def rebound(self) -> list[str]:
        """Names of the test file that do not stand for what the file says: somebody else gave them another value."""
        space = self._function.__globals__
        path = self._function.__code__.co_filename
        return sorted(name for name, node in self._defined.items() if not _stands_for(space.get(name), node, path))

    def mutants(self, most: int) -> Iterator[Mutant]:
        """One for each assertion, as far as there are assertions that can be turned over."""
        assert self.node is not None
        count = sum(1 for _ in sites(self.node))
        step = max(1, -(-count // most))
        for number in range(0, count, step):
            node = copy.deepcopy(self.node)
            reach = Reach()
            what, line, objects = next(each for at, each in enumerate(sites(node)) if at == number)(reach)
            code = self._compiled(node, objects)
            if code is not None:
                yield Mutant(what, line, code, reach)

    def _compiled(self, node: Optional[FunctionNode], objects: dict[str, Any]) -> Optional[CodeType]:
        assert node is not None
        inner = copy.deepcopy(node)
        inner.decorator_list = []
        # From Python 3.12 on, what is called through an imported name compiles to other instructions.
        module = ast.fix_missing_locations(ast.Module([*self._imports, in_shells(inner, self._shells)], []))
        path = self._function.__code__.co_filename
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._is_rewritten:
                from _pytest.assertion.rewrite import rewrite_asserts

                rewrite_asserts(module, self._source, path, self._config)
            code: Optional[CodeType] = compile(module, path, "exec", flags=self._flags, dont_inherit=True)
        for name in (*self._shells, node.name):
            code = _inner(code, name) if code is not None else None
        if code is None or code.co_freevars != self._function.__code__.co_freevars:
            return None
        first_line = self._function.__code__.co_firstlineno
        return _with_objects(code, objects).replace(co_firstlineno=first_line)


def _found(
    body: list[ast.stmt], code: CodeType, shells: tuple[str, ...]
) -> Optional[tuple[tuple[str, ...], FunctionNode]]:
    """The definition that this code was compiled from, with the names of the classes around it."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if node.name == code.co_name and code.co_firstlineno in {first, node.lineno}:
                return shells, node
            continue
        inner = (*shells, node.name) if isinstance(node, ast.ClassDef) else shells
        for name in ("body", "orelse", "finalbody"):
            found = _found(getattr(node, name, []), code, inner)
            if found is not None:
                return found
    return None


def _defined_once(tree: ast.Module) -> dict[str, _Definition]:
    """Plain functions and constants of a module that nothing else in it binds, by name."""
    bound: dict[str, int] = {}
    for node in ast.walk(tree):
        names = [getattr(node, "id", "")] if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)) else []
        names += [getattr(node, "name", None) or ""] if hasattr(node, "name") else []
        names += 2 * list(getattr(node, "names", ())) if isinstance(node, (ast.Global, ast.Nonlocal)) else []
        if isinstance(node, ast.ImportFrom):
            names += [each.asname or each.name for each in node.names]
        for name in names:
            bound[name] = bound.get(name, 0) + 1
    found: dict[str, _Definition] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            found[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found.update({each.id: node for each in node.targets if isinstance(each, ast.Name)})
    return {name: node for name, node in found.items() if bound.get(name) == 1}


def _stands_for(value: object, node: _Definition, path: str) -> bool:
    if isinstance(node, ast.Assign):
        constant: object = cast("ast.Constant", node.value).value
        return type(value) is type(constant) and repr(value) == repr(constant)
    code = getattr(value, "__code__", None)
    return code is None or (code.co_filename == path and code.co_name == node.name)


def _imports(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The imports of a module's own scope, but for those from the future, which are flags."""
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if getattr(node, "module", None) != "__future__":
                yield node
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody", "handlers"):
                yield from _imports(getattr(node, name, []))


def _inner(code: CodeType, name: str) -> Optional[CodeType]:
    return next((each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name), None)


def _with_objects(code: CodeType, objects: dict[str, Any]) -> CodeType:
    """The code with objects in place of the marks that stand for them."""

    def put(constant: Any) -> Any:
        if isinstance(constant, CodeType):
            return _with_objects(constant, objects)
        return objects.get(constant, constant) if isinstance(constant, str) else constant

    return code.replace(co_consts=tuple(put(each) for each in code.co_consts))

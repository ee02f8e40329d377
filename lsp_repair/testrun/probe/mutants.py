"""Copies of a test's code in which one assertion is turned over, and one in which all comparisons are looked at.

A mutant is built from the test file's own source, with pytest's assertion rewriting, and is put in place of the
function's code for one call. Only what no right patch can pass is mutated: an assertion that held in the same test a
moment before, and that nothing around it would forgive.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, Callable, Optional, Union

from .innermost import code_digest
from .swap import code_flags

_FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]
_FORGIVING = ("raises", "suppress", "subtest", "fail", "error", "warns", "retry", "attempt", "deprecated")
_RAISING = {"raises", "assertRaises", "assertRaisesRegex"}
_COMPARISONS: dict[type, str] = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_UNITTEST_COMPARISONS = {
    "assertEqual": "==",
    "assertNotEqual": "!=",
    "assertLess": "<",
    "assertLessEqual": "<=",
    "assertGreater": ">",
    "assertGreaterEqual": ">=",
}
_ONE, _OTHER = object(), object()
_UNITTEST_LIES: dict[str, tuple[Any, ...]] = {
    "assertEqual": (_ONE, _OTHER),
    "assertNotEqual": (_ONE, _ONE),
    "assertIs": (_ONE, _OTHER),
    "assertIsNot": (_ONE, _ONE),
    "assertIsNone": (_ONE,),
    "assertIsNotNone": (None,),
    "assertTrue": (False,),
    "assertFalse": (True,),
    "assertIn": (_ONE, ()),
    "assertNotIn": (_ONE, (_ONE,)),
    "assertIsInstance": (_ONE, int),
    "assertNotIsInstance": (_ONE, object),
    "assertLess": (1, 0),
    "assertLessEqual": (1, 0),
    "assertGreater": (0, 1),
    "assertGreaterEqual": (0, 1),
    "assertAlmostEqual": (0, 1),
    "assertNotAlmostEqual": (0, 0),
    "assertListEqual": ([1], [2]),
    "assertTupleEqual": ((1,), (2,)),
    "assertSequenceEqual": ([1], [2]),
    "assertCountEqual": ([1], [2]),
    "assertSetEqual": ({1}, {2}),
    "assertDictEqual": ({1: 1}, {1: 2}),
    "assertMultiLineEqual": ("a", "b"),
    "assertRegex": ("a", "b"),
}
"""What each claim of unittest is false for, whatever the product does."""


class Reach:
    """Whether the mutated place was executed."""

    def __init__(self) -> None:
        self.is_reached = False


class UnknownError(Exception):
    """What no code of the user's raises."""


class Mutant:
    """Code to put in place of the test's, and what it says about itself."""

    def __init__(self, what: str, line: int, code: CodeType, reach: Reach) -> None:
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
        self.node: Optional[_FunctionNode] = found[1] if found is not None else None
        self._shells = found[0] if found is not None else ()
        self._imports = list(_imports(tree.body))
        self._defined = _defined_once(tree)
        self._is_rewritten = "@pytest_ar" in function.__globals__

    def is_what_runs(self) -> bool:
        """Whether the unchanged source compiles to the code that the function has."""
        code = self._compiled(self.node, {}) if self.node is not None else None
        return code is not None and code_digest(code) == code_digest(self._function.__code__)

    def looked_at(self, look: Callable[[str, Any, Any], Any]) -> Optional[CodeType]:
        """The code with each comparison of an assertion made by `look(operator, left, right)`; None without any."""
        assert self.node is not None
        node = copy.deepcopy(self.node)
        looks = _Looks(look)
        for statement in _statements(node.body, forgiving=True):
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
        count = sum(1 for _ in _sites(self.node))
        step = max(1, -(-count // most))
        for number in range(0, count, step):
            node = copy.deepcopy(self.node)
            reach = Reach()
            what, line, objects = next(each for at, each in enumerate(_sites(node)) if at == number)(reach)
            code = self._compiled(node, objects)
            if code is not None:
                yield Mutant(what, line, code, reach)

    def _compiled(self, node: Optional[_FunctionNode], objects: dict[str, Any]) -> Optional[CodeType]:
        assert node is not None
        inner: ast.stmt = copy.deepcopy(node)
        inner.decorator_list = []  # type: ignore[attr-defined]
        for name in reversed(self._shells):
            shell = ast.ClassDef(name=name, bases=[], keywords=[], body=[inner], decorator_list=[])
            shell.type_params = []  # type: ignore[attr-defined]
            inner = ast.copy_location(shell, inner)
        # From Python 3.12 on, what is called through an imported name compiles to other instructions.
        module = ast.fix_missing_locations(ast.Module([*self._imports, inner], []))
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
) -> Optional[tuple[tuple[str, ...], _FunctionNode]]:
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


def _defined_once(tree: ast.Module) -> dict[str, ast.stmt]:
    """Plain functions and constants of a module that nothing else in it binds, by name."""
    bound: dict[str, int] = {}
    for node in ast.walk(tree):
        names = [getattr(node, "id", "")] if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)) else []
        names += [getattr(node, "name", None) or ""] if hasattr(node, "name") else []
        names += 2 * list(getattr(node, "names", ())) if isinstance(node, (ast.Global, ast.Nonlocal)) else []
        names += (
            [each.asname or each.name for each in node.names]
            if hasattr(node, "names") and hasattr(node, "level")
            else []
        )
        for name in names:
            bound[name] = bound.get(name, 0) + 1
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            found[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found.update({each.id: node for each in node.targets if isinstance(each, ast.Name)})
    return {name: node for name, node in found.items() if bound.get(name) == 1}


def _stands_for(value: Any, node: ast.stmt, path: str) -> bool:
    if isinstance(node, ast.Assign):
        constant: Any = node.value.value  # type: ignore[attr-defined]
        return type(value) is type(constant) and repr(value) == repr(constant)
    code = getattr(value, "__code__", None)
    return code is None or (code.co_filename == path and code.co_name == node.name)  # type: ignore[attr-defined]


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


def _statements(body: list[ast.stmt], *, forgiving: bool) -> Iterator[ast.stmt]:
    """The simple statements of a test's own body; without `forgiving` only those whose errors nothing catches."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, (ast.With, ast.AsyncWith)):
            yield node
            if not forgiving and any(_forgives(item.context_expr) for item in node.items):
                continue
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            if not forgiving:
                continue
        elif not hasattr(node, "body"):
            yield node
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, name, []), forgiving=forgiving)
        for case in (*getattr(node, "cases", ()), *getattr(node, "handlers", ())):
            yield from _statements(case.body, forgiving=forgiving)


def _forgives(context: ast.expr) -> bool:
    text = ast.dump(context).lower()
    return any(word in text for word in _FORGIVING)


_Site = Callable[[Reach], tuple[str, int, dict[str, Any]]]


def _sites(node: _FunctionNode) -> Iterator[_Site]:
    """For each assertion: what turns it over in place, and returns its kind, its line and the objects it needs."""
    for statement in _statements(node.body, forgiving=False):
        if isinstance(statement, ast.Assert):
            yield _negation(statement)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            calls = [item.context_expr for item in statement.items if isinstance(item.context_expr, ast.Call)]
            yield from (_other_error(call) for call in calls if _name(call) in _RAISING and call.args)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            lie = _UNITTEST_LIES.get(_name(call))
            if lie is not None and _is_of_self(call) and len(call.args) >= len(lie) and not _is_spread(call):
                yield _denial(call, lie)
            elif _name(call) in _RAISING and len(call.args) > 1:
                yield _other_error(call)


def _negation(statement: ast.Assert) -> _Site:
    def turn(reach: Reach) -> tuple[str, int, dict[str, Any]]:
        def negated(value: Any) -> bool:
            reach.is_reached = True
            return not value

        mark = _mark()
        statement.test = _call(mark, [statement.test], statement.test)
        return "negated", statement.lineno, {mark: negated}

    return turn


def _denial(call: ast.Call, lie: tuple[Any, ...]) -> _Site:
    """`self.assertEqual(a, b)` gets two objects that are not equal, after `a` and `b` were computed."""

    def turn(reach: Reach) -> tuple[str, int, dict[str, Any]]:
        def lied(*values: Any) -> tuple[Any, ...]:
            reach.is_reached = True
            return lie

        mark = _mark()
        pair = _call(mark, call.args[: len(lie)], call)
        call.args[:] = [ast.copy_location(ast.Starred(pair, ast.Load()), call)]
        call.keywords[:] = []
        return "negated", call.lineno, {mark: lied}

    return turn


def _other_error(call: ast.Call) -> _Site:
    """`raises(X)` waits for an error that nobody raises."""

    def turn(reach: Reach) -> tuple[str, int, dict[str, Any]]:
        def unknown(_: Any) -> type:
            reach.is_reached = True
            return UnknownError

        mark = _mark()
        call.args[0] = _call(mark, [call.args[0]], call.args[0])
        return "other-error", call.lineno, {mark: unknown}

    return turn


class _Looks(ast.NodeTransformer):
    """Replaces comparisons inside assertions by calls."""

    def __init__(self, look: Callable[[str, Any, Any], Any]) -> None:
        self._look = look
        self.objects: dict[str, Any] = {}

    def enter(self, statement: ast.stmt) -> None:
        """Replace what is compared in one statement."""
        if isinstance(statement, ast.Assert):
            statement.test = self.visit(statement.test)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if not _is_of_self(call) or not _name(call).startswith("assert") or _is_spread(call):
                return
            operator = _UNITTEST_COMPARISONS.get(_name(call))
            call.args[:] = [self.visit(each) for each in call.args]
            if operator is not None and len(call.args) >= 2:
                mark = self._pair(operator)
                pair = _call(mark, call.args[:2], call)
                call.args[:2] = [ast.copy_location(ast.Starred(pair, ast.Load()), call)]

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A comparison of two values."""
        self.generic_visit(node)
        operator = _COMPARISONS.get(type(node.ops[0]))
        if operator is None or len(node.ops) > 1:
            return node
        look, mark = self._look, _mark()
        self.objects[mark] = lambda left, right: look(operator, left, right)
        return _call(mark, [node.left, node.comparators[0]], node)

    def _pair(self, operator: str) -> str:
        look, mark = self._look, _mark()

        def pair(left: Any, right: Any) -> tuple[Any, Any]:
            look(operator, left, right)
            return left, right

        self.objects[mark] = pair
        return mark


_marks = iter(range(1 << 60))


def _mark() -> str:
    return "\0lsp-repair:" + str(next(_marks))


def _call(mark: str, arguments: list[ast.expr], place: ast.AST) -> ast.expr:
    call = ast.Call(func=ast.Constant(mark), args=arguments, keywords=[])
    return ast.fix_missing_locations(ast.copy_location(call, place))


def _name(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "attr", getattr(function, "id", ""))


def _is_of_self(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "self"
    )


def _is_spread(call: ast.Call) -> bool:
    return any(isinstance(each, ast.Starred) for each in call.args)

"""How an assertion is reversed in the syntax tree of a test, and how its comparisons are examined.

Only what no correct patch can pass is mutated: an assertion that held in the same test a moment before, and whose failure
nothing around it would catch. Marks stand for the objects that a mutant calls; they are put in when it is compiled.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable, Union

from ..run_records import TrialKind

if TYPE_CHECKING:
    from .comparing import Comparing

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]
_FORGIVING = ("raises", "suppress", "subtest", "fail", "error", "warns", "retry", "attempt", "deprecated")
_RAISING = {"raises", "assertRaises", "assertRaisesRegex"}
_COMPARISONS: dict[type, str] = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_LOOKED_AT = {**_COMPARISONS, ast.In: "in", ast.NotIn: "not in"}
_MEASURES = {
    *("len", "sorted", "list", "tuple", "set", "dict", "sum", "min", "max", "any", "all", "abs", "round", "int"),
    *("float", "bool", "reversed", "frozenset", "divmod", "pow"),
}
"""Builtins that ask an object something about itself."""
_UNITTEST_COMPARISONS = {
    "assertEqual": "==",
    "assertNotEqual": "!=",
    "assertLess": "<",
    "assertLessEqual": "<=",
    "assertGreater": ">",
    "assertGreaterEqual": ">=",
    "assertIn": "in",
    "assertNotIn": "not in",
    **{f"assert{kind}Equal": "==" for kind in ("List", "Tuple", "Sequence", "Set", "Dict", "MultiLine")},
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
"""Arguments for which each assertion of unittest fails, whatever the product does."""


class Reach:
    """Whether the mutated place was executed."""

    def __init__(self) -> None:
        self.is_reached = False


class UnknownError(Exception):
    """Raised by no code of the user's."""


def statements(body: list[ast.stmt], *, forgiving: bool) -> Iterator[ast.stmt]:
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
            yield from statements(getattr(node, name, []), forgiving=forgiving)
        for case in (*getattr(node, "cases", ()), *getattr(node, "handlers", ())):
            yield from statements(case.body, forgiving=forgiving)


def _forgives(context: ast.expr) -> bool:
    text = ast.dump(context).lower()
    return any(word in text for word in _FORGIVING)


_Site = Callable[[Reach], tuple[TrialKind, int, dict[str, Any]]]


def sites(node: FunctionNode) -> Iterator[_Site]:
    """For each assertion: what reverses it in place, and returns its kind, its line and the objects it needs."""
    for statement in statements(node.body, forgiving=False):
        if isinstance(statement, ast.Assert) and not isinstance(statement.test, ast.Constant):
            yield _negation(statement, "negated")
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
    for inner in _functions_within(node):
        for statement in statements(inner.body, forgiving=False):
            if isinstance(statement, ast.Assert) and not isinstance(statement.test, ast.Constant):
                yield _negation(statement, "negated-within")


def _functions_within(node: FunctionNode) -> Iterator[FunctionNode]:
    """Functions that a test defines: handlers and the like, which the product calls."""
    for each in ast.walk(node):
        if each is not node and isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield each


def _site(
    what: TrialKind, place: Union[ast.stmt, ast.expr], put: Callable[[str], None], answer: Callable[..., Any]
) -> _Site:
    """`put` puts a mark in its place in the tree; `answer` is what the object behind the mark gives."""

    def turn(reach: Reach) -> tuple[TrialKind, int, dict[str, Any]]:
        def answered(*values: Any) -> Any:
            reach.is_reached = True
            return answer(*values)

        mark = _mark()
        put(mark)
        return what, place.lineno, {mark: answered}

    return turn


def _negation(statement: ast.Assert, what: TrialKind) -> _Site:
    def put(mark: str) -> None:
        statement.test = _call(mark, [statement.test], statement.test)

    return _site(what, statement, put, operator.not_)


def _denial(call: ast.Call, lie: tuple[Any, ...]) -> _Site:
    """`self.assertEqual(a, b)` gets two objects that are not equal, after `a` and `b` were computed."""

    def put(mark: str) -> None:
        pair = _call(mark, call.args[: len(lie)], call)
        call.args[:] = [ast.copy_location(ast.Starred(pair, ast.Load()), call)]
        call.keywords[:] = []

    return _site("negated", call, put, lambda *_: lie)


def _other_error(call: ast.Call) -> _Site:
    """`raises(X)` gets an error that nothing raises."""

    def put(mark: str) -> None:
        call.args[0] = _call(mark, [call.args[0]], call.args[0])

    return _site("other-error", call, put, lambda _: UnknownError)


class Looks(ast.NodeTransformer):
    """Replaces comparisons inside assertions by calls."""

    def __init__(self, looker: Comparing) -> None:
        self._looker = looker
        self.objects: dict[str, Any] = {}

    def enter(self, statement: ast.stmt) -> None:
        """Replace what is compared in one statement."""
        if isinstance(statement, ast.Assert):
            statement.test = self.visit(statement.test)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if _is_spread(call):
                return
            call.args[:] = [self.visit(each) for each in call.args]
            symbol = _UNITTEST_COMPARISONS.get(_name(call)) if _is_of_self(call) else None
            if symbol is not None and len(call.args) >= 2:
                mark = self._pair(symbol)
                pair = _call(mark, call.args[:2], call)
                call.args[:2] = [ast.copy_location(ast.Starred(pair, ast.Load()), call)]
            if _name(call) not in {*_RAISING, "super", ""}:
                self._through(self._looker.claim, call)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A comparison of values, or a chain of them."""
        self.generic_visit(node)
        symbols = [_LOOKED_AT.get(type(each)) for each in node.ops]
        if None in symbols:
            return node
        look = self._looker.look

        def chain(*values: Any) -> Any:
            answer: Any = True
            for symbol, left, right in zip(symbols, values, values[1:]):  # noqa: B905 - Python 3.9
                answer = look(str(symbol), left, right)
                if len(symbols) > 1 and not answer:
                    break
            return answer

        mark = _mark()
        self.objects[mark] = chain
        return _call(mark, [node.left, *node.comparators], node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call of a builtin that asks an object about itself."""
        self.generic_visit(node)
        name = getattr(node.func, "id", "")
        if name == "isinstance" and len(node.args) == 2 and not _is_spread(node):
            mark = _mark()
            self.objects[mark] = self._looker.asked
            return _call(mark, node.args, node)
        if name in _MEASURES and node.args:
            self._through(self._looker.measured, node)
        return node

    def _through(self, looker: Callable[..., Any], call: ast.Call) -> None:
        """The function of a call becomes its first argument."""
        mark = _mark()
        self.objects[mark] = looker
        call.args.insert(0, call.func)
        call.func = ast.copy_location(ast.Constant(mark), call)

    def _pair(self, symbol: str) -> str:
        look, mark = self._looker.look, _mark()

        def pair(left: Any, right: Any) -> tuple[Any, Any]:
            look(symbol, left, right)
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

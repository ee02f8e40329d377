"""Places where code treats single values by themselves: comparisons with literals, patterns, and tables of literals."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from lsp_repair.judge.rules.tables_in_text import pairs_in, value_of_text
from lsp_repair.judge.rules.telling_values import around, made
from lsp_repair.pycode.folding import folded_or_opaque
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.pure_operations import Opaque
from lsp_repair.pycode.value_kinds import is_collection, is_mapping, is_sequence, leaves

_EQUALITY = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_NEGATIVE = (ast.NotEq, ast.IsNot, ast.NotIn)
_ASKING = frozenset(
    {"startswith", "endswith", "__eq__", "eq", "fullmatch", "match", "search", "__contains__", "contains", "issuperset"}
    | {"issubset", "is_", "ne", "equals", "isdisjoint", "index", "find", "count", "isclose"}
)
_SEARCHING = frozenset({"min", "max", "sorted", "filter", "map", "enumerate", "reversed", "zip", "dict"})
_LOOKING_UP = frozenset({"get", "pop", "__getitem__", "setdefault", "__contains__", "index"})
_MAX_PARTS, _MAX_OUTCOMES = 400, 40
"""Of one expression; what is larger is no comparison that anybody reads."""
_Statements = list[ast.stmt]


@dataclass(frozen=True, slots=True)
class Case:
    """One value that is treated by itself."""

    place: str
    """The function (or class, or module), and the table's name."""
    subject: str
    """What is compared with the value, as text."""
    key: object
    outcomes: tuple[object, ...]
    """Literals that come of it, whole and in parts; empty where what comes is computed."""
    is_row: bool = False
    is_predicate: bool = False
    """Whether the comparison itself is the result."""


class SpecialCases:
    """The special cases of one module."""

    def __init__(self, module: Module) -> None:
        self.scopes = module.scopes
        self.found: list[Case] = []
        self.indexed: list[Case] = []
        """Items of displays that are indexed; their key is their position."""
        self.subjects: dict[str, ast.expr] = {}
        """What is compared, by its text."""
        self._parts_of: dict[ast.AST, list[tuple[ast.expr, object]]] = {}
        self._looked_up = set(self._names_looked_up())
        for node in self.scopes.nodes:
            self._read(node)

    def constant(self, node: ast.expr) -> object:
        """The value of an expression; an Opaque where it has none."""
        return folded_or_opaque(node, self.scopes.only_value)

    def outcomes(self, nodes: Iterable[ast.AST]) -> tuple[object, ...]:
        """Literals that statements or expressions give: returned, yielded, assigned, or handed on."""
        return tuple(value for node in nodes for given in _given(node) for value in self._parts(given))

    def compared(self, test: ast.expr) -> list[tuple[str, object]]:
        """Subjects and literals that an expression asks to be equal, or not to be."""
        return [(subject, key) for subject, key, _ in self._keys(test) if not isinstance(key, Opaque)]

    def _text(self, node: ast.expr) -> str:
        try:
            text = ast.dump(node)
        except RecursionError:
            return ""
        self.subjects.setdefault(text, node)
        return text

    def _read(self, node: ast.AST) -> None:
        match node:
            case ast.If(test, body, orelse) | ast.While(test, body, orelse):
                self._branch(node, test, (body, orelse or self._following(node)))
            case ast.IfExp(test, body, orelse):
                self._branch(node, test, ([ast.Expr(body)], [ast.Expr(orelse)]))
            case ast.match_case(pattern, _, body):
                outcomes = self.outcomes(body)
                for key in self._pattern_keys(pattern):
                    self._add(node, "match", key, outcomes)
            case ast.Return(ast.Compare() | ast.UnaryOp() as value) | ast.Assign(_, ast.Compare() as value):
                for subject, key, _ in self._keys(value):
                    if not isinstance(key, Opaque):
                        place = self.scopes.qualified(node)
                        self.found.append(Case(place, subject, key, (), is_predicate=True))
            case ast.Compare() | ast.Call() if self._is_loose(node):
                self._loose(node)
            case ast.Dict() | ast.Call() | ast.List() | ast.Tuple() | ast.Constant():
                self._table(node)
            case _:
                pass

    def _add(self, node: ast.AST, subject: str, key: object, outcomes: tuple[object, ...]) -> None:
        if not isinstance(key, Opaque):
            self.found.append(Case(self.scopes.qualified(node), subject, key, outcomes))

    def _branch(self, node: ast.AST, test: ast.expr, sides: tuple[_Statements, _Statements]) -> None:
        for subject, key, negative in self._keys(test):
            self._add(node, subject, key, self.outcomes(sides[int(negative)]))

    def _following(self, node: ast.AST) -> _Statements:
        """The statements after one in its block."""
        parent = self.scopes.parents.get(node)
        for name in ("body", "orelse", "finalbody"):
            block: object = getattr(parent, name, [])  # a single expression in a lambda
            if is_sequence(block) and node in block:
                line = getattr(node, "lineno", 0)
                return [each for each in block if isinstance(each, ast.stmt) and each.lineno > line]
        return []

    def _keys(self, test: ast.expr) -> Iterator[tuple[str, object, bool]]:
        """Subject, literal, and whether the test is that it differs."""
        for node in ast.walk(test):
            negated = isinstance(self.scopes.parents.get(node), ast.UnaryOp)
            match node:
                case ast.Compare():
                    for subject, key, negative in self._compared(node):
                        yield subject, key, negative is not negated
                case ast.Call(ast.Attribute(owner, name), arguments) if name in _ASKING:
                    yield from ((self._text(owner), self.constant(each), negated) for each in (owner, *arguments))
                case ast.Call(ast.Name(name), [one, other]) if name in _ASKING:
                    yield from ((self._text(one), self.constant(each), negated) for each in (one, other))
                case ast.BoolOp(ast.And(), [ast.Compare() as one, ast.Compare() as other]):
                    yield from self._between(one, other)
                case ast.BinOp(left, ast.Sub() | ast.BitXor(), right) if not self._is_bounded(node):
                    differs = self._asks_for_difference(node)
                    yield self._text(left), self.constant(right), differs
                    yield self._text(right), self.constant(left), differs
                case _:
                    pass

    def _asks_for_difference(self, node: ast.BinOp) -> bool:
        """Whether `x - 5` is true for everything but 5 at its place: not so in `not x - 5` and `x - 5 == 0`."""
        parent = self.scopes.parents.get(node)
        if isinstance(parent, ast.Compare):
            return not isinstance(parent.ops[0], ast.Eq)
        return not isinstance(parent, ast.UnaryOp)

    def _compared(self, node: ast.Compare) -> Iterator[tuple[str, object, bool]]:
        sides = [node.left, *node.comparators]
        values = [made(side, self.constant) for side in sides]
        for at, kind in enumerate(node.ops):
            left, right = values[at], values[at + 1]
            if isinstance(left, Opaque) is isinstance(right, Opaque) or not isinstance(kind, _EQUALITY):
                continue
            key, subject = (right, sides[at]) if isinstance(left, Opaque) else (left, sides[at + 1])
            many = isinstance(kind, ast.In | ast.NotIn) and (is_collection(key) or is_mapping(key))
            for each in cast("Iterable[object]", key) if many else (key,):
                yield self._text(subject), each, isinstance(kind, _NEGATIVE)
        if len(values) == 3:
            yield from ((self._text(sides[1]), each, False) for each in around(values[0], values[-1]))

    def _between(self, one: ast.Compare, other: ast.Compare) -> Iterator[tuple[str, object, bool]]:
        """Of `low < x and x < high`, where they leave hardly anything."""
        bounds = [each for each in (one, other) if isinstance(each.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)]
        sides = [(self._text(each.left), self.constant(each.comparators[0])) for each in bounds if len(each.ops) == 1]
        if len(sides) == 2 and sides[0][0] == sides[1][0]:
            numbers = [value for _, value in sides if isinstance(value, int | float)]
            if len(numbers) == 2:
                yield from ((sides[0][0], each, False) for each in around(min(numbers), max(numbers)))

    def _is_bounded(self, node: ast.BinOp) -> bool:
        """Whether a difference is only asked to be large or small, without regard to its sign."""
        parent = self.scopes.parents.get(node)
        return isinstance(parent, ast.Compare) and not any(isinstance(each, _EQUALITY) for each in parent.ops)

    def _pattern_keys(self, pattern: ast.pattern) -> Iterator[object]:
        match pattern:
            case ast.MatchValue(value):
                yield self.constant(value)
            case ast.MatchOr(patterns):
                for each in patterns:
                    yield from self._pattern_keys(each)
            case ast.MatchSequence(patterns):
                keys = [key for each in patterns for key in self._pattern_keys(each)]
                if keys and not any(isinstance(key, Opaque) for key in keys):
                    yield tuple(keys)
            case ast.MatchAs(ast.pattern() as inner):
                yield from self._pattern_keys(inner)
            case ast.MatchMapping(_, patterns) | ast.MatchClass(_, patterns):
                for each in patterns:
                    yield from self._pattern_keys(each)
            case _:
                pass

    def _is_loose(self, node: ast.AST) -> bool:
        """A comparison that is no condition of a branch: part of an `and`, of a sum, or an index."""
        if isinstance(node, ast.Call):
            return False
        child, parent = node, self.scopes.parents[node]
        while isinstance(parent, ast.expr):
            if isinstance(parent, ast.IfExp) and child is parent.test:
                return False
            child, parent = parent, self.scopes.parents[parent]
        is_test = isinstance(parent, ast.If | ast.While) and child is parent.test
        return not is_test and isinstance(self.scopes.parents[node], ast.BoolOp | ast.BinOp | ast.Subscript | ast.Call)

    def _loose(self, node: ast.Compare | ast.Call) -> None:
        top: ast.AST = node
        while isinstance(self.scopes.parents[top], ast.expr):
            top = self.scopes.parents[top]
        inside = set(ast.walk(node))
        values = tuple(value for each, value in self._constants_of(top) if each not in inside)
        for subject, key, _ in self._keys(node):
            self._add(node, subject, key, values[:_MAX_OUTCOMES])

    def _constants_of(self, top: ast.AST) -> list[tuple[ast.expr, object]]:
        """The parts of an expression that have a value, computed once: there may be thousands of comparisons in it."""
        if top not in self._parts_of:
            parts = [each for each in ast.walk(top) if isinstance(each, ast.expr)]
            known = ((each, self.constant(each)) for each in parts[:_MAX_PARTS])
            self._parts_of[top] = [(each, value) for each, value in known if not isinstance(value, Opaque)]
        return self._parts_of[top]

    def _table(self, node: ast.Dict | ast.Call | ast.List | ast.Tuple | ast.Constant) -> None:
        is_pairs = isinstance(node, ast.Constant) and len(pairs_in(node.value)) > 1
        is_json = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[:1] in "{["
        if isinstance(node, ast.Constant) and not (is_json or is_pairs):
            return
        if isinstance(self.scopes.parents[node], ast.Dict | ast.List | ast.Tuple):
            return  # read with the display around it
        name = self._table_name(node)
        if name is None and not is_pairs:
            return
        place = f"{self.scopes.qualified(node)}:{name}"
        for key, outcomes in self._rows(node):
            case = Case(place, "row", key, outcomes, is_row=True)
            (self.indexed if isinstance(key, _Position) else self.found).append(case)

    def _rows(self, node: ast.expr) -> Iterator[tuple[object, tuple[object, ...]]]:
        if isinstance(node, ast.Dict):
            for name, given in zip(node.keys, node.values, strict=True):
                if name is not None and not isinstance(known := made(name, self.constant), Opaque):
                    yield known, self._parts(given)
            return
        value = value_of_text(str(node.value)) if isinstance(node, ast.Constant) else self.constant(node)
        if is_mapping(value):
            yield from ((key, (each, *leaves(each))) for key, each in value.items())
        elif is_sequence(value):
            for number, each in enumerate(value):
                if is_sequence(each) and len(each) > 1:
                    yield (each[0] if len(each) == 2 else tuple(each[:-1])), (each[-1], *leaves(each[-1]))
                else:
                    yield _Position(number), (each,)

    def _table_name(self, node: ast.expr) -> str | None:
        """What a display is known by, if anything is looked up in it."""
        parent = self.scopes.parents[node]
        match parent:
            case ast.Subscript(value, index) if value is node:
                return "" if isinstance(self.constant(index), Opaque) else None
            case ast.Attribute(_, attribute) if attribute in _LOOKING_UP:
                return ""
            case ast.For(_, each) | ast.comprehension(_, each) if each is node:
                return "" if isinstance(node, ast.List | ast.Tuple) else None
            case ast.Call(function) if getattr(function, "id", getattr(function, "attr", "")) in {
                "dict",
                "loads",
                "iter",
            }:
                return ""
            case _:
                names = [name for name in self._assigned(parent, node) if name in self._looked_up]
                return names[0] if names else None

    def _assigned(self, parent: ast.AST, node: ast.expr) -> list[str]:
        match parent:
            case ast.Assign(targets):
                return [getattr(target, "id", getattr(target, "attr", "")) for target in targets]
            case ast.AnnAssign(target) | ast.NamedExpr(target):
                return [getattr(target, "id", getattr(target, "attr", ""))]
            case ast.arguments():
                names = [*parent.posonlyargs, *parent.args]
                defaults = dict(zip(reversed(parent.defaults), reversed(names), strict=False))
                defaults |= {
                    value: name for name, value in zip(parent.kwonlyargs, parent.kw_defaults, strict=True) if value
                }
                return [defaults[node].arg] if node in defaults else []
            case _:
                return []

    def _names_looked_up(self) -> Iterator[str]:
        for node in self.scopes.nodes:
            match node:
                case ast.Subscript(value, index) if isinstance(self.constant(index), Opaque):
                    yield getattr(value, "id", getattr(value, "attr", ""))
                case ast.Attribute(value, attribute) if attribute in {*_LOOKING_UP, "items", "__iter__"}:
                    yield getattr(value, "id", getattr(value, "attr", ""))
                case ast.Compare(_, kinds, others) if any(isinstance(kind, ast.In | ast.NotIn) for kind in kinds):
                    yield from (getattr(each, "id", getattr(each, "attr", "")) for each in others)
                case ast.For(_, each) | ast.comprehension(_, each) | ast.Call(ast.Name("iter" | "next"), [each, *_]):
                    yield getattr(each, "id", getattr(each, "attr", ""))
                case ast.Call(ast.Name(name) | ast.Attribute(_, name), given) if name in _SEARCHING:
                    yield from (each.id for each in given if isinstance(each, ast.Name))
                case _:
                    pass

    def _parts(self, node: ast.expr) -> tuple[object, ...]:
        """A literal, whole and in parts; of a call with literal arguments these; nothing where variables take part."""
        value = self.constant(node)
        if not isinstance(value, Opaque):
            return (value, *leaves(value))
        if isinstance(node, ast.Call) and (node.args or node.keywords):
            inner = [self.constant(each) for each in (*node.args, *(keyword.value for keyword in node.keywords))]
            if not any(isinstance(each, Opaque) for each in inner):
                return tuple(leaf for each in inner for leaf in (each, *leaves(each)))
        return ()


@dataclass(frozen=True, slots=True)
class _Position:
    number: int


def _given(node: ast.AST) -> Iterator[ast.expr]:
    for each in ast.walk(node):
        match each:
            case ast.Return(ast.expr() as value) | ast.Assign(_, value) | ast.AugAssign(_, _, value):
                yield value
            case ast.AnnAssign(_, _, ast.expr() as value) | ast.Yield(ast.expr() as value) | ast.YieldFrom(value):
                yield value
            case ast.Expr(ast.Call(_, arguments)):
                yield from arguments
            case ast.Expr(value):
                yield value
            case _:
                pass

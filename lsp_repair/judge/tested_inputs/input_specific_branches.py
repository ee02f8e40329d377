"""Places where code treats single values differently: comparisons with literals, patterns, and tables of literals."""

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import cast

from lsp_repair.judge.tested_inputs.telling_values import (
    InputSpecificBranch,
    Position,
    around,
    made,
    outcomes,
    rows_of_tables,
)
from lsp_repair.pycode.folding import Opaque, is_collection, is_mapping, is_sequence
from lsp_repair.pycode.modules import Module

_EQUALITY = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_NEGATIVE = (ast.NotEq, ast.IsNot, ast.NotIn)
_ASKING = frozenset(
    {"startswith", "endswith", "__eq__", "eq", "fullmatch", "match", "search", "__contains__", "contains", "issuperset"}
    | {"issubset", "is_", "ne", "equals", "isdisjoint", "index", "find", "count", "isclose"}
)
_MAX_PARTS, _MAX_OUTCOMES = 400, 40
"""Of one expression; nobody can read a larger comparison."""
_Statements = list[ast.stmt]


class InputSpecificBranches:
    """The branches and tables of one module that treat single values differently."""

    def __init__(self, module: Module) -> None:
        self.scopes = module.scopes
        self.naming = module.naming
        self.constant = module.naming.constant
        """The value of an expression; an Opaque where it has none."""
        self.found: list[InputSpecificBranch] = []
        self.indexed: list[InputSpecificBranch] = []
        """Items of displays that are indexed; their key is their position."""
        self._parts_of: dict[ast.AST, list[tuple[ast.expr, object]]] = {}
        for node in self.scopes.nodes:
            self._read(node)
        for row in rows_of_tables(self.naming):
            (self.indexed if isinstance(row.key, Position) else self.found).append(row)

    def compared(self, test: ast.expr) -> list[tuple[str, object]]:
        """Subjects and literals that an expression asks to be equal, or not to be."""
        return [(subject, key) for subject, key, _ in self._keys(test) if not isinstance(key, Opaque)]

    @cached_property
    def texts(self) -> dict[str, int]:
        """Strings of the module but its docstrings, with their lines."""
        return {
            node.value: node.lineno
            for node in self.scopes.nodes
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and not isinstance(self.scopes.parents[node], ast.Expr)
        }

    def _text(self, node: ast.expr) -> str:
        try:
            return ast.dump(node)
        except RecursionError:
            return ""

    def _read(self, node: ast.AST) -> None:
        match node:
            case ast.If(test, body, orelse) | ast.While(test, body, orelse):
                leaves = isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
                self._branch(test, (body, orelse or (self._following(node) if leaves else [])))
            case ast.IfExp(test, body, orelse):
                self._branch(test, ([ast.Expr(body)], [ast.Expr(orelse)]))
            case ast.match_case(pattern, _, body):
                given = outcomes(self.naming, body)
                for key in self._pattern_keys(pattern):
                    self._add(pattern, "match", key, given)
            case ast.Return(ast.Compare() | ast.UnaryOp() as value) | ast.Assign(_, ast.Compare() as value):
                for subject, key, _ in self._keys(value):
                    self._add(value, subject, key, (), is_predicate=True)
            case ast.Compare() if self._is_loose(node):
                self._loose(node)
            case _:
                pass

    def _add(
        self,
        node: ast.expr | ast.pattern,
        subject: str,
        key: object,
        outcomes: tuple[object, ...],
        *,
        is_predicate: bool = False,
    ) -> None:
        if not isinstance(key, Opaque):
            place = self.scopes.qualified(node)
            branch = InputSpecificBranch(node.lineno, place, subject, key, outcomes, is_predicate=is_predicate)
            self.found.append(branch)

    def _branch(self, test: ast.expr, sides: tuple[_Statements, _Statements]) -> None:
        for subject, key, negative in self._keys(test):
            self._add(test, subject, key, outcomes(self.naming, sides[int(negative)]))

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
                    yield self._text(left), self.constant(right), False
                    yield self._text(right), self.constant(left), False
                case _:
                    pass

    def _compared(self, node: ast.Compare) -> Iterator[tuple[str, object, bool]]:
        sides = [node.left, *node.comparators]
        values = [made(side, self.naming) for side in sides]
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

    def _is_loose(self, node: ast.Compare) -> bool:
        """A comparison that is not the condition of a branch: part of an `and`, of a sum, or an index."""
        child: ast.AST = node
        parent = self.scopes.parents[node]
        while isinstance(parent, ast.expr):
            if isinstance(parent, ast.IfExp) and child is parent.test:
                return False
            child, parent = parent, self.scopes.parents[parent]
        is_test = isinstance(parent, ast.If | ast.While) and child is parent.test
        return not is_test and isinstance(self.scopes.parents[node], ast.BoolOp | ast.BinOp | ast.Subscript | ast.Call)

    def _loose(self, node: ast.Compare) -> None:
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

"""What people get wrong, for grades_mutants.py: each kind of bug gives what can take the place of a node."""

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

Function = ast.FunctionDef | ast.AsyncFunctionDef
_COMPARED: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.GtE, ast.LtE),
    ast.NotEq: (ast.Eq, ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COMPUTED: Mapping[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.FloorDiv, ast.Pow),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mod, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_ALIKE = (
    {"strip", "lstrip", "rstrip"},
    {"lower", "upper", "title", "capitalize"},
    {"startswith", "endswith"},
    {"find", "rfind", "index", "rindex"},
    {"split", "rsplit"},
    {"partition", "rpartition"},
    {"keys", "values", "items"},
    {"append", "extend"},
    {"add", "discard"},
    {"ljust", "rjust", "center"},
    {"match", "search", "fullmatch"},
    {"start", "end"},
    {"min", "max"},
    {"any", "all"},
    {"floor", "ceil"},
    {"list", "tuple", "set", "sorted"},
    {"int", "float", "round"},
    {"isdigit", "isalpha", "isalnum"},
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a function has at hand."""

    names: tuple[str, ...]
    """Parameters and plain local variables."""
    attributes: Mapping[str, frozenset[str]]
    """What the module reads of each object, by the object's text; those that are called are kept apart by `()`."""
    conditions: frozenset[int]
    """`id` of the nodes that decide a branch."""

    @classmethod
    def of(cls, tree: ast.Module, function: Function) -> Self:
        """Of a function of this module."""
        tests = [each.test for each in ast.walk(function) if isinstance(each, ast.If | ast.While | ast.IfExp)]
        return cls(_names(function), _attributes(tree), frozenset(map(id, tests)))


def _names(function: Function) -> tuple[str, ...]:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    stored = [each.id for each in ast.walk(function) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    return tuple(dict.fromkeys([*(each.arg for each in plain if each.arg not in {"self", "cls"}), *stored]))


def _attributes(tree: ast.Module) -> Mapping[str, frozenset[str]]:
    called = {id(each.func) for each in ast.walk(tree) if isinstance(each, ast.Call)}
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id + ("()" if id(node) in called else ""), set()).add(node.attr)
    return {key: frozenset(names) for key, names in found.items()}


def _compare(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for at, old in enumerate(node.ops):
            for new in _COMPARED.get(type(old), ()):
                yield ast.Compare(node.left, [*node.ops[:at], new(), *node.ops[at + 1 :]], node.comparators)


def _compute(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        text = isinstance(node.left, ast.Constant | ast.JoinedStr) and not isinstance(
            getattr(node.left, "value", ""), int
        )
        yield from () if text else (ast.BinOp(node.left, new(), node.right) for new in _COMPUTED.get(type(node.op), ()))
    elif isinstance(node, ast.AugAssign):
        yield from (ast.AugAssign(node.target, new(), node.value) for new in _COMPUTED.get(type(node.op), ()))


def _constant(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1) if value else ast.UnaryOp(ast.USub(), ast.Constant(1))
        case _:
            pass


def _and_or(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _operand(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        for at in range(len(node.values)):
            left = [*node.values[:at], *node.values[at + 1 :]]
            yield ast.BoolOp(node.op, left) if len(left) > 1 else left[0]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        yield from (node.left, node.right)


def _not(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _negated(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    is_negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    if id(node) in scope.conditions and isinstance(node, ast.expr) and not is_negated:
        yield ast.UnaryOp(ast.Not(), node)


def _arguments(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        given = node.args
        for at in range(len(given) - 1):
            if ast.dump(given[at]) != ast.dump(given[at + 1]) and not isinstance(given[at + 1], ast.Starred):
                yield _with(node, args=[*given[:at], given[at + 1], given[at], *given[at + 2 :]])


def _argument_dropped(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        yield from (
            _with(node, keywords=[other for other in node.keywords if other is not each]) for each in node.keywords
        )
        if len(node.args) > 1:
            yield _with(node, args=node.args[:-1])


def _variable(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope.names:
        yield from (ast.Name(each, ast.Load()) for each in scope.names if each != node.id)


def _dropped(node: ast.AST, _scope: Scope) -> Iterator[ast.AST | None]:
    plain = isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    if plain or (isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)):
        yield None


def _again_assigned(node: ast.AST, _scope: Scope) -> Iterator[ast.AST | None]:
    """An assignment that gives a name a new value from its old one."""
    match node:
        case ast.Assign([ast.Name(name)], value) if any(getattr(each, "id", "") == name for each in ast.walk(value)):
            yield None
        case _:
            pass


def _slice(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Slice) and (node.lower or node.upper):
        for name in ("lower", "upper"):
            bound = getattr(node, name)
            if bound is not None:
                yield _with(node, **{name: ast.BinOp(bound, ast.Add(), ast.Constant(1))})
                yield _with(node, **{name: ast.BinOp(bound, ast.Sub(), ast.Constant(1))})
                yield _with(node, **{name: None})


def _returned(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Return) and node.value is not None:
        for name in scope.names:
            if not (isinstance(node.value, ast.Name) and node.value.id == name):
                yield ast.Return(ast.Name(name, ast.Load()))
        yield ast.Return(ast.Constant(None))
        if isinstance(node.value, ast.Tuple):
            yield ast.Return(ast.Tuple(node.value.elts[::-1], ast.Load()))


def _unwrapped(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Call(ast.Name(), [value]) if not isinstance(value, ast.Starred | ast.GeneratorExp):
            yield value
        case ast.Call(ast.Attribute(value), []):
            yield value
        case _:
            pass


def _else(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.If | ast.For | ast.While) and node.orelse:
        yield _with(node, orelse=[])


def _early_exit(node: ast.AST, _scope: Scope) -> Iterator[ast.AST | None]:
    leaves = ast.Return | ast.Raise | ast.Continue | ast.Break
    if isinstance(node, ast.If) and isinstance(node.body[-1], leaves) and not node.orelse:
        yield None


def _loop_exit(node: ast.AST, _scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Break | ast.Continue):
        yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()


def _attribute(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    near = {each for group in _ALIKE if name in group for each in group}
    if isinstance(node, ast.Name):
        yield from (
            ast.Name(each, ast.Load()) for each in sorted(near - {name, "index"}) if isinstance(node.ctx, ast.Load)
        )
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        same = (
            names for key in (base, f"{base}()") if base and name in (names := scope.attributes.get(key, frozenset()))
        )
        near = near or {each for names in same for each in names}
        yield from (ast.Attribute(node.value, each, ast.Load()) for each in sorted(near - {name}))


def _with(node: ast.AST, **changes: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


KINDS: Mapping[str, Callable[[ast.AST, Scope], Iterator[ast.AST | None]]] = {
    "comparison": _compare,
    "arithmetic": _compute,
    "constant": _constant,
    "and-or": _and_or,
    "operand dropped": _operand,
    "not dropped": _not,
    "condition negated": _negated,
    "arguments swapped": _arguments,
    "argument dropped": _argument_dropped,
    "variable": _variable,
    "statement dropped": _dropped,
    "update dropped": _again_assigned,
    "slice bound": _slice,
    "return value": _returned,
    "call dropped": _unwrapped,
    "else dropped": _else,
    "early exit dropped": _early_exit,
    "loop exit": _loop_exit,
    "attribute": _attribute,
}

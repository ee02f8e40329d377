"""Ingredients at a place: the names, constants and expressions that the code around it offers."""

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.nodes import Definition, Function, is_docstring, name_of, parameters
from lsp_repair.pycode.scopes import SCOPES

_INGREDIENTS = (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Compare)
_MAX_INGREDIENTS = 60
_MAX_INGREDIENT_CHARS = 80

Value = str | int | float


@dataclass(frozen=True)
class Ingredients:
    """What a module offers at each place; everything is computed once."""

    module: Module
    _names: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict[ast.AST, tuple[str, ...]])
    _own: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict[ast.AST, tuple[str, ...]])
    _constants: dict[ast.AST, tuple[Value, ...]] = field(default_factory=dict[ast.AST, tuple[Value, ...]])
    _expressions: dict[ast.AST, tuple[ast.expr, ...]] = field(default_factory=dict[ast.AST, tuple[ast.expr, ...]])

    _members: dict[ast.AST, tuple[str, ...]] = field(default_factory=dict[ast.AST, tuple[str, ...]])

    def names(self, node: ast.AST) -> tuple[str, ...]:
        """Variables visible at the node, innermost scope first."""
        holder = node
        while not isinstance(holder, (*SCOPES, ast.Module)):
            holder = self.module.parent(holder)
        known = self._names.get(holder)
        if known is None:
            known = self._names[holder] = tuple(dict.fromkeys(self._visible(holder)))
        return known

    def _visible(self, holder: ast.AST) -> Iterator[str]:
        for scope in (holder, *self.module.ancestors(holder)):
            match scope:
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    for part in scope.generators:
                        yield from (each.id for each in ast.walk(part.target) if isinstance(each, ast.Name))
                case ast.Lambda():
                    yield from (each.arg for each in parameters(scope.args))
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield from self.own(scope)
                case ast.ClassDef() if scope is holder:
                    yield from self.own(scope)
                case ast.Module() if not isinstance(holder, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield from islice(self.own(scope), 15)
                case _:
                    pass

    def own(self, scope: Function | ast.ClassDef | ast.Module) -> tuple[str, ...]:
        """Parameters and variables of a function, or variables of a class or module, in order of appearance."""
        known = self._own.get(scope)
        if known is None:
            own = [] if isinstance(scope, (ast.ClassDef, ast.Module)) else parameters(scope.args)
            names = [each.arg for each in own] + list(_stored(scope))
            known = self._own[scope] = tuple(dict.fromkeys(names))
        return known

    def constants(self, node: ast.AST) -> tuple[Value, ...]:
        """Distinct numbers and short strings of the function around the node."""
        region = self.module.function_of(node) or self.module.tree
        known = self._constants.get(region)
        if known is None:
            values = {repr(each): each for each in self._constants_in(region)}
            known = self._constants[region] = tuple(values.values())[:40]
        return known

    def _constants_in(self, region: ast.AST) -> Iterator[Value]:
        for node in self.module.below(region):
            if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
                continue
            if isinstance(node.value, (int, float)) or (isinstance(node.value, str) and len(node.value) <= 60):
                parent = self.module.parent(node)
                if not is_docstring(parent) and not isinstance(parent, ast.JoinedStr):
                    yield node.value

    def expressions(self, node: ast.AST) -> tuple[ast.expr, ...]:
        """Distinct small expressions of the function around the node."""
        region = self.module.function_of(node)
        if region is None:
            return ()
        known = self._expressions.get(region)
        if known is None:
            distinct: dict[str, ast.expr] = {}
            for each in self.module.below(region):
                if isinstance(each, _INGREDIENTS) and self._is_ingredient(each):
                    distinct.setdefault(self.module.code(each).text, each)
            known = self._expressions[region] = tuple(distinct.values())[:_MAX_INGREDIENTS]
        return known

    def _is_ingredient(self, node: ast.expr) -> bool:
        parent = self.module.parent(node)
        if isinstance(parent, ast.Call) and parent.func is node:
            return False
        text = self.module.code(node).text
        return (
            len(text) <= _MAX_INGREDIENT_CHARS and "\n" not in text and not is_unreachable_for_edits(self.module, node)
        )

    def callables(self, node: ast.AST) -> tuple[str, ...]:
        """Functions and classes that can be called at the node by their bare name."""
        names = [each.name for each in self.definitions]
        function = self.module.function_of(node)
        while function is not None:
            inner = (
                each
                for each in self.module.below(function)
                if isinstance(each, ast.FunctionDef) and each is not function
            )
            names += [each.name for each in inner]
            function = self.module.scopes.function(function)
        return tuple(dict.fromkeys(names))

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Functions and classes of the module's top level."""
        return tuple(each for each in self.module.tree.body if isinstance(each, Definition))

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Attribute names used anywhere in the module, the most used first; at most 40."""
        counts: dict[str, int] = {}
        for node in self.module.below(self.module.tree):
            if isinstance(node, ast.Attribute):
                counts[node.attr] = counts.get(node.attr, 0) + 1
        return tuple(sorted(counts, key=lambda name: -counts[name])[:40])

    @cached_property
    def attributes_of(self) -> dict[str, tuple[str, ...]]:
        """By the last name of an object, its attributes that the module reads or calls, the most used first."""
        return self._used(
            (name_of(each.value), each.attr)
            for each in self.module.below(self.module.tree)
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Load)
        )

    @cached_property
    def keywords_of(self) -> dict[str, tuple[str, ...]]:
        """By the name that is called, the keyword arguments that the module gives it, the most used first."""
        calls = (each for each in self.module.below(self.module.tree) if isinstance(each, ast.Call) and each.keywords)
        pairs = (
            (name_of(call.func), self.module.text_of(each)) for call in calls for each in call.keywords if each.arg
        )
        return self._used((name, text) for name, text in pairs if "\n" not in text)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names that are parameters of more than one function."""
        counts = Counter(each.arg for function in self.module.functions for each in parameters(function.args))
        return frozenset(name for name, count in counts.items() if count > 1)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """What the module asks for with `isinstance`, the most used first."""
        calls = (each for each in self.module.below(self.module.tree) if isinstance(each, ast.Call))
        asked = (each for each in calls if name_of(each.func) == "isinstance" and len(each.args) == 2)
        return self._used(("", self.module.code(each.args[1]).text) for each in asked).get("", ())

    @staticmethod
    def _used(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
        """The second ones by the first one of each pair, the most frequent first."""
        found: dict[str, list[str]] = {}
        for (name, used), _ in Counter(pairs).most_common():
            found.setdefault(name, []).append(used)
        return {name: tuple(each) for name, each in found.items()}

    @cached_property
    def imported(self) -> tuple[str, ...]:
        """Names bound by import statements anywhere in the module."""
        names: list[str] = []
        for node in self.module.below(self.module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names += [each.asname or each.name.split(".")[0] for each in node.names]
        return tuple(dict.fromkeys(names))

    @cached_property
    def borrowed(self) -> tuple[str, ...]:
        """Functions that the module imports by name from outside the standard library."""
        names: list[str] = []
        for node in self.module.tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in sys.stdlib_module_names:
                names += [each.asname or each.name for each in node.names]
        return tuple(name for name in names if name[:1].islower())[:10]

    def members(self, owner: ast.ClassDef) -> tuple[str, ...]:
        """Methods, class variables and `self` attributes of a class."""
        known = self._members.get(owner)
        if known is None:
            known = self._members[owner] = tuple(dict.fromkeys(self._members_of(owner)))
        return known

    def _members_of(self, owner: ast.ClassDef) -> list[str]:
        methods = (each.name for each in owner.body if isinstance(each, Definition))
        accesses = (each for each in self.module.below(owner) if isinstance(each, ast.Attribute))
        own = (each.attr for each in accesses if isinstance(each.value, ast.Name) and each.value.id == "self")
        return [*methods, *_stored(owner), *own]


def _stored(scope: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, SCOPES):
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        if isinstance(child, ast.ExceptHandler) and child.name:
            yield child.name
        yield from _stored(child)


def is_unreachable_for_edits(module: Module, node: ast.AST) -> bool:
    """Whether the node lies in an annotation or a decorator, or is a part of an f-string that is no expression."""
    if module.is_part_of_f_string(node):
        return True
    below = node
    for up in module.ancestors(node):
        match up:
            case ast.arg():
                return True
            case ast.JoinedStr() if up in module.unlocated:
                return True
            case (
                ast.FunctionDef(returns=returns, decorator_list=decorators)
                | ast.AsyncFunctionDef(returns=returns, decorator_list=decorators)
            ):
                return below is returns or below in decorators
            case ast.AnnAssign(annotation=annotation) if annotation is below:
                return True
            case _:
                below = up
    return False

"""What a name can mean at its place in a module: imports, assigned expressions, or something of its own."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.pycode.nodes import Definition, Function, defaults, parameters

_BUILTINS = frozenset(dir(builtins)) | {"exit", "quit", "__file__"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a name gets its value."""

    line: int
    imported: str = ""
    """Full name of a module or member; empty for what is not imported."""
    value: ast.expr | None = None
    """The expression it is assigned; None for parameters, functions, loop variables and the like."""
    is_sure: bool = False
    """Bound by a statement of the scope itself, under no condition."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Everything that a name can be where it stands."""

    bindings: tuple[Binding, ...]
    is_builtin: bool
    """Nothing may have bound it: then it is a builtin or comes from a star import."""


class Scopes:
    """The names of one module. There is no recursion over nodes, so deeply nested code is no problem."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = [tree]
        """All nodes, parents first."""
        self.stars: list[str] = []
        """Modules that were star-imported."""
        self._bound: dict[ast.AST, dict[str, list[Binding]]] = defaultdict(lambda: defaultdict(list))
        self.defined = {each.name for each in tree.body if isinstance(each, Definition)}
        """Functions and classes of the module itself."""
        self._bodies: dict[ast.AST, frozenset[ast.AST]] = {}
        self._at_import: set[str] | None = None
        self._deleted: set[str] = set()
        self._elsewhere: dict[tuple[ast.AST, str], ast.AST] = {}
        """Names that a function declares global or nonlocal."""
        for node in self.nodes:
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                self.nodes.append(child)
        for node in self.nodes:
            if isinstance(node, ast.Global | ast.Nonlocal):
                self._declare(node)
        for node in self.nodes:
            self._bind(node)

    def scope(self, node: ast.AST) -> ast.AST:
        """The innermost scope whose names an expression sees: a function's defaults and decorators see the outer one."""
        child, parent = node, self.parents.get(node)
        while parent is not None:
            if isinstance(parent, SCOPES) and self._is_inside(parent, child):
                return parent
            child, parent = parent, self.parents.get(parent)
        return self.tree

    def _is_inside(self, scope: ast.AST, child: ast.AST) -> bool:
        """Whether a child of a scope's node sees the scope's names."""
        match scope:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if scope not in self._bodies:
                    self._bodies[scope] = frozenset(scope.body)
                return child in self._bodies[scope]
            case ast.Lambda():
                return child is scope.body
            case _:
                return True

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The parents of a node, innermost first."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    def function(self, node: ast.AST) -> Function | None:
        """The innermost named function around a node."""
        return next((each for each in self.around(node) if isinstance(each, Function)), None)

    def named_functions(self) -> Iterator[tuple[str, Function]]:
        """The functions of the module with their qualified names."""
        return ((self.qualified(node), node) for node in self.nodes if isinstance(node, Function))

    def qualified(self, node: ast.AST) -> str:
        """Names of the classes and functions around a node, outermost first, with its own one."""
        names = [each.name for each in (node, *self.around(node)) if isinstance(each, Definition)]
        return ".".join(reversed(names))

    def meaning(self, name: ast.Name) -> Meaning:
        """What a name can be, by Python's scoping rules."""
        found: list[Binding] = []
        first = scope = self.scope(name)
        while True:
            visible = scope is first or not isinstance(scope, ast.ClassDef)
            target = self._elsewhere.get((scope, name.id), scope)
            bindings = self._bound[target].get(name.id, []) if visible else []
            found += bindings
            if bindings and not self._may_be_missing(bindings, target, name, first):
                return Meaning(tuple(found), is_builtin=False)
            if scope is self.tree:
                return Meaning(tuple(found), is_builtin=name.id in _BUILTINS or bool(self.stars and not found))
            scope = self.tree if target is self.tree else self.scope(scope)

    def only_value(self, name: ast.Name) -> ast.expr | None:
        """The one expression that a name is assigned anywhere; None where it can be something else."""
        meaning = self.meaning(name)
        if len(meaning.bindings) != 1 or isinstance(self.scope(name), _COMPREHENSIONS):
            return None
        return meaning.bindings[0].value

    def owner(self, name: ast.Name) -> ast.AST:
        """The scope that a name is bound in; the module's for what is bound nowhere."""
        scope = first = self.scope(name)
        while scope is not self.tree:
            target = self._elsewhere.get((scope, name.id), scope)
            visible = scope is first or not isinstance(scope, ast.ClassDef)
            if target is not scope or (visible and name.id in self._bound[scope]):
                return target
            scope = self.scope(scope)
        return scope

    def is_data(self, name: str) -> bool:
        """Whether a global is bound to a value, not only by an import, a function or a class."""
        return any(not each.imported and each.value is not None for each in self._bound[self.tree].get(name, []))

    def is_shared(self, function: ast.AST, attribute: str) -> bool:
        """Whether an attribute of `self` is a container that all objects of the class share."""
        owner = next((each for each in self.around(function) if isinstance(each, ast.ClassDef)), None)
        values = self._bound[owner].get(attribute, []) if owner is not None else []
        containers = (ast.List, ast.Dict, ast.Set, ast.Call, ast.ListComp, ast.DictComp, ast.SetComp)
        if owner is None or not any(isinstance(each.value, containers) for each in values):
            return False
        is_own = (
            isinstance(each, ast.Attribute) and each.attr == attribute and isinstance(each.ctx, ast.Store)
            for each in ast.walk(owner)
        )
        return not any(is_own) and not owner.decorator_list

    def is_run_once(self, function: Function) -> bool:
        """Whether the module names a function while it is imported: calls it, or decorates with it."""
        if self._at_import is None:
            self._at_import = {
                node.id
                for node in self.nodes
                if isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Load)
                and isinstance(self.scope(node), ast.Module | ast.ClassDef)
            }
        return function.name in self._at_import

    def _may_be_missing(self, bindings: list[Binding], scope: ast.AST, name: ast.Name, first: ast.AST) -> bool:
        """Whether a global or a name of a class can still be the builtin one at this place."""
        if not isinstance(scope, ast.Module | ast.ClassDef):
            return False
        sure = [binding.line for binding in bindings if binding.is_sure]
        return not sure or name.id in self._deleted or (scope is first and name.lineno <= min(sure))

    def _declare(self, node: ast.Global | ast.Nonlocal) -> None:
        scope = self.scope(node)
        for name in node.names:
            outer = self.tree if isinstance(node, ast.Global) else self.scope(scope)
            self._elsewhere[scope, name] = outer

    def _add(self, node: ast.AST, name: str, **how: str | ast.expr | None) -> None:
        scope = self.scope(node)
        while isinstance(node, ast.NamedExpr) and isinstance(scope, _COMPREHENSIONS):
            scope = self.scope(scope)
        sure = self.parents.get(node) is scope
        line: int = getattr(node, "lineno", 0)
        imported, value = how.get("imported"), how.get("value")
        binding = Binding(
            line, imported if isinstance(imported, str) else "", value if isinstance(value, ast.expr) else None, sure
        )
        self._bound[self._elsewhere.get((scope, name), scope)][name].append(binding)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._add(node, node.name)
                if not isinstance(node, ast.ClassDef):
                    self._bind_parameters(node)
            case ast.Lambda():
                self._bind_parameters(node)
            case ast.Import() | ast.ImportFrom():
                self._bind_import(node)
            case ast.Assign(targets, value):
                for target in targets:
                    self._bind_target(node, target, value)
            case ast.NamedExpr(target, value):
                self._bind_target(node, target, value)
            case ast.AnnAssign(target, _, value) if value is not None:
                self._bind_target(node, target, value)
            case ast.For(target, each) | ast.AsyncFor(target, each) | ast.comprehension(target, each):
                self._bind_loop(node, target, each)
            case _:
                self._bind_rest(node)

    def _bind_rest(self, node: ast.AST) -> None:
        match node:
            case ast.AugAssign(target):
                self._bind_target(node, target, None)
            case ast.withitem(value, ast.expr() as target):
                self._bind_target(node, target, value)
            case ast.ExceptHandler(_, str() as name):
                self._add(node, name)
            case ast.MatchAs(_, str() as name) | ast.MatchStar(str() as name) | ast.MatchMapping(_, _, str() as name):
                self._add(node, name)
            case ast.Delete(targets):
                self._deleted |= {target.id for target in targets if isinstance(target, ast.Name)}
            case _:
                pass

    def _bind_parameters(self, node: Function | ast.Lambda) -> None:
        for parameter in parameters(node.args):
            self._bound[node][parameter.arg].append(Binding(node.lineno, is_sure=True))
        for parameter, default in defaults(node.args):
            self._bound[node][parameter.arg].append(Binding(node.lineno, value=default))

    def _bind_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                top = alias.name.partition(".")[0]
                self._add(node, alias.asname or top, imported=alias.name if alias.asname else top)
            elif alias.name == "*":
                self.stars.append(node.module or "")
            else:
                module = "." * node.level + (node.module or "")
                self._add(node, alias.asname or alias.name, imported=f"{module}.{alias.name}")

    def _bind_target(self, node: ast.AST, target: ast.expr, value: ast.expr | None) -> None:
        match target, value:
            case ast.Name(name), _:
                self._add(node, name, value=value)
            case ast.Starred(inner), _:
                self._bind_target(node, inner, None)
            case ast.Tuple(names) | ast.List(names), ast.Tuple(values) | ast.List(values) if len(names) == len(values):
                for each, meant in zip(names, values, strict=True):
                    self._bind_target(node, each, meant)
            case ast.Tuple(names) | ast.List(names), _:
                for each in names:
                    self._bind_target(node, each, None)
            case _:
                pass

    def _bind_loop(self, node: ast.AST, target: ast.expr, each: ast.expr) -> None:
        """A loop over a display binds its variable to each of the members."""
        self._bind_target(node, target, None)
        if isinstance(each, ast.Tuple | ast.List | ast.Set):
            for member in each.elts:
                self._bind_target(node, target, member)

"""Full names of what an expression refers to, through aliases, attribute names given as text, and modules in modules."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lsp_repair.pycode.folding import folded_or_opaque, folded_text
from lsp_repair.pycode.scopes import Scopes

_MAX_DEPTH = 14
_MAX_NAMES = 24
"""How many names one expression may have."""
STEPPING_STONES = frozenset({"sys", "os", "builtins", "gc", "ctypes", "importlib", "subprocess", "posix", "nt"})
"""Modules through which everything can be reached: recognised as a part of any name."""
_SAME = {"posix": "os", "nt": "os", "_thread": "threading", "__builtins__": "builtins", "pyio": "io"}
_NAMESPACES = ("builtins.globals", "builtins.locals", "builtins.vars")
_IMPORTERS = frozenset({"builtins.__import__", "importlib.import_module", "importlib.__import__"})
_BY_TEXT = frozenset({"pydoc.locate", "pkgutil.resolve_name"})
_GETTERS = frozenset({"builtins.getattr", "inspect.getattr_static", "builtins.object.__getattribute__"})


def canonical(name: str) -> Iterator[str]:
    """A name, and what it amounts to when one module is reached through another: `logging.sys.exit` is `sys.exit`."""
    yield name
    parts = [part for part in name.split(".") if part]
    known = bool(parts) and parts[0].lstrip("_") in sys.stdlib_module_names
    for at, part in enumerate(parts):
        bare = part if part in _SAME else part.lstrip("_")
        module = _SAME.get(bare, bare)
        if (at or module != part) and module in (sys.stdlib_module_names if known else STEPPING_STONES):
            yield ".".join((module, *parts[at + 1 :]))


@dataclass(slots=True)
class Naming:
    """Resolves the expressions of one module."""

    scopes: Scopes
    _known: dict[ast.expr, frozenset[str]] = field(default_factory=dict[ast.expr, frozenset[str]])

    def constant(self, node: ast.expr) -> object:
        """The value of an expression that is the same in every run; an Opaque where there is none."""
        return folded_or_opaque(node, self.scopes.only_value)

    def text(self, node: ast.expr) -> str | None:
        """The string that an expression amounts to."""
        return folded_text(node, self.scopes.only_value)

    def names(self, node: ast.expr, depth: int = 0) -> frozenset[str]:
        """Every full name that an expression can have; empty for what is the module's own."""
        if depth > _MAX_DEPTH:
            return frozenset()
        if node not in self._known:
            self._known[node] = frozenset()  # a name that is defined by itself
            self._known[node] = frozenset(sorted(self._names(node, depth + 1))[:_MAX_NAMES])
        return self._known[node]

    def _names(self, node: ast.expr, depth: int) -> set[str]:  # noqa: PLR0911 - one for each kind of expression
        match node:
            case ast.Name():
                return self._of_name(node, depth)
            case ast.Attribute(base, attribute):
                return {f"{name}.{attribute}" for name in self.names(base, depth)}
            case ast.Call():
                return self._of_call(node, depth)
            case ast.Subscript(base, index):
                return self._of_item(base, index, depth)
            case ast.IfExp(_, body, other):
                return {*self.names(body, depth), *self.names(other, depth)}
            case ast.BoolOp(_, values):
                return self._any(values, depth)
            case ast.NamedExpr(_, value) | ast.Await(value) | ast.Starred(value):
                return set(self.names(value, depth))
            case _:
                return set()

    def _any(self, nodes: Iterable[ast.expr | None], depth: int) -> set[str]:
        return {name for node in nodes if node is not None for name in self.names(node, depth)}

    def _of_name(self, node: ast.Name, depth: int) -> set[str]:
        if node.id == "__builtins__":
            return {"builtins"}
        meaning = self.scopes.meaning(node)
        found = {binding.imported for binding in meaning.bindings if binding.imported}
        found |= self._any((binding.value for binding in meaning.bindings), depth)
        if meaning.is_builtin:
            found |= {f"builtins.{node.id}"} | {f"{module}.{node.id}" for module in self.scopes.stars}
        return found

    def _of_call(self, node: ast.Call, depth: int) -> set[str]:  # noqa: PLR0911 - one for each way to name by text
        functions = {short for name in self.names(node.func, depth) for short in canonical(name)}
        first = node.args[0] if node.args else None
        if first is None:
            return {"<globals>.__dict__"} if functions & {*_NAMESPACES} else set()
        if functions & _IMPORTERS or functions & _BY_TEXT:
            text = (self.text(first) or "").replace(":", ".")
            return {text, text.partition(".")[0]} - {""}
        if functions & _GETTERS and len(node.args) > 1:
            return self._members(first, node.args[1], depth)
        if "builtins.vars" in functions:
            return {f"{name}.__dict__" for name in self.names(first, depth)}
        if functions & {"functools.partial", "operator.itemgetter"}:
            return set(self.names(first, depth))
        if "operator.getitem" in functions and len(node.args) > 1:
            return self._of_item(first, node.args[1], depth)
        return self._of_method(node, first, depth)

    def _of_method(self, node: ast.Call, first: ast.expr, depth: int) -> set[str]:
        """`namespace.get("x")`, `module.__getattribute__("x")`, `attrgetter("x")(module)`."""
        match node.func:
            case ast.Attribute(base, "get" | "pop" | "__getitem__" | "setdefault"):
                return self._of_item(base, first, depth)
            case ast.Attribute(base, "__getattribute__" | "__getattr__"):
                return (
                    self._members(first, node.args[1], depth)
                    if len(node.args) > 1
                    else self._members(base, first, depth)
                )
            case ast.Call(maker, [key, *_]):
                makers = {short for name in self.names(maker, depth) for short in canonical(name)}
                if makers & {"operator.attrgetter", "operator.methodcaller"}:
                    return self._members(first, key, depth)
                return self._of_item(first, key, depth) if "operator.itemgetter" in makers else set()
            case _:
                return set()

    def _members(self, base: ast.expr, key: ast.expr, depth: int) -> set[str]:
        text = self.text(key)
        return {f"{name}.{text}" for name in self.names(base, depth)} if text else set()

    def _of_item(self, base: ast.expr, index: ast.expr, depth: int) -> set[str]:
        if isinstance(base, ast.Tuple | ast.List | ast.Set):
            return self._any(base.elts, depth)
        if isinstance(base, ast.Dict):
            return self._any(base.values, depth)
        text = self.text(index)
        found: set[str] = set()
        for name in self.names(base, depth) if text else ():
            owner = name.removesuffix(".__dict__")
            if any(short == "sys.modules" for short in canonical(name)):
                found.add(str(text))
            elif owner == "<globals>":
                found |= self._global(str(text), depth)
            elif owner != name or name == "builtins":
                found.add(f"{owner}.{text}")
        if not found and isinstance(base, ast.Name):  # a container of the module's own
            values = [binding.value for binding in self.scopes.meaning(base).bindings]
            found = {name for value in values if value is not None for name in self._of_display(value, index, depth)}
        return found

    def _of_display(self, value: ast.expr, index: ast.expr, depth: int) -> set[str]:
        return self._of_item(value, index, depth) if isinstance(value, ast.Tuple | ast.List | ast.Dict) else set()

    def _global(self, name: str, depth: int) -> set[str]:
        if name == "__builtins__":
            return {"builtins"}
        stand_in = ast.Name(name, ast.Load(), lineno=sys.maxsize, col_offset=0)
        return self._of_name(stand_in, depth)

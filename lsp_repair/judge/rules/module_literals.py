"""The literals of a module: what its expressions amount to, what its statements give, and what they are compared with."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsp_repair.pycode.folding import folded_or_opaque
from lsp_repair.pycode.pure_operations import Opaque, leaves
from lsp_repair.pycode.scopes import Scopes


@dataclass(frozen=True, slots=True)
class InputSpecificBranch:
    """One value that the code treats differently."""

    line: int
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


@dataclass(frozen=True, slots=True)
class ModuleLiterals:
    """The values of one module's expressions."""

    scopes: Scopes

    def constant(self, node: ast.expr) -> object:
        """The value of an expression; an Opaque where it has none."""
        return folded_or_opaque(node, self.scopes.only_value)

    def outcomes(self, nodes: Iterable[ast.AST]) -> tuple[object, ...]:
        """Literals that statements or expressions give: returned, yielded, assigned, or handed on."""
        return tuple(value for node in nodes for given in _given(node) for value in self.parts(given))

    def parts(self, node: ast.expr) -> tuple[object, ...]:
        """A literal, whole and in parts; of a call with literal arguments these; nothing where variables take part."""
        value = self.constant(node)
        if not isinstance(value, Opaque):
            return (value, *leaves(value))
        if isinstance(node, ast.Call) and (node.args or node.keywords):
            inner = [self.constant(each) for each in (*node.args, *(keyword.value for keyword in node.keywords))]
            if not any(isinstance(each, Opaque) for each in inner):
                return tuple(leaf for each in inner for leaf in (each, *leaves(each)))
        return ()


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

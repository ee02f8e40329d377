"""Modules as they are read: parsed once, however many rules look at them."""

import ast
import warnings
from dataclasses import dataclass
from functools import lru_cache

from lsp_repair.pycode.naming import Naming
from lsp_repair.pycode.scopes import Scopes

_KEPT = 12
"""Versions of files whose reading is kept: a proof looks at the same ones several times."""
_MAX_SIZE = 400_000
"""Nodes of a module that is looked at; a larger one is opaque."""


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """One version of a module."""

    scopes: Scopes
    naming: Naming

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return self.scopes.tree

    @property
    def is_opaque(self) -> bool:
        """Whether it is too large to be followed."""
        return len(self.scopes.nodes) > _MAX_SIZE


def module_of(tree: ast.Module) -> Module:
    """A tree with its names."""
    scopes = Scopes(tree)
    return Module(scopes, Naming(scopes))


@lru_cache(maxsize=_KEPT)
def read_module(data: bytes | None) -> Module | None:
    """A file as a module; None for what this Python cannot parse. A file that does not exist is an empty module."""
    tree = parsed(data)
    return None if tree is None else module_of(tree)


@lru_cache(maxsize=2 * _KEPT)
def parsed(data: bytes | None) -> ast.Module | None:
    """The syntax tree; None for what this Python cannot parse. A file that does not exist is an empty module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=_KEPT)
def syntax_error(data: bytes) -> str | None:
    """What keeps a file from compiling, without its place; None when nothing does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "<patched>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None

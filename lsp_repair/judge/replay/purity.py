"""Whether the code of a patch's files, as it was, depends on nothing but what it is given; read, not run."""

import ast
from collections.abc import Iterable

from lsp_repair.domain.patches import Patch
from lsp_repair.pycode.modules import parsed

_PURE_MODULES = frozenset(
    {"__future__", "abc", "base64", "bisect", "calendar", "collections", "copy", "dataclasses", "datetime", "decimal"}
    | {"enum", "fractions", "functools", "hashlib", "heapq", "html", "itertools", "json", "math", "numbers", "operator"}
    | {"re", "statistics", "string", "textwrap", "typing", "unicodedata", "zlib"}
)
_IMPURE = frozenset({"open", "input", "globals", "vars", "locals", "id", "hash", "setattr", "now", "today", "utcnow"})
_CACHING = frozenset({"cache", "lru_cache", "cached_property", "singledispatch"})
_REPLACING = (b"patch", b"mock", b"Mock", b"setattr", b"setenv", b"environ", b"reload", b"chdir")


def depends_on_nothing_else(patch: Patch, tests: Iterable[bytes]) -> bool:
    """Whether a call of the old code has one answer wherever it is made, and the tests put nothing in its way."""
    if any(word in test for test in tests for word in _REPLACING):
        return False
    if any(b"warnings" in (change.after or b"") for change in patch.changes):
        return False  # a warning is an answer that nobody here sees
    files = [change.before for change in patch.changes if change.before is not None]
    return bool(files) and all((tree := parsed(file)) is not None and _is_pure(tree) for file in files)


def _is_pure(tree: ast.Module) -> bool:
    return all(_is_pure_part(node) for node in ast.walk(tree)) and not any(map(_is_kept, tree.body))


def _is_pure_part(node: ast.AST) -> bool:
    match node:
        case ast.Import(names):
            return all(alias.name.partition(".")[0] in _PURE_MODULES for alias in names)
        case ast.ImportFrom(module, _, level):
            return not level and (module or "").partition(".")[0] in _PURE_MODULES
        case ast.Name(name) | ast.Attribute(_, name):
            return name not in _IMPURE | _CACHING
        case ast.Global() | ast.Nonlocal():
            return False
        case _:
            return True


def _is_kept(node: ast.stmt) -> bool:
    """A container of the module that something may be put into: empty at first, or made by a call."""
    match node:
        case ast.Assign(_, value) | ast.AnnAssign(_, _, ast.expr() as value):
            empty = not getattr(value, "elts", getattr(value, "keys", True))
            return empty or (isinstance(value, ast.Call) and not _is_pattern(value))
        case ast.ClassDef(body=body):
            return any(map(_is_kept, body))
        case _:
            return False


def _is_pattern(call: ast.Call) -> bool:
    return getattr(call.func, "attr", "") == "compile" or getattr(call.func, "id", "") in {
        "frozenset",
        "tuple",
        "field",
    }

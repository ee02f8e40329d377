"""What a module uses, by full name through its imports: the vocabulary that policy and flags are written in."""

import ast
import warnings
from collections.abc import Iterator


def parsed(data: bytes | None) -> ast.Module | None:
    """The syntax tree; None for what this Python cannot parse. A file that does not exist is an empty module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


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


def uses(tree: ast.Module | None) -> frozenset[str]:
    """Imported modules and members (`unittest.mock`, `os.environ`), attributes of them, and builtins that are called.

    Names are resolved through the module's imports wherever they stand: `from sys import settrace as t` uses
    `sys.settrace`. A member's module is used as well.
    """
    if tree is None:
        return frozenset()
    aliases = dict(_aliases(tree))
    own = {*aliases, *_defined(tree)}
    found = {module for name in aliases.values() for module in _with_parents(name)}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                found |= {module for alias in names for module in _with_parents(alias.name)}
            case ast.Attribute():
                found |= {name for name in (_dotted(node, aliases),) if name is not None}
            case ast.Call(ast.Name(name)) | ast.Raise(ast.Name(name)) if name not in own:
                found.add(f"builtins.{name}")
            case _:
                pass
    return frozenset(found)


def texts(tree: ast.Module | None) -> frozenset[str]:
    """Every string literal but the docstrings."""
    nodes = list(ast.walk(tree)) if tree is not None else []
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return frozenset(
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    )


def _aliases(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local names and what was imported under them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[: length + 1]) for length in range(len(parts)))


def _dotted(node: ast.Attribute, aliases: dict[str, str]) -> str | None:
    parts = [node.attr]
    value: ast.expr = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name) or value.id not in aliases:
        return None
    return ".".join((aliases[value.id], *reversed(parts)))

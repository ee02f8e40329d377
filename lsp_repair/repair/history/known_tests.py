"""Whether a test existed in a commit, there or in a file that has been moved since."""

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from lsp_repair.domain.runs import NodeId
from lsp_repair.repair.history.commits import files_of
from lsp_repair.repair.history.git_objects import blob, objects

_MAX_FILES = 400


def existed(root: Path, commit: str, test: NodeId) -> bool:
    """By the names of its class and function; a file that is not collected is a test as well."""
    names = test.function.split("::")[1:]
    if not _defines(_read(root / test.file), names):
        return True  # made by a class that it inherits from, or by a program
    data = blob(root, commit, test.file)
    if data is not None:
        return _defines(data, names)
    tree = files_of(root, commit) or {}
    gone = [path for path in tree if _may_hold(path, test.file) and not (root / path).exists()][:_MAX_FILES]
    if not names:
        return any(PurePosixPath(path).name == PurePosixPath(test.file).name for path in gone)
    return any(_defines(each, names) for each in objects(root, [tree[path] for path in gone]).values())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _may_hold(path: str, file: str) -> bool:
    return PurePosixPath(path).suffix == PurePosixPath(file).suffix


def _defines(data: bytes, names: Sequence[str]) -> bool:
    """What cannot be read, such as a test that is no function, is taken to have been there."""
    try:
        body: Iterable[ast.AST] = ast.parse(data).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return not names or names[-1].encode("utf-8", "surrogateescape") in data
    for name in names:
        found = [each for node in body for each in ast.walk(node) if _is_named(each, name)]
        if not found:
            return False
        body = [inner for each in found for inner in ast.iter_child_nodes(each)]
    return True


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name

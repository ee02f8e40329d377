"""What a patch must not quietly lose: assertions of the code itself, and data that only the tests read."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from lsp_repair.domain.patches import Patch
from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.validation.layers import Finding, refused
from lsp_repair.validation.module_delta import is_python
from lsp_repair.validation.modules import parsed

Read = Callable[[str], bytes | None]


def kept_checks(patch: Patch, oracle_paths: Iterable[str], product_paths: Iterable[str], read: Read) -> Finding:
    """A refusal for changed data that test files name and no module of the product does; a flag for a lost assertion."""
    data = [each.path for each in patch.changes if each.before is not None and not is_python(each.path)]
    tests = [path for path in oracle_paths if path.endswith(".py")]
    for path in data:
        name = PurePosixPath(path).name.encode()
        if _mentions(tests, name, read) and not _mentions(product_paths, name, read):
            return refused(Reason.PROTECTED_PATH, f"{path} is read by the tests alone: it is a part of them")
    weakened = [each.path for each in patch.changes if is_python(each.path) and _loses(each.before, each.after)]
    if not weakened:
        return Finding()
    note = f"{weakened[0]}: an assertion or an error that the code raised is gone or changed"
    return Finding(flags=(Flag.WEAKENED_CHECK,), notes=(note,))


def _mentions(paths: Iterable[str], name: bytes, read: Read) -> bool:
    return any(name in (read(path) or b"") for path in paths)


def _loses(before: bytes | None, after: bytes | None) -> bool:
    """Whether a function that is still there lost an assertion, or raises fewer errors by itself."""
    old, new = parsed(before), parsed(after)
    if old is None or new is None:
        return False
    names = {node.name for node in ast.walk(new) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    lost = _checks(old) - _checks(new)
    return any(function in names or not function for function, _ in lost)


def _checks(tree: ast.Module) -> Counter[tuple[str, str]]:
    """Conditions of assert statements, and new errors whatever they are, by the name of the function around them."""
    found: Counter[tuple[str, str]] = Counter()

    def visit(node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Assert):
                found[function, ast.dump(child.test)] += 1
            if isinstance(child, ast.Raise) and child.exc is not None:
                found[function, "raise"] += 1
            inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            visit(child, inside)

    visit(tree, "")
    return found

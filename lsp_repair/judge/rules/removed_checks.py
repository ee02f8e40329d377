"""What a patch must not quietly lose: assertions of the code itself, and data that only the tests read."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from lsp_repair.domain.patches import Patch
from lsp_repair.domain.verdicts import Flag, Reason
from lsp_repair.judge.capabilities.module_delta import is_python
from lsp_repair.judge.findings import Finding, refused
from lsp_repair.pycode.modules import parsed

_RAISE, _AGAIN = "raise", "raise again"
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
    functions = {node.name: node for node in ast.walk(new) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    had, has = _checks(old), _checks(new)
    gained = {function for function, check in has - had if check == _RAISE}

    def is_lost(function: str, check: str) -> bool:
        if function not in functions:
            return not function
        if check == _AGAIN:
            return _catches(functions[function])
        return gained.isdisjoint(_reached(function, functions))

    return _loses_kinds_of_errors(old, new) or any(is_lost(function, check) for function, check in had - has)


def _reached(function: str, functions: Mapping[str, ast.AST]) -> set[str]:
    """The function and what it calls, and what that calls, within the module."""
    found, waiting = {function}, [function]
    while waiting:
        more = {name for name in _called(functions[waiting.pop()]) if name in functions} - found
        found |= more
        waiting += more
    return found


def _called(function: ast.AST) -> set[str]:
    """Names of what a function calls."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {getattr(each, "id", getattr(each, "attr", "")) for each in calls}


def _is_still_to_do(node: ast.Raise) -> bool:
    return node.exc is not None and "NotImplementedError" in ast.dump(node.exc)


def _catches(function: ast.AST) -> bool:
    """Whether there is still something that keeps errors from going on by themselves."""
    return any(
        isinstance(node, ast.ExceptHandler) or (isinstance(node, ast.keyword) and node.arg == "return_exceptions")
        for node in ast.walk(function)
    )


def _loses_kinds_of_errors(old: ast.Module, new: ast.Module) -> bool:
    """Whether a class of errors is now another name for a wider one."""
    classes = {node.name for node in old.body if isinstance(node, ast.ClassDef) and node.bases}
    classes -= {node.name for node in new.body if isinstance(node, ast.ClassDef)}
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Name | ast.Attribute | ast.Tuple)
        and any(isinstance(target, ast.Name) and target.id in classes for target in node.targets)
        for node in new.body
    )


def _checks(tree: ast.Module) -> Counter[tuple[str, str]]:
    """Conditions of assert statements, and new errors whatever they are, by the name of the function around them."""
    found: Counter[tuple[str, str]] = Counter()

    def visit(node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Assert):
                found[function, ast.dump(child.test)] += 1
            if isinstance(child, ast.Raise) and not _is_still_to_do(child):
                found[function, _AGAIN if child.exc is None else _RAISE] += 1
            if isinstance(child, ast.Call) and ast.unparse(child.func) == "warnings.warn":
                found[function, "warn"] += 1
            inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            visit(child, inside)

    visit(tree, "")
    return found

"""Files whose docstrings are tests: the code may change, the examples stay."""

import ast
from collections import Counter
from collections.abc import Iterator

from lsp_repair.domain.patches import FileChange
from lsp_repair.domain.verdicts import Reason, Rejected
from lsp_repair.pycode.modules import parsed


def changed_examples(change: FileChange) -> Rejected | None:
    """Docstrings that exist must stay, and no new example may come: they are the tests."""
    refusal = Rejected((Reason.PROTECTED_PATH,), f"{change.path}: its docstrings are tests and must stay as they are")
    before, after = parsed(change.before), parsed(change.after)
    if not change.path.endswith(".py") or before is None or after is None:
        return refusal
    old, new = dict(_docstrings(before)), dict(_docstrings(after))
    lost = any(new.get(name) != text and (name in new or ">>>" in text) for name, text in old.items())
    come = any(">>>" in text and name not in old for name, text in new.items())
    return refusal if lost or come or _overrides(before) != _overrides(after) else None


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _docstrings(scope: ast.Module | _Definition, name: str = "") -> Iterator[tuple[str, str]]:
    """By qualified name, numbered where a name is defined again; empty where there is none."""
    yield name, ast.get_docstring(scope, clean=False) or ""
    seen: Counter[str] = Counter()
    for node in _definitions(scope):
        seen[node.name] += 1
        yield from _docstrings(node, f"{name}.{node.name}#{seen[node.name]}")


def _definitions(node: ast.AST) -> Iterator[_Definition]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Definition):
            yield child
        else:
            yield from _definitions(child)


def _overrides(tree: ast.Module) -> list[str]:
    """Assignments that give docstrings or examples at run time."""
    return [ast.dump(node) for node in ast.walk(tree) if any(_names_examples(target) for target in _targets(node))]


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets):
            return targets
        case ast.AnnAssign(target) | ast.AugAssign(target):
            return [target]
        case _:
            return []


def _names_examples(target: ast.expr) -> bool:
    names = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(target)}
    return not names.isdisjoint({"__doc__", "__test__"})

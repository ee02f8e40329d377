"""Numbers of the product that tests compare with: moving one moves what the tests expect."""

import ast
from collections.abc import Iterable, Iterator

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.judge.capabilities.module_delta import is_python
from lsp_repair.pycode.modules import parsed


def moved_constants(patch: Patch, tests: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Path and name of each number that the patch changes, and that one of the tests compares a call's result with."""
    moved = [
        (change.path, name) for change in patch.changes if is_python(change.path) for name in sorted(_moved(change))
    ]
    expected = {name for data in tests for name in _expected(parsed(data))} if moved else set[str]()
    yield from (each for each in moved if each[1] in expected)


def _moved(change: FileChange) -> set[str]:
    before, after = _numbers(parsed(change.before)), _numbers(parsed(change.after))
    return {name for name, value in before.items() if after.get(name, value) != value}


def _numbers(tree: ast.Module | None) -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for node in tree.body if tree is not None else ():
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(int() | float() as value)):
                found[name] = value
            case ast.AnnAssign(ast.Name(name), value=ast.Constant(int() | float() as value)):
                found[name] = value
            case _:
                pass
    return found


def _expected(tree: ast.Module | None) -> Iterator[str]:
    """Names in the sides of comparisons, and in the first two arguments of claims, another side of which is a call."""
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Compare(left, comparators=others):
                yield from _names_beside_calls([left, *others])
            case ast.Call(ast.Attribute(ast.Name("self")), [one, other, *_]):
                yield from _names_beside_calls([one, other])
            case _:
                pass


def _names_beside_calls(sides: list[ast.expr]) -> Iterator[str]:
    calls = [any(isinstance(each, ast.Call) for each in ast.walk(side)) for side in sides]
    for side, is_call in zip(sides, calls, strict=True):
        if not is_call and any(calls):
            for each in ast.walk(side):
                if isinstance(each, ast.Name | ast.Attribute):
                    yield each.id if isinstance(each, ast.Name) else each.attr

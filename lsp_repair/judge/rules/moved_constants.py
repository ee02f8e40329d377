"""Numbers of the product that tests compare with: changing one changes what the tests expect."""

import ast
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.modules import Module, parsed
from lsp_repair.pycode.nodes import name_of


def check(context: RuleContext) -> Iterator[Finding]:
    """Numbers that the patch changes, and that one of the tests compares a call's result with."""
    before, after = _numbers(context.before), _numbers(context.after)
    moved = {name: line for name, (value, line) in after.items() if name in before and before[name][0] != value}
    expected = {name for data in context.suite.test_sources() for name in _expected(parsed(data))} if moved else ()
    for name, line in moved.items():
        if name in expected:
            message = f"changes {name}, which the tests compare with"
            yield Finding(Flag.WEAKENED_CHECK, context.path, line, message)


def _numbers(module: Module | None) -> dict[str, tuple[int | float, int]]:
    """Names of the module's numbers, with value and line."""
    found: dict[str, tuple[int | float, int]] = {}
    for node in module.tree.body if module is not None else ():
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(int() | float() as value)):
                found[name] = value, node.lineno
            case ast.AnnAssign(ast.Name(name), value=ast.Constant(int() | float() as value)):
                found[name] = value, node.lineno
            case _:
                pass
    return found


def _expected(tree: ast.Module | None) -> Iterator[str]:
    """Names on one side of a comparison or of an assertion method, where another side is a call."""
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
                yield name_of(each)

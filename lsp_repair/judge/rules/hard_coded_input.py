"""Answers to the inputs of the tests: singled out, spelled out, or given without looking."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.branch_weights import ENOUGH, BranchWeights
from lsp_repair.judge.rules.ignored_input import ignores_input
from lsp_repair.judge.rules.input_specific_branches import InputSpecificBranches
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.judge.rules.tested_literals import LiteralsOfTests
from lsp_repair.pycode.modules import module_of

_DIGITS = re.compile(r"\d+")
_LONG_ENOUGH = 4
_OF_EVERYBODY = frozenset({"127.0.0.1", "0.0.0.0", "1970-01-01", "00:00", "00:00:00", "2000-01-01", "255.255.255.255"})  # noqa: S104 - no address to listen at


def check(context: RuleContext) -> Iterator[Finding]:
    """What a module special-cases; nothing where it generalises as far as reading tells.

    A plain guard (0, None, an empty list…), another row of a table and another branch of a chain are ordinary; so is a
    table most of whose rows no test mentions.
    """
    literals = context.suite.literals
    if context.after.is_opaque or not literals.values:
        return
    known = InputSpecificBranches(context.before or module_of(ast.Module([], [])))
    now = InputSpecificBranches(context.after)
    for line, message in _hard_coded(known, now, literals):
        yield Finding(Flag.HARD_CODED_INPUT, context.path, line, message)


def _hard_coded(
    known: InputSpecificBranches, now: InputSpecificBranches, literals: LiteralsOfTests
) -> Iterator[tuple[int, str]]:
    """Lines and messages, of the plainest kind of hard-coding alone."""
    weights = BranchWeights(literals, known, now)
    telling = weights.telling()
    if sum(weight for weight, _ in telling) >= ENOUGH:
        most = max(weight for weight, _ in telling)
        places = {branch.place: branch.line for weight, branch in reversed(telling) if weight == most}
        for place, line in places.items():
            yield line, f"special-cases an input used by the tests in {place.strip(':') or 'the module'}"
        return
    spelled = _spelled_inputs(known, now, literals)
    if spelled:
        yield from ((line, f"contains a value of the tests: {text!r}") for text, line in spelled)
        return
    ignoring = ignores_input(known, now, literals, weights.is_tested)
    if ignoring is not None:
        yield ignoring.lineno, f"{ignoring.name} answers every input with what the tests expect"


def _spelled_inputs(
    known: InputSpecificBranches, now: InputSpecificBranches, literals: LiteralsOfTests
) -> list[tuple[str, int]]:
    """New texts such as `1h30m` that the tests give or expect, forwards or backwards: no name, no mode, no format."""
    old = _texts(known).keys() | _OF_EVERYBODY
    new = {text: line for text, line in _texts(now).items() if text not in old}
    telling = (each for each in new if len(each) >= _LONG_ENOUGH and len(_DIGITS.findall(each)) > 1)
    return sorted((each, new[each]) for each in telling if {repr(each), repr(each[::-1])} & literals.values)


def _texts(branches: InputSpecificBranches) -> dict[str, int]:
    """Strings of a module but its docstrings, with their lines."""
    scopes = branches.scopes
    return {
        node.value: node.lineno
        for node in scopes.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and not isinstance(scopes.parents[node], ast.Expr)
    }

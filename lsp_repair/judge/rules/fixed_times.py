"""Comparisons of the clock with a time that stands in the code: such code is right until then."""

import ast
from collections import Counter
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.nodes import name_of

_CLOCKS = frozenset(
    {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime", "ctime", "strftime", "makeRecord", "monotonic"}
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Comparisons of a call of a clock with a number or a text; one that stood in the file before is not new."""
    known = Counter(text for text, _ in _comparisons(context.before))
    for text, line in _comparisons(context.after):
        known[text] -= 1
        if known[text] < 0:
            yield Finding(Flag.NEW_CAPABILITY, context.path, line, "compares the clock with a fixed time")


def _comparisons(module: Module | None) -> Iterator[tuple[str, int]]:
    for node in module.scopes.nodes if module is not None else ():
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(_asks_a_clock, sides)) and any(map(_is_fixed, sides)):
                yield ast.dump(node), node.lineno


def _asks_a_clock(side: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) and name_of(node.func) in _CLOCKS for node in ast.walk(side))


def _is_fixed(side: ast.expr) -> bool:
    """Whether it is made of constants alone."""
    constants = [node for node in ast.walk(side) if isinstance(node, ast.Constant)]
    names = [node for node in ast.walk(side) if isinstance(node, ast.Name)]
    return bool(constants) and not names

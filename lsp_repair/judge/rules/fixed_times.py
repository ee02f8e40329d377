"""Whether a patch newly compares the clock with a time that it names: such code is right until then."""

import ast
from collections import Counter

from lsp_repair.domain.patches import FileChange
from lsp_repair.pycode.modules import parsed

_CLOCKS = frozenset(
    {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime", "ctime", "strftime", "makeRecord", "monotonic"}
)


def compares_with_a_fixed_time(change: FileChange) -> bool:
    """By comparisons of a call of a clock with a number or a text; one that stood in the file before is not new."""
    before, after = parsed(change.before), parsed(change.after)
    return after is not None and bool(_comparisons(after) - _comparisons(before))


def _comparisons(tree: ast.Module | None) -> Counter[str]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)] if tree is not None else []
    return Counter(ast.dump(node) for node in found if _is_dated([node.left, *node.comparators]))


def _is_dated(sides: list[ast.expr]) -> bool:
    return any(map(_asks_a_clock, sides)) and any(map(_is_fixed, sides))


def _asks_a_clock(side: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) and _name(node.func) in _CLOCKS for node in ast.walk(side))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_fixed(side: ast.expr) -> bool:
    """A constant, or what is made of constants alone."""
    constants = [node for node in ast.walk(side) if isinstance(node, ast.Constant)]
    names = [node for node in ast.walk(side) if isinstance(node, ast.Name)]
    return bool(constants) and not names

"""Capabilities that a module did not use before: processes, the network, files, the clock and so on."""

import ast
import re
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.capabilities.new_uses import delta_of, flagged_uses
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.nodes import name_of

_TELLS_OF_TESTS = re.compile(r"TEST|^CI$", re.IGNORECASE)
_READING = frozenset({"os.environ", "os.getenv"})


def check(context: RuleContext) -> Iterator[Finding]:
    """One finding for each kind of capability, at the first use."""
    for kind, use in flagged_uses(delta_of(context.change)).items():
        if use.shown not in _READING or not _is_set_by_targets(context):
            yield Finding(Flag.NEW_CAPABILITY, context.path, use.line, f"newly uses {kind}: {use.shown}")


def _is_set_by_targets(context: RuleContext) -> bool:
    """Whether the module reads no variables of the environment but those that the targets set: that is what they check."""
    keys = list(_variables(context.after.tree))
    sets_any = any(b"setenv" in source or b"environ" in source for source in context.suite.test_sources())
    named = context.suite.literals.values | context.suite.literals.inputs
    return (
        sets_any
        and bool(keys)
        and all(key is not None and not _TELLS_OF_TESTS.search(key) and repr(key) in named for key in keys)
    )


def _variables(tree: ast.Module) -> Iterator[str | None]:
    """Names of the variables that are read; None for one that is no plain text, and for other uses of the environment."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value, key) if name_of(value) == "environ":
                yield _text(key)
            case ast.Call(ast.Attribute(value, "get"), [key, *_]) if name_of(value) == "environ":
                yield _text(key)
            case ast.Call(function, [key, *_]) if name_of(function) == "getenv":
                yield _text(key)
            case ast.Call(_, arguments) if any(name_of(each) == "environ" for each in arguments):
                yield None
            case _:
                pass


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

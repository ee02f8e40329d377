"""Data files that only the tests read: they are a part of the tests."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from lsp_repair.domain.verdicts import Finding, Reason
from lsp_repair.judge.rules.rule_context import RuleContext


def check(context: RuleContext) -> Iterator[Finding]:
    """Changed data whose name stands in test files and in no module of the product."""
    name, suite = PurePosixPath(context.path).name.encode(), context.suite
    if context.change.before is None or not any(name in each for each in suite.test_sources()):
        return
    if not any(name in each for each in suite.product_sources()):
        path, line = context.change.first_difference
        yield Finding(Reason.PROTECTED_PATH, path, line, "only the tests read this file, so it is part of them")

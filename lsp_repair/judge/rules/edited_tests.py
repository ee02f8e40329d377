"""Tests that a patch edits, because the user allowed it."""

from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext


def check(context: RuleContext) -> Iterator[Finding]:
    """Whatever is edited: what passes is the edited test."""
    path, line = context.change.first_difference
    yield Finding(Flag.EDITS_TESTS, path, line, "this test was edited: what passes is the edited test")

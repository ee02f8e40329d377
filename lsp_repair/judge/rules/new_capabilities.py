"""Capabilities that a module did not use before: processes, the network, files, the clock and so on."""

from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.capabilities.new_uses import delta_of, flagged_uses
from lsp_repair.judge.rules.rule_context import RuleContext


def check(context: RuleContext) -> Iterator[Finding]:
    """One finding for each kind of capability, at the first use."""
    for kind, use in flagged_uses(delta_of(context.change)).items():
        yield Finding(Flag.NEW_CAPABILITY, context.path, use.line, f"newly uses {kind}: {use.shown}")

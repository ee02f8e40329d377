"""Every rule that reads a patch: what it is for, its code, what a finding leads to, and what it looks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum

from lsp_repair.domain.verdicts import Finding, Flag, Reason
from lsp_repair.judge.rules import (
    answers_in_data,
    data_of_tests,
    edited_tests,
    fixed_times,
    hard_coded_input,
    looser_comparisons,
    moved_constants,
    moved_references,
    mutated_arguments,
    new_capabilities,
    persistent_state,
    removed_checks,
    swallowed_errors,
    weakened_equality,
)
from lsp_repair.judge.rules.rule_context import RuleContext

Check = Callable[[RuleContext], Iterator[Finding]]


class Severity(StrEnum):
    """What a finding leads to."""

    REFUSE = "refuse"
    FLAG = "flag"
    NOTE = "note"


class Subject(Enum):
    """Which of the changed files a rule reads."""

    CODE = "code"
    DATA = "data"
    TEST = "edited tests"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    check: Check
    subject: Subject
    code: Flag | Reason
    severity: Severity
    doc: str
    """One sentence: what the rule finds."""

    @property
    def name(self) -> str:
        """Of its file."""
        return self.check.__module__.rpartition(".")[2]


def _flags(check: Check, code: Flag, doc: str, subject: Subject = Subject.CODE) -> Rule:
    return Rule(check, subject, code, Severity.FLAG, doc)


RULES = (
    _flags(edited_tests.check, Flag.EDITS_TESTS, "the patch edits a test", Subject.TEST),
    Rule(
        data_of_tests.check,
        Subject.DATA,
        Reason.PROTECTED_PATH,
        Severity.REFUSE,
        "data that only the tests read changes",
    ),
    _flags(answers_in_data.check, Flag.HARD_CODED_INPUT, "data gets a tested input with its result", Subject.DATA),
    _flags(removed_checks.check, Flag.WEAKENED_CHECK, "a function loses an assertion, a warning or an error"),
    _flags(moved_constants.check, Flag.WEAKENED_CHECK, "a constant changes that the tests compare with"),
    _flags(moved_references.check, Flag.WEAKENED_CHECK, "a function changes that the failed assertion compares with"),
    _flags(new_capabilities.check, Flag.NEW_CAPABILITY, "a module uses a capability that it did not use before"),
    _flags(fixed_times.check, Flag.NEW_CAPABILITY, "the clock is compared with a fixed time"),
    _flags(swallowed_errors.check, Flag.SWALLOWED_ERROR, "errors are all caught and neither raised again nor used"),
    _flags(weakened_equality.check, Flag.ODD_COMPARISON, "a class makes its objects equal to what they are not"),
    _flags(looser_comparisons.check, Flag.ODD_COMPARISON, "an equality compares less, or a truth value is always true"),
    _flags(mutated_arguments.check, Flag.KEPT_STATE, "a function starts to change its arguments"),
    _flags(persistent_state.check, Flag.KEPT_STATE, "functions change and read state across calls"),
    _flags(hard_coded_input.check, Flag.HARD_CODED_INPUT, "inputs used by the tests are special-cased, or ignored"),
)

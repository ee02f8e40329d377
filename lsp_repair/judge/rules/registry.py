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
    mutated_arguments,
    new_capabilities,
    persistent_state,
    removed_checks,
    swallowed_errors,
    weakened_equality,
)
from lsp_repair.judge.rules.context import RuleContext

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


_CODE, _DATA, _TEST = Subject.CODE, Subject.DATA, Subject.TEST
_FLAG, _REFUSE = Severity.FLAG, Severity.REFUSE
RULES = (
    Rule(edited_tests.check, _TEST, Flag.EDITS_TESTS, _FLAG, "the patch edits a test"),
    Rule(data_of_tests.check, _DATA, Reason.PROTECTED_PATH, _REFUSE, "a changed data file is named by the tests alone"),
    Rule(
        answers_in_data.check,
        _DATA,
        Flag.HARD_CODED_INPUT,
        _FLAG,
        "a data file gets an input of the tests together with its expected result",
    ),
    Rule(
        removed_checks.check,
        _CODE,
        Flag.WEAKENED_CHECK,
        _FLAG,
        "a function loses an assertion, a warning or an error that it raised",
    ),
    Rule(moved_constants.check, _CODE, Flag.WEAKENED_CHECK, _FLAG, "a constant changes that the tests compare with"),
    Rule(
        new_capabilities.check,
        _CODE,
        Flag.NEW_CAPABILITY,
        _FLAG,
        "a module uses a capability that it did not use before",
    ),
    Rule(fixed_times.check, _CODE, Flag.NEW_CAPABILITY, _FLAG, "the clock is compared with a fixed time"),
    Rule(
        swallowed_errors.check,
        _CODE,
        Flag.SWALLOWED_ERROR,
        _FLAG,
        "every error is caught and neither raised again nor used",
    ),
    Rule(
        weakened_equality.check,
        _CODE,
        Flag.ODD_COMPARISON,
        _FLAG,
        "a class makes its objects equal to, greater than or an instance of what they are not",
    ),
    Rule(
        looser_comparisons.check,
        _CODE,
        Flag.ODD_COMPARISON,
        _FLAG,
        "an equality compares less than before, or a truth value becomes something always true",
    ),
    Rule(mutated_arguments.check, _CODE, Flag.KEPT_STATE, _FLAG, "a function starts to change its arguments"),
    Rule(persistent_state.check, _CODE, Flag.KEPT_STATE, _FLAG, "functions change and read state across calls"),
    Rule(
        hard_coded_input.check,
        _CODE,
        Flag.HARD_CODED_INPUT,
        _FLAG,
        "inputs of the tests are special-cased, or answered without being looked at",
    ),
)

"""What proving a patch can conclude, with the closed lists of reasons and flags."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from lsp_repair.domain.behaviour import BehaviourChange, Grade
from lsp_repair.domain.runs import NodeId


class Level(StrEnum):
    """How much of the suite a verdict rests on."""

    AFFECTED = "affected"
    FILE = "file"
    FULL = "full"


class _Code(StrEnum):
    """A code with the sentence that explains it; docs/codes.md is generated from them."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Self:
        """The member is its code, whatever it means."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


class Reason(_Code):
    """Why a patch was refused or stays unproven, or why a failure has no proposal."""

    PROTECTED_PATH = "protected-path", "the patch touches tests, conftests or configuration (pytest, build, CI)"
    OUTSIDE_ROOT = "outside-root", "a path leaves the project, or is a link"
    NOT_A_PATCH = "not-a-patch", "the file is not a readable unified diff"
    STALE = "stale", "the lines that the patch changes are no longer there"
    EMPTY_PATCH = "empty-patch", "the patch changes nothing"
    SYNTAX_ERROR = "syntax-error", "a changed file does not parse"
    TEST_MACHINERY = "test-machinery", "the patch newly uses pytest, mocks, frames, tracing, exits or descriptors"
    TARGET_STILL_FAILS = "target-still-fails", "a failing test still fails with the patch"
    TARGET_NOT_RUN = "target-not-run", "a failing test did not run, was skipped, or was marked as an expected failure"
    TARGET_PASSES_BEFORE = "target-passes-before", "the test passes without the patch, so it cannot prove anything"
    NO_FAILING_TEST = "no-failing-test", "nothing fails before the patch"
    REGRESSION = "regression", "a test that passed before fails"
    NODE_ID_LOST = "node-id-lost", "a test of the baseline is no longer collected"
    IMPORT_ORIGIN = "import-origin", "the tests imported another copy of the code than the patched one"
    NEVER_IMPORTED = "never-imported", "the tests never imported a patched file"
    INCOMPLETE_RUN = "incomplete-run", "the test run did not finish"
    UNSTABLE = "unstable", "runs of the same code disagreed"
    TIMEOUT = "timeout", "the patched code exceeded the time limit of a test"
    TIME_LIMIT = "time-limit", "the time limit of the command was reached"
    NO_CANDIDATE = "no-candidate-survived", "no edit fixes the failing tests and keeps the others passing"
    NOTHING_TO_EDIT = "nothing-to-edit", "the failing tests execute no code that a repair may change"
    NOT_REPRODUCED = "not-reproduced", "the failure did not occur again on the same code"
    MISSING_EFFECT = "missing-effect", "the test lacks something in its environment; the detail names it"
    WEAK_ISOLATION = "weak-isolation", "the isolation is weaker than this patch requires"
    BUDGET = "budget", "a limit on tokens or money, or an unknown price, forbids the next model call (see the detail)"
    MODEL_UNAVAILABLE = "model-unavailable", "the model's endpoint refused or did not answer, or the key is wrong"
    STUCK = "stuck", "the strategy gave up: the same patch or failure came again, or its attempts are used up"
    SAME_SUSPECTS = (
        "same-suspects",
        "models did not repair two failures with the same suspicious code: no further one is sent",
    )
    DECEPTIVE_TEXT = "deceptive-text", "characters in code or a file name are invisible, bidirectional or look-alikes"
    TOO_LARGE = "too-large", "more files, lines or bytes change than a repair needs, or a line is too long to read"
    TAMPERING = (
        "tampering",
        (
            "a test's result differs from what was reported, a file that decides outcomes changed during the run, or "
            "a patched file reached for frames, code objects or all objects"
        ),
    )
    MUST_FAIL_PASSED = "must-fail-passed", "a canary, mutated assertion, or comparison with what equals nothing passed"
    GARBLED_CHANNEL = "garbled-channel", "records of the run are missing or not the probe's own, so there is no verdict"


class Flag(_Code):
    """Why a person should look before accepting."""

    NEW_CAPABILITY = (
        "new-capability",
        (
            "the patch adds a powerful capability (processes, sockets, files, the environment, the clock, randomness, "
            "the order of a set, object internals), or floods the output; the note names it"
        ),
    )
    SWALLOWED_ERROR = (
        "swallowed-error",
        "errors are all caught and neither raised again nor used, or a check fails unnoticed",
    )
    HARD_CODED_INPUT = (
        "hard-coded-input",
        (
            "inputs used by the tests are special-cased with their expected results, in code or data, or the answer "
            "depends on the name of a test double or a fixture's file, or on the docstring"
        ),
    )
    ODD_COMPARISON = (
        "odd-comparison",
        (
            "the patch makes objects equal to what they are not, leaves fields out of a comparison, compares sizes "
            "instead of values, or returns something always true where it returned a truth value"
        ),
    )
    KEPT_STATE = (
        "kept-state",
        (
            "functions change and read state that persists across calls, change their arguments, or set something for "
            "the whole process"
        ),
    )
    EDITS_TESTS = "edits-tests", "the patch edits a test (needs `--allow-test-edits`): what passes is the edited test"
    CHANGED_ONLY_AT_TESTED_POINTS = (
        "changed-only-at-tested-points",
        (
            "the code answers differently only for the inputs that the tests use and the patch names or recognises, "
            "and for nothing near them"
        ),
    )
    NO_CHANGE_OUTSIDE_PYTEST = (
        "no-change-outside-pytest",
        "called outside the tests, the code answers as before, whatever the tests see",
    )
    WEAKENED_CHECK = (
        "weakened-check",
        (
            "an assertion of the code is gone or changed, a function raises fewer errors or warnings, an input that was "
            "refused is taken, a number or a function that the tests compare with changes, or the assertion that failed "
            "is no longer evaluated"
        ),
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a patch that a person should look at, or that forbids it."""

    code: Flag | Reason
    path: str
    """Relative to the root."""
    line: int
    """Of the patched file, from 1; of what was removed: where it was."""
    message: str

    def __str__(self) -> str:
        """As notes show it."""
        return f"{self.path}:{self.line}: {self.message}"


def flags_of(findings: Iterable[Finding]) -> tuple[Flag, ...]:
    """The codes of findings, each once, in the order of the list."""
    codes = {finding.code for finding in findings}
    return tuple(flag for flag in Flag if flag in codes)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a plausible patch rests on."""

    targets_passed: tuple[NodeId, ...]
    still_passing: int
    level: Level
    runs: int
    """How many complete runs of the patched code agreed."""
    not_applicable: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    """What else a person should know, besides the findings."""
    isolation: str = ""
    """The tier it was proved at, in words."""
    grade: Grade = Grade.POSSIBLE
    behaviour: BehaviourChange = field(default_factory=BehaviourChange)
    pinned_by: int = 0
    """Passing tests that execute the changed lines."""
    alternatives_rejected: int = 0
    """Other edits at that place that fail a test."""

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The codes of the findings."""
        return flags_of(self.findings)

    @property
    def is_proved(self) -> bool:
        """Whether its grade is *proved*."""
        return self.grade is Grade.PROVED

    @property
    def all_notes(self) -> tuple[str, ...]:
        """What a person should know, the findings first."""
        return (*map(str, self.findings), *self.notes)


@dataclass(frozen=True, slots=True)
class Plausible:
    """Every target passes, nothing that passed before fails."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rejected:
    """The patch is not to be offered."""

    reasons: tuple[Reason, ...]
    detail: str = ""
    broken: tuple[str, ...] = ()
    """Ids of tests that passed before and do not any more, as far as they were noticed."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """Neither acceptance nor rejection could be shown."""

    reasons: tuple[Reason, ...]
    detail: str = ""


Verdict = Plausible | Rejected | Unproven

"""What proving a patch can conclude, with the closed lists of reasons and flags."""

from dataclasses import dataclass
from enum import StrEnum

from lsp_repair.domain.runs import NodeId


class Level(StrEnum):
    """How much of the suite a verdict rests on."""

    AFFECTED = "affected"
    FILE = "file"
    FULL = "full"


class Reason(StrEnum):
    """Why a patch was refused or stays unproven, or why a failure has no proposal; documented in docs/codes.md."""

    PROTECTED_PATH = "protected-path"
    OUTSIDE_ROOT = "outside-root"
    NOT_A_PATCH = "not-a-patch"
    STALE = "stale"
    EMPTY_PATCH = "empty-patch"
    SYNTAX_ERROR = "syntax-error"
    TEST_MACHINERY = "test-machinery"
    TARGET_STILL_FAILS = "target-still-fails"
    TARGET_NOT_RUN = "target-not-run"
    TARGET_PASSES_BEFORE = "target-passes-before"
    NO_FAILING_TEST = "no-failing-test"
    REGRESSION = "regression"
    NODE_ID_LOST = "node-id-lost"
    IMPORT_ORIGIN = "import-origin"
    NEVER_IMPORTED = "never-imported"
    INCOMPLETE_RUN = "incomplete-run"
    UNSTABLE = "unstable"
    TIMEOUT = "timeout"
    TIME_LIMIT = "time-limit"
    NO_CANDIDATE = "no-candidate-survived"
    NOTHING_TO_EDIT = "nothing-to-edit"
    NOT_REPRODUCED = "not-reproduced"
    MISSING_EFFECT = "missing-effect"
    WEAK_ISOLATION = "weak-isolation"
    BUDGET = "budget"
    MODEL_UNAVAILABLE = "model-unavailable"
    STUCK = "stuck"
    DECEPTIVE_TEXT = "deceptive-text"
    TOO_LARGE = "too-large"
    TAMPERING = "tampering"
    MUST_FAIL_PASSED = "must-fail-passed"
    GARBLED_CHANNEL = "garbled-channel"


class Flag(StrEnum):
    """Why a person should look before accepting; documented in docs/codes.md."""

    NEW_CAPABILITY = "new-capability"
    SWALLOWED_ERROR = "swallowed-error"
    HARD_CODED_INPUT = "hard-coded-input"
    ODD_COMPARISON = "odd-comparison"
    KEPT_STATE = "kept-state"
    EDITS_TESTS = "edits-tests"
    CHANGED_ONLY_AT_TESTED_POINTS = "changed-only-at-tested-points"
    NO_CHANGE_OUTSIDE_PYTEST = "no-change-outside-pytest"
    WEAKENED_CHECK = "weakened-check"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a plausible patch rests on."""

    targets_passed: tuple[NodeId, ...]
    still_passing: int
    level: Level
    runs: int
    """How many complete runs of the patched code agreed."""
    not_applicable: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    isolation: str = ""
    """The tier it was proved at, in words."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """Every target passes, nothing that passed before fails."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rejected:
    """The patch is not to be offered."""

    reasons: tuple[Reason, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unproven:
    """Neither could be shown."""

    reasons: tuple[Reason, ...]
    detail: str = ""


Verdict = Plausible | Rejected | Unproven

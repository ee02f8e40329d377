"""What a run of untrusted code was seen to do beside its outcomes: whether they can be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Inner(StrEnum):
    """What the call of a test function itself did, apart from what pytest reported of it."""

    RETURNED = "returned"
    RAISED = "raised"
    SKIPPED = "skipped"
    """It raised what skips a test, or marks it as expected to fail."""
    NEVER = "never"
    """It was not called, or did not come back."""
    UNSEEN = "unseen"
    """This kind of test has no function that could be watched."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One test's call as it was seen innermost."""

    inner: Inner
    error_reported: bool
    """Whether pytest was told of an error in the call, whatever the report made of it."""
    code: str = ""
    """Digest of the code that ran; empty when it comes from no test file."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a canary, of a test's copy or of a mutant of it, after the real tests."""

    what: str
    """`canary`, `again`, `negated`, `negated-within` (in a function that the test defines), `other-error`; `rebound` when
    `detail` names what is not what the test file says, and `none` when it names what could not be tried."""
    node_id: str
    outcome: str = ""
    """`passed`, `failed` (in whatever phase) or `skipped`."""
    inner: Inner = Inner.UNSEEN
    line: int = 0
    reached: bool = False
    """Whether the mutated place was executed."""
    detail: str = ""
    equals_all: tuple[str, ...] = ()
    """Types of compared values that equal what nothing equals."""


@dataclass(frozen=True, slots=True)
class Oversight:
    """The facts that a judge of untrusted code asks for; empty where nobody asked."""

    garbled: str = ""
    """Why the records cannot be the probe's own; empty when they can."""
    irregular: frozenset[str] = frozenset()
    """Kinds of order that the records break: honest plugins may, and then do so with any code."""
    observed: Mapping[str, Observed] = field(default_factory=dict[str, Observed])
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the test files as they were just before they were imported, by path relative to the root."""
    trials: tuple[Trial, ...] = ()
    reached: frozenset[tuple[str, str]] = frozenset()
    """Paths of guarded files with what they reached for; an empty path where it cannot be said which."""

"""What every strategy works with: programs, what is said about them, and the verbs of the bench."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import Failure
from lsp_repair.domain.verdicts import Plausible, Reason

Overlay = dict[str, bytes]
"""New bytes of each file that a program changes."""


@dataclass(frozen=True, slots=True)
class Program:
    """A state of the code under repair: the user's own with some files changed."""

    overlay: tuple[tuple[str, bytes], ...] = ()
    error: str = ""
    """Why it fails, as models are told."""
    fingerprint: str = ""
    """Of that failure; empty while nobody ran it."""
    reply: str = ""
    """Of the model that wrote it."""
    failure: Failure | None = None
    """What the error describes: of a test that still fails, or of one that the program broke; None: the case's own."""
    path: tuple[str, ...] = ()
    """What was tried on the way from the user's code to this program, itself included: one line each, the oldest first."""
    told: tuple[str, ...] = ()
    """Of all that was tried, what a model is told together with this program (see `remembering`)."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A program whose patch was proved."""

    patch: Patch
    verdict: Plausible
    reply: str = ""
    note: str = ""
    """What the strategy has to say about it, for the user."""


@dataclass(frozen=True, slots=True)
class StillFails:
    """A program that was run and fails, with what is known of the failure now."""

    program: Program
    patch_id: str
    reason: Reason | None = None
    detail: str = ""
    passing: int = 0
    """How many of the tests under repair pass by now, where it breaks no rule: 0 is no better than the user's code."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A reply that gave no program: refused, cut off, or blocks that fit nowhere."""

    problem: str
    partial: str = ""
    """What had come of a reply that was cut off; what is whole in it may be used."""


Judged = Solved | StillFails


@dataclass(frozen=True, slots=True)
class Behaviours:
    """Solved programs sorted by what they do on the tests' inputs."""

    groups: tuple[tuple[Solved, ...], ...]
    """Each patch once; the members of a group answer every compared call alike."""
    unknown: tuple[Solved, ...] = ()
    """Those of which nothing was compared: nobody knows what they do."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a strategy came to."""

    solved: tuple[Solved, ...]
    reason: Reason | None = None
    detail: str = ""


class CannotAskError(Exception):
    """No further call can be made: a cap, a key, an endpoint that is gone, no time left."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Tried:
    """One judged patch: what it was and how it failed."""

    patch_id: str
    fingerprint: str
    line: str
    """For the next prompt."""
    error: str = ""
    """All of its error; empty where it passed."""


@dataclass(slots=True)
class Trail:
    """All that was tried for a failure, in order."""

    tried: list[Tried] = field(default_factory=list[Tried])

    @property
    def lines(self) -> tuple[str, ...]:
        """As models are told it."""
        return tuple(each.line for each in self.tried)

    def since(self, count: int) -> "Trail":
        """What was tried after the first `count`."""
        return Trail(self.tried[count:])

    @property
    def stuck(self) -> str:
        """Why going on in the same way is of no use; empty while it may be."""
        if len(self.tried) < 2:
            return ""
        before, last = self.tried[-2:]
        if any(each.patch_id == last.patch_id for each in self.tried[:-1]):
            return "the same patch came twice"
        if before.fingerprint and before.fingerprint == last.fingerprint:
            return "two patches in a row left the same failure"
        return ""


class Bench(Protocol):
    """The verbs of a strategy over one `Case`; every one that asks a model is metered.

    They raise CannotAskError when no call can be made.
    """

    @property
    def trail(self) -> Trail:
        """All that was tried, in order."""
        ...

    @property
    def explains_itself(self) -> bool:
        """Whether one model both explains and repairs (M_P = M_F), and no hint of the user's explains already."""
        ...

    def first(self) -> Program:
        """The user's own failing code: the first program, at no sampled token."""
        ...

    def explain(self, program: Program, sample: int) -> str:
        """Feedback on a failing program; the user's hint takes its place where there is one."""
        ...

    def repair(self, program: Program, feedback: str, sample: int, *, temperature: float) -> Program | Unusable:
        """A repaired program."""
        ...

    def joint(self, program: Program, sample: int, advice: str = "") -> Program | Unusable:
        """Feedback and repair in one reply; `advice` is what a critic said of the program."""
        ...

    def criticise(self, program: Program, sample: int) -> str:
        """Three suggestions of the critic on a failed attempt, a line each; empty where it gave none."""
        ...

    def rewrite(self, sample: int) -> Program | Unusable:
        """The suspicious function written anew from its specification alone: nobody sees the code as it is."""
        ...

    def reflect(self, program: Program, sample: int) -> str:
        """Why the last attempt failed and what to do instead."""
        ...

    def correct(self, program: Program, sample: int) -> Program | Unusable:
        """A second attempt after a program's own reply, which is told nothing about the first one."""
        ...

    def own_tests(self, most: int) -> Sequence[str]:
        """Asserts that the model would test the code with: they steer, and never judge."""
        ...

    def passes_own(self, program: Program, tests: Sequence[str]) -> str:
        """What became of each of these asserts, where one fails; empty when all pass or none can be run."""
        ...

    def judge(self, program: Program) -> Judged:
        """Run a program's failing tests, then prove it; told in the trail."""
        ...

    def behaviour_groups(self, solved: Sequence[Solved]) -> Behaviours:
        """Solved programs of different patches, sorted by what they do on the tests' inputs."""
        ...

    def recall(self) -> tuple[str, ...]:
        """Reflections on this failure from earlier sessions."""
        ...

    def remember(self, reflection: str) -> None:
        """Keep one for later sessions."""
        ...

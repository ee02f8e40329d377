"""What a patch changes in behaviour, beyond the tests that it repairs."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much speaks for a patch whose tests pass."""

    PROVED = "proved"
    """The tests reject other ways to do it, or all that is left behaves alike."""
    POSSIBLE = "possible"
    """The tests pass, and they do not say enough about what the patch changes."""


@dataclass(frozen=True, slots=True)
class Example:
    """One call that old and new code answer differently."""

    call: str
    """As a person reads it."""
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.call}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question."""

    value: str
    """As a person reads it: a literal, or `raises ValueError: …`."""
    proposals: tuple[str, ...]
    """Ids of the proposals that answer so; empty where only patches that are not offered do."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call on which patches differ that the tests do not tell apart: its right answer would decide."""

    call: str
    answers: tuple[Choice, ...]
    """That of the best proposal first."""

    def expectation(self, value: str) -> str:
        """The answer as an expression for `--expect`; empty for an error, which no expression says."""
        return "" if value.startswith("raises ") else f"{self.call} == {value}"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A test that says what the user answered."""

    path: str
    """The file of the failing test, relative to the root."""
    expression: str
    text: str
    """What comes at the end of that file."""


@dataclass(frozen=True, slots=True)
class BehaviourChange:
    """Old and new code side by side, on calls that the tests lead to and on neighbours of these."""

    examples: tuple[Example, ...] = ()
    """The most telling ones."""
    unchanged: int = 0
    """Calls that both answer alike."""
    compared: int = 0
    """Calls that both answered."""
    entries: int = 0
    """Calls of changed functions that the tests made."""
    entries_compared: int = 0
    """Those of them that could be compared."""
    in_programs: bool = False
    """Whether only programs that the tests start were seen to execute the changed code."""

    @property
    def lines(self) -> tuple[str, ...]:
        """For people: the examples, then how much stays as it was."""
        if not self.compared and self.in_programs:
            return ("the changed code runs only in programs that the tests start, where no call can be compared",)
        if not self.compared:
            return ("no call of the changed code could be compared",)
        others = self.compared - len(self.examples)
        return (*map(str, self.examples), f"unchanged in {self.unchanged} of {others} other calls")

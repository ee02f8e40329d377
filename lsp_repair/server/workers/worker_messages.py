"""What the server and a worker write to each other: orders to the worker, reports back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsp_repair.server.state.failures import FailingTest, Report
from lsp_repair.server.state.view import Ask


@dataclass(frozen=True, slots=True)
class Target:
    """The root that a worker works on."""

    root: str
    settings: Mapping[str, Any]
    """Those of the editor, in its camel case."""
    unsaved: Mapping[str, str]
    """Texts of open documents that differ from the disk, by path."""
    editor_models: bool
    """Whether the editor lends its models."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run all tests, then wait for changes."""

    target: Target
    generation: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Run the tests that these files can affect."""

    generation: int
    paths: tuple[str, ...]
    unsaved: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Repair:
    """Explain and repair failures, then end."""

    target: Target
    ask: Ask
    explain_only: bool


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What a model of the editor answered."""

    number: int
    text: str | None = None
    error: str | None = None
    model_id: str | None = None


Order = Run | Changed | Repair | ChatAnswer


@dataclass(frozen=True, slots=True)
class Found:
    """The project was found; what asking models could cost."""

    models: bool
    """Whether the user named models that could be asked."""
    most_usd: str | None
    """What they may cost for one fix; None: there is no cap."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The result of one run."""

    generation: int
    files: tuple[str, ...] | None
    """The test files that ran: failing tests of other files stay as they are; None: everything ran."""
    failing: tuple[FailingTest, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """What a repair is doing."""

    text: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repair of one failure group is over."""

    report: Report


@dataclass(frozen=True, slots=True)
class Chat:
    """A question to a model of the editor."""

    number: int
    messages: tuple[tuple[str, str], ...]
    """Role and content of each."""
    max_output_tokens: int
    model_id: str | None
    """None: whichever model the editor chooses."""


@dataclass(frozen=True, slots=True)
class ChatOver:
    """Nobody waits for this answer any longer."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker could not do what it was asked to do."""

    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class Ended:
    """The worker's process ended; the server's own end of the pipe reports it."""

    tail: str
    """The end of what it wrote to standard error."""


WorkerReport = Found | Verdicts | Progress | Repaired | Chat | ChatOver | Failed | Ended

"""What a caller can ask the engine for: which tests, within which limits, with which models."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.isolation import Demands
from lsp_repair.domain.model_choice import CONTEXT_TOKENS
from lsp_repair.domain.money import Meter, Reflections
from lsp_repair.domain.projects import Project
from lsp_repair.domain.redaction import Redactor
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.errors import UsageError
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.ignored import Ignored
from lsp_repair.repair.strategies import Strategy
from lsp_repair.testrun.snapshot_rules import SnapshotRules


@dataclass(frozen=True, slots=True)
class Pair:
    """A feedback model and a repair model, which may be the same."""

    feedback: ChatModel
    repair: ChatModel
    unasked: str = ""
    """Why the feedback model is not asked for feedback: its words were found to be of no use; empty: it is."""

    @property
    def name(self) -> str:
        """As people read it."""
        if self.feedback.name == self.repair.name:
            return self.repair.name
        return f"{self.repair.name} with feedback of {self.feedback.name}"


@dataclass(frozen=True, slots=True)
class Assistants:
    """Everything that has to do with models in one session."""

    strategy: Strategy
    steps: tuple[tuple[str, Pair], ...]
    """`cheap` and `strong`, those that may be used; strategies other than the cascade use the last one."""
    meter: Meter
    reflections: Reflections
    redactor: Redactor
    ignored: Callable[[str], bool] | Ignored
    hint: str = ""
    """The user's own explanation: it takes the feedback model's place."""
    context_tokens: int = CONTEXT_TOKENS
    """How large a prompt may be."""
    preview: bool = False
    """Nothing is sent: the caller shows what would be."""
    critic: ChatModel | None = None
    """Makes suggestions on failed attempts, where the strategy has a critic."""

    @property
    def models(self) -> tuple[ChatModel, ...]:
        """Those that may be asked, each once, the cheap ones first."""
        named = {id(model): model for _, pair in self.steps for model in (pair.feedback, pair.repair)}
        return tuple(named.values())

    def finished(self) -> None:
        """The run is over and was not interrupted: what was paid for it is used up, so that the next one samples anew."""
        for model in self.models:
            if model.paid is not None:
                model.paid.forget()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tests a command is about; never wider than what the project's PATH chose."""

    tests: tuple[str, ...] = ()
    """Node ids or file paths as the user typed them: relative to the root, to PATH or to the working directory."""
    last_failed: bool = False


PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class FixRequest:
    """One `fix` over one pytest root."""

    selection: Selection = Selection()
    time_limit_seconds: float = 300.0
    patience_seconds: float | None = PATIENCE_SECONDS
    """CPU seconds that the search for one group goes on without a survivor; None: the time limit alone ends it."""
    jobs: int = 1
    demands: Demands = field(default_factory=Demands)
    allow: tuple[str, ...] = ()
    """Effects that the user opened to tests."""
    explain_only: bool = False
    """Stop after the explanations: nothing is searched."""
    since: str | None = None
    """A revision with whose code the failing tests passed: the history from there is bisected."""
    max_proposals: int = 3
    """How many proposals a failure group gets at most."""
    ignore: tuple[str, ...] = ()
    """Globs of files that are never edited."""
    snapshot_rules: SnapshotRules = field(default_factory=SnapshotRules)
    """What the private copy holds beyond the defaults, and what not."""
    rejected: frozenset[str] = frozenset()
    """Ids of patches that the user rejected before: they do not come back."""
    import_cache: Path | None = None
    """Where the imports of the project's files are kept between commands; None: nowhere."""
    overlays: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Unsaved buffers: new bytes of files, by path relative to the root."""
    last_green: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """What the caller has seen the failing tests pass with: earlier bytes of files, by path relative to the root."""
    assistants: Assistants | None = None
    """The models that may be asked; None: the built-in engine alone."""
    writes: bool = False
    """What is proved will be written: files that cannot be are not searched."""
    allow_test_edits: bool = False
    """A patch may edit tests (never conftests or configuration): it is always flagged, and says so."""
    expectations: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Expressions that have to be true of the repaired code, by fingerprint; those under an empty one hold for all."""
    hint: str = ""
    """The user's own explanation: the built-in engine tries what it names first."""
    redactor: Redactor = field(default_factory=Redactor)
    """Takes secrets out of values that are shown as examples."""

    def expected_of(self, group: FailureGroup) -> tuple[str, ...]:
        """What the user expects of the repair of a failure."""
        found = (*self.expectations.get("", ()), *self.expectations.get(group.fingerprint, ()))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One `check` of a foreign patch."""

    patch_text: bytes
    selection: Selection = Selection()
    time_limit_seconds: float = 300.0
    demands: Demands = field(default_factory=Demands)
    allow: tuple[str, ...] = ()
    snapshot_rules: SnapshotRules = field(default_factory=SnapshotRules)
    allow_test_edits: bool = False
    """The patch may edit tests (never conftests or configuration): it is always flagged, and says so."""
    redactor: Redactor = field(default_factory=Redactor)
    """Takes secrets out of values that are shown as examples."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Collection arguments relative to the root; empty when nothing was narrowed."""

    targets: tuple[str, ...] = ()
    """Node ids or files asked for."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files to collect."""
        return tuple(dict.fromkeys(target.split("::", 1)[0] for target in self.targets))

    def names(self, node_id: str) -> bool:
        """Whether a collected id is one of the targets: itself, below it, or one of its parameter sets."""
        return any(
            node_id == target or node_id.startswith((f"{target}::", f"{target}[", f"{target}/"))
            for target in self.targets
        )


def chosen(project: Project, selection: Selection, working_directory: Path) -> Chosen:
    """Resolve the selection; raises UsageError (`test-not-found`, `no-last-failed`)."""
    targets = [_resolved(project, test, working_directory) for test in selection.tests]
    if selection.last_failed:
        targets += _last_failed(project)
    return Chosen(tuple(dict.fromkeys(targets)))


def _resolved(project: Project, test: str, working_directory: Path) -> str:
    path, separator, rest = test.partition("::")
    bases = [project.root, *(project.root / each for each in project.selected), working_directory]
    for base in bases:
        folder = base if base.is_dir() else base.parent
        file = (folder / path).resolve()
        if file.exists() and file.is_relative_to(project.root.resolve()):
            return file.relative_to(project.root.resolve()).as_posix() + separator + rest
    raise UsageError(
        "test-not-found",
        f"--test {test}: there is no file {path} below {project.root}",
        "give a node id relative to the root",
    )


def _last_failed(project: Project) -> Iterable[str]:
    record = project.root / ".pytest_cache" / "v" / "cache" / "lastfailed"
    try:
        failed: dict[str, bool] = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        failed = {}
    if not failed:
        raise UsageError(
            "no-last-failed", f"{record} names no failed test", "run pytest once, or name tests with --test"
        )
    return [key for key in failed if (project.root / key.split("::", 1)[0]).exists()]

"""What a caller can ask the engine for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.isolation import Demands
from lsp_repair.repair.assistants import Assistants


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tests a command is about; never wider than what the project's PATH chose."""

    tests: tuple[str, ...] = ()
    """Node ids or file paths as the user typed them: relative to the root, to PATH or to the working directory."""
    last_failed: bool = False


@dataclass(frozen=True, slots=True)
class FixRequest:
    """One `fix` over one pytest root."""

    selection: Selection = Selection()
    time_limit_seconds: float = 300.0
    jobs: int = 1
    demands: Demands = field(default_factory=Demands)
    allow: tuple[str, ...] = ()
    """Effects that the user opened to tests."""
    explain_only: bool = False
    """Stop after the explanations: nothing is searched."""
    max_proposals: int = 3
    """How many proposals a failure group gets at most."""
    ignore: tuple[str, ...] = ()
    """Globs of files that are never edited."""
    snapshot_include: tuple[str, ...] = ()
    """Globs of files that candidates may read although they may hold secrets."""
    rejected: frozenset[str] = frozenset()
    """Ids of patches that the user rejected before: they do not come back."""
    import_cache: Path | None = None
    """Where the imports of the project's files are kept between commands; None: nowhere."""
    overlays: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Unsaved buffers: new bytes of files, by path relative to the root."""
    assistants: Assistants | None = None
    """The models that may be asked; None: the built-in engine alone."""
    allow_test_edits: bool = False
    """A patch may edit tests (never conftests or configuration): it is always flagged, and says so."""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One `check` of a foreign patch."""

    patch_text: bytes
    selection: Selection = Selection()
    time_limit_seconds: float = 300.0
    demands: Demands = field(default_factory=Demands)
    allow: tuple[str, ...] = ()
    snapshot_include: tuple[str, ...] = ()
    allow_test_edits: bool = False
    """The patch may edit tests (never conftests or configuration): it is always flagged, and says so."""

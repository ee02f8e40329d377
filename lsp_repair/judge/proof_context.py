"""What proofs stand on: the project's copy, its baseline, and the tests to run."""

from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Level
from lsp_repair.judge.policy.protected_paths import ProjectRules
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tests a proof runs, and what that amounts to."""

    level: Level
    files: tuple[str, ...]
    only: frozenset[NodeId] | None
    """None: everything that the files hold."""


@dataclass(frozen=True, slots=True)
class ProofContext:
    """What all proofs of one session stand on."""

    snapshot: Snapshot
    place: Place
    baseline: TestRun
    private: Path
    """Where copies may be made."""
    flaky: frozenset[NodeId] = field(default_factory=frozenset[NodeId])
    """Tests known to be flaky: they decide nothing."""
    rules: ProjectRules = field(default_factory=ProjectRules)
    """Which paths a patch may touch."""
    isolation: str = ""
    """The tier that everything runs at, in words."""

"""The first stage: a sandbox, and a private copy of the project that is ready to run its tests in it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lsp_repair import testrun
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer
from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.projects import Project
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.isolation import GUARD
from lsp_repair.isolation.environment import scrubbed, trusted
from lsp_repair.isolation.tiers import Found, Requested, find
from lsp_repair.judge.policy.policy import ProjectRules
from lsp_repair.judge.policy.protected_paths import project_rules
from lsp_repair.judge.proof_context import ProofContext
from lsp_repair.repair.fix_request import FixRequest
from lsp_repair.repair.history.commit_range import Range
from lsp_repair.repair.history.repository_copy import copy_repository, lies_in_repository, mentions_git
from lsp_repair.testrun.place import Place, source_roots
from lsp_repair.testrun.snapshot import Snapshot, take_snapshot
from lsp_repair.testrun.snapshot_rules import SnapshotRules
from lsp_repair.testrun.visible import readable_paths

NO_OVERLAYS: Mapping[str, bytes] = {}
_PROBE = Path(testrun.__file__).parent / "probe"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A private copy of the project, ready to run its tests."""

    project: Project
    private: Path
    snapshot: Snapshot
    place: Place
    isolation: IsolationReport

    def rules(self, *, test_edits: bool) -> ProjectRules:
        """The project's rules, with the folders that its copy is imported from."""
        copy, root = self.snapshot.root, self.project.root
        roots = [Path(each) for each in self.place.source_roots]
        sources = [root / each.relative_to(copy) for each in roots if each.is_relative_to(copy)]
        return project_rules(self.project, sources, test_edits=test_edits)

    def proof_context(self, run: TestRun, *, test_edits: bool, flaky: frozenset[NodeId] = frozenset()) -> ProofContext:
        """What proofs on this copy stand on."""
        rules, tier = self.rules(test_edits=test_edits), self.isolation.words
        return ProofContext(self.snapshot, self.place, run, self.private, flaky, rules, tier)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file of the snapshot; None when it cannot be read or lies elsewhere."""
        return read_file(self.snapshot.root, path)

    def source_line(self, path: str, line: int) -> str:
        """One line (1-based) of a file of the snapshot; empty where there is none."""
        lines = (self.read(path) or b"").decode("utf-8", "replace").splitlines()
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def imported_files(self, run: TestRun) -> frozenset[str]:
        """Files of the copy, relative to its root, that the tests imported."""
        files, root = map(Path, run.module_files.values()), self.snapshot.root
        return frozenset(file.relative_to(root).as_posix() for file in files if file.is_relative_to(root))


def read_file(root: Path, path: str) -> bytes | None:
    """The bytes of a file below a root; None when it cannot be read or lies elsewhere."""
    file = root / path
    try:
        return file.read_bytes() if file.resolve().is_relative_to(root.resolve()) else None
    except OSError:
        return None


def prepare(
    project: Project, private: Path, rules: SnapshotRules, found: Found, overlays: Mapping[str, bytes] = NO_OVERLAYS
) -> Prepared:
    """Copy the project and find out how its own code is imported from the copy; everything runs in this sandbox."""
    sandbox = found.sandbox
    snapshot = take_snapshot(project.root, private / "base" / (project.root.name or "root"), overlays, rules)
    if lies_in_repository(project.root) and mentions_git(snapshot.root):
        copy_repository(project.root, snapshot.root)
    for name in ("home", "tmp"):
        (private / name).mkdir(exist_ok=True)
    place = Place(
        root=snapshot.root,
        python=project.interpreter.executable,
        environ=_environ(private, sandbox.opened),
        source_roots=source_roots(project, snapshot),
        arguments=project.pytest_args,
        selected=project.selected,
        sandbox=sandbox,
        origin=project.root,
        copy_bytes=snapshot.size_bytes,
        folder=project.folder,
    )
    return Prepared(project, private, snapshot, place, found.report)


def _environ(private: Path, opened: frozenset[str]) -> dict[str, str]:
    """What candidate code gets, with what the user opened."""
    environ = scrubbed(os.environ, private)
    if "environment" in opened:
        environ = {**trusted(os.environ), "HOME": environ["HOME"], "TMPDIR": environ["TMPDIR"]}
    if "home" in opened and "HOME" in os.environ:
        environ["HOME"] = os.environ["HOME"]
    return environ


@dataclass(frozen=True, slots=True)
class Session:
    """One `fix` over one prepared project. Results of the stages are passed on by the engine; they are not kept here."""

    request: FixRequest
    prepared: Prepared
    deadline: Deadline
    observe: Observer
    since: Range | None = None
    """The history that the user asked to be bisected."""


def find_sandbox(project: Project, allow: tuple[str, ...] = ()) -> Found:
    """How this project's processes can be confined on this machine, tried out."""
    readable = readable_paths(project, os.environ, (_PROBE, GUARD))
    return find(Requested(project.interpreter.executable, readable, allow))

"""What proofs stand on: the private copy with a patch in it, its oracle frozen, and one run there."""

import shutil
import stat
import tempfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Level
from lsp_repair.judge.policy.policy import ProjectRules
from lsp_repair.testrun.cold import ColdRequest, MustFail, run_cold
from lsp_repair.testrun.place import Place, is_plain_file
from lsp_repair.testrun.probe.digests import digest, drop_bytecode
from lsp_repair.testrun.snapshot import Snapshot, copy_snapshot, discard, write_patch

_MIN_TEST_SECONDS = 2.0
_PATIENCE = 4.0
_MIN_SILENCE, _MAX_SILENCE = 15.0, 60.0
"""Wall seconds without news of a run: a candidate that sleeps uses no CPU time."""


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
    unsteady: frozenset[NodeId] = field(default_factory=frozenset[NodeId])
    """Tests known to be flaky: they decide nothing."""
    rules: ProjectRules = field(default_factory=ProjectRules)
    """What of the project decides which paths a patch may touch."""
    isolation: str = ""
    """The tier that everything runs at, in words."""


@dataclass(frozen=True, slots=True)
class PatchedRun:
    """A run on a patched copy, with what became of the files that decide outcomes."""

    run: TestRun
    before: Mapping[str, str] = field(default_factory=dict[str, str])
    """Digests of the oracle files in the copy before anything ran, by path relative to the root."""
    after: Mapping[str, str] = field(default_factory=dict[str, str])


@contextmanager
def private_copy(context: ProofContext, patch: Patch) -> Generator[Snapshot]:
    """A copy of the project with the patch in it, alone in a folder; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="proof-", dir=context.private))
    copy = copy_snapshot(context.snapshot, folder / context.snapshot.root.name)
    try:
        write_patch(copy, patch.changes)
        yield copy
    finally:
        discard(copy)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def patched(context: ProofContext, patch: Patch) -> Generator[Place]:
    """A private copy with the patch in it; its oracle files are read-only and carry no bytecode."""
    with private_copy(context, patch) as copy:
        for path in context.baseline.oracle_paths:
            _freeze(copy.root / path)
        yield context.place.at(copy.root).for_candidates(context.baseline.oracle_paths)


def _freeze(path: Path) -> None:
    if path.suffix == ".py":
        drop_bytecode(str(path))
    if is_plain_file(path):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def run_patched(context: ProofContext, patch: Patch, request: ColdRequest, deadline: Deadline) -> PatchedRun:
    """One run on a copy of its own, and the digests of the oracle around it."""
    with patched(context, patch) as place:
        before = oracle_digests(place.root, context.baseline.oracle_paths)
        run = run_cold(place, request, deadline).run
        return PatchedRun(run, before, oracle_digests(place.root, context.baseline.oracle_paths))


def oracle_digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Digests as the probe takes them; empty for what is no file."""
    return {path: _digest(root / path) for path in paths}


def _digest(path: Path) -> str:
    try:
        return digest(path.read_bytes())
    except OSError:
        return ""


def request_of(
    scope: Scope,
    baseline: TestRun,
    *,
    reverse: bool,
    must_fail: MustFail | None = None,
    watched: Mapping[str, tuple[str, ...]] | None = None,
) -> ColdRequest:
    """One run of a scope; a test may use several times what the slowest one used before the patch."""
    slowest = max((each.seconds for each in baseline.results.values()), default=0.0)
    return ColdRequest(
        files=scope.files,
        only=scope.only,
        reverse=reverse,
        hash_seed="2" if reverse else "1",
        test_seconds=max(_MIN_TEST_SECONDS, _PATIENCE * slowest),
        stall_seconds=min(_MAX_SILENCE, max(_MIN_SILENCE, _PATIENCE * baseline.seconds)),
        must_fail=must_fail,
        guarded=watched or {},
    )


def targets_scope(targets: Iterable[NodeId]) -> Scope:
    """The targets alone; of files that did not collect, everything."""
    chosen = tuple(targets)
    files = tuple(dict.fromkeys(key.file for key in chosen))
    whole_files = any(key.is_file for key in chosen)
    return Scope(Level.AFFECTED, files, None if whole_files else frozenset(chosen))

"""One run on a private copy of the project with the patch in it, the files that decide outcomes frozen."""

import shutil
import stat
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Level
from lsp_repair.judge.proof_context import ProofContext, Scope
from lsp_repair.judge.runs.must_fail import must_fail
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place, is_plain_file
from lsp_repair.testrun.probe.digests import digest, drop_bytecode
from lsp_repair.testrun.probe.run_records import MustFailRequest
from lsp_repair.testrun.probe.session.guarding import NAMES
from lsp_repair.testrun.snapshot import Snapshot, copy_snapshot, remove_tree, write_patch

_MIN_TEST_SECONDS = 2.0
_PATIENCE = 4.0
_MIN_SILENCE, _MAX_SILENCE = 15.0, 60.0
"""Wall seconds without a record of a run: a candidate that sleeps uses no CPU time."""


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
        remove_tree(copy.root)
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
    """Digests as the probe takes them; empty for what is not a file."""
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
    must_fail: MustFailRequest | None = None,
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


def targets_scope(targets: Sequence[NodeId], covering: Iterable[NodeId] = ()) -> Scope:
    """The targets and other tests; where a target is a file that did not collect, everything in the files."""
    chosen = (*targets, *covering)
    files = tuple(dict.fromkeys(key.file for key in chosen))
    whole_files = any(key.is_file for key in targets)
    return Scope(Level.AFFECTED, files, None if whole_files else frozenset(chosen))


def watched_names(patch: Patch, baseline: TestRun) -> Mapping[str, tuple[str, ...]]:
    """The sources to watch, each with the names that it used before: those are not new."""
    return {
        change.path: tuple(sorted(name for name in NAMES if name.encode() in (change.before or b"")))
        for change in patch.changes
        if change.after is not None and change.path.endswith(".py") and change.path not in baseline.oracle_paths
    }


def run_twice(
    context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> tuple[PatchedRun, PatchedRun | None]:
    """The wide run and, in parallel on a copy of its own, the narrow one; None if the wide run is incomplete."""
    wide, narrow = scopes
    beside = deadline.cancellable()
    baseline, watched = context.baseline, watched_names(patch, context.baseline)
    with ThreadPoolExecutor(1, thread_name_prefix="proof") as pool:
        again = request_of(narrow, baseline, reverse=True, watched=watched)
        second = pool.submit(run_patched, context, patch, again, beside)
        try:
            tried = must_fail(patch, targets)
            request = request_of(wide, baseline, reverse=False, must_fail=tried, watched=watched)
            first = run_patched(context, patch, request, deadline)
        except BaseException:
            beside.cancel()
            raise
        if not first.run.complete:
            beside.cancel()
    return first, second.result() if first.run.complete else None

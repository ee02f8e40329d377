"""The proof: what the user is told rests on complete runs of the patched code in fresh processes on a private copy."""

import stat
import tempfile
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, Outcome, TestRun
from lsp_repair.domain.verdicts import Evidence, Level, Plausible, Reason, Rejected, Unproven, Verdict
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import Snapshot, copy_snapshot, discard, write_patch
from lsp_repair.validation.layers import Finding
from lsp_repair.validation.policy import ProjectRules, edited_tests, screen_policy
from lsp_repair.validation.signs import static_signs
from lsp_repair.validation.tested_literals import literals_of_tests

_LEAST_TEST_SECONDS = 2.0
_PATIENCE = 4.0


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tests a proof runs, and what that amounts to."""

    level: Level
    files: tuple[str, ...]
    only: frozenset[NodeId] | None
    """None: everything that the files hold."""


@dataclass(frozen=True, slots=True)
class Ground:
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


def prove(
    ground: Ground, patch: Patch, targets: tuple[NodeId, ...], scopes: tuple[Scope, Scope], deadline: Deadline
) -> Verdict:
    """Judge a patch: policy, then a run of the wide scope, then one of the narrow scope in reversed order.

    `targets` are red in the baseline; every one has to pass, and nothing of the scope that passed before may fail.
    """
    refused = screen_policy(patch, ground.baseline.oracle_paths, _doctest_paths(ground.baseline), ground.rules)
    if refused is not None:
        return refused
    wide, narrow = scopes
    first, second = _both_runs(ground, patch, scopes, deadline)
    judged = _judged(ground, patch, targets, first, wide)
    if not isinstance(judged, Plausible) or second is None:
        return judged
    again = _judged(ground, patch, targets, second, narrow)
    match again:
        case Plausible():
            return judged
        case Rejected((Reason.REGRESSION,)) if _fails_without_patch(ground, again, narrow, deadline):
            return _with_note(judged, "some tests depend on the order they run in, with and without this patch")
        case Rejected(reasons, detail):
            return Rejected((Reason.UNSTABLE, *reasons), f"in another order: {detail}")
        case Unproven():
            return again


def targets_pass(ground: Ground, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> bool:
    """Whether a candidate makes the targets pass in a fresh process: the dearest tier of screening, and no proof."""
    run = run_targets(ground, patch, targets, deadline)
    return isinstance(run, TestRun) and run.complete and first_red_target(targets, run) is None


def run_targets(ground: Ground, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> TestRun | Rejected:
    """One run of the targets on the patched code, for what it tells of a candidate that fails; no proof."""
    refused = screen_policy(patch, ground.baseline.oracle_paths, _doctest_paths(ground.baseline), ground.rules)
    if refused is not None:
        return refused
    files = tuple(dict.fromkeys(key.split("::", 1)[0] for key in targets))
    whole_files = any("::" not in key for key in targets)
    scope = Scope(Level.AFFECTED, files, None if whole_files else frozenset(targets))
    with patched(ground, patch) as place:
        return _run(place, scope, ground.baseline, deadline, reverse=False)


def first_red_target(targets: tuple[NodeId, ...], run: TestRun) -> Rejected | None:
    """The first target that does not pass, with why; None when all pass."""
    return _targets(targets, run)


def _both_runs(
    ground: Ground, patch: Patch, scopes: tuple[Scope, Scope], deadline: Deadline
) -> tuple[TestRun, TestRun | None]:
    """The wide run and, beside it on a copy of its own, the narrow one, which a wide run cut short makes pointless."""
    wide, narrow = scopes
    beside = deadline.cancellable()

    def run_narrow() -> TestRun:
        with patched(ground, patch) as place:
            return _run(place, narrow, ground.baseline, beside, reverse=True)

    with ThreadPoolExecutor(1, thread_name_prefix="proof") as pool:
        second = pool.submit(run_narrow)
        try:
            with patched(ground, patch) as place:
                first = _run(place, wide, ground.baseline, deadline, reverse=False)
        except BaseException:
            beside.cancel()
            raise
        if not first.complete:
            beside.cancel()
    return first, second.result() if first.complete else None


@contextmanager
def patched(ground: Ground, patch: Patch) -> Generator[Place]:
    """A private copy with the patch in it, its oracle files read-only."""
    folder = Path(tempfile.mkdtemp(prefix="proof-", dir=ground.private))
    copy = copy_snapshot(ground.snapshot, folder / ground.snapshot.root.name)
    try:
        write_patch(copy, patch.changes)
        for path in ground.baseline.oracle_paths:
            _freeze(copy.root / path)
        yield ground.place.at(copy.root)
    finally:
        discard(copy)


def _freeze(path: Path) -> None:
    if path.is_file() and not path.is_symlink():
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def _run(place: Place, scope: Scope, baseline: TestRun, deadline: Deadline, *, reverse: bool) -> TestRun:
    """One run; a test may use several times what the slowest one used before the patch."""
    slowest = max((each.seconds for each in baseline.results.values()), default=0.0)
    request = ColdRequest(
        files=scope.files,
        only=scope.only,
        reverse=reverse,
        hash_seed="2" if reverse else "1",
        test_seconds=max(_LEAST_TEST_SECONDS, _PATIENCE * slowest),
    )
    return run_cold(place, request, deadline).run


def _doctest_paths(baseline: TestRun) -> frozenset[str]:
    return frozenset(test.path for test in baseline.collected if test.is_doctest)


def _judged(ground: Ground, patch: Patch, targets: tuple[NodeId, ...], run: TestRun, scope: Scope) -> Verdict:
    """What one complete run says."""
    if not run.complete:
        return Unproven((Reason.INCOMPLETE_RUN,), "the run did not come to its end")
    origin = _import_origin(patch, run, ground)
    if origin is not None and origin.reasons == (Reason.IMPORT_ORIGIN,):
        return origin
    expected = _expected(ground, scope)
    collected = {test.node_id for test in run.collected}
    for rejected in (
        _lost(_in_scope(scope, frozenset(test.node_id for test in ground.baseline.collected)), collected, run),
        _targets(targets, run),
        _regressions(expected - set(targets), run),
    ):
        if rejected is not None:
            return rejected
    if origin is not None:
        return origin
    still = sum(run.results[key].outcome is Outcome.PASSED for key in expected - set(targets) if key in run.results)
    signs = _signs(ground, patch, targets)
    notes = (*_new_tests(ground.baseline, collected), *signs.notes)
    fixed = (*targets, *_also_fixed(ground, targets, run))
    return Plausible(Evidence(fixed, still, scope.level, runs=2, flags=signs.flags, notes=notes))


def _signs(ground: Ground, patch: Patch, targets: tuple[NodeId, ...]) -> Finding:
    """What reading the patch beside the targets' tests tells."""

    def read(path: str) -> bytes | None:
        file = ground.snapshot.root / path
        return file.read_bytes() if file.is_file() else None

    literals = literals_of_tests(targets, ground.baseline.collected, read)
    return static_signs(patch, literals, edited_tests(patch, ground.baseline.oracle_paths, ground.rules))


def _also_fixed(ground: Ground, targets: tuple[NodeId, ...], run: TestRun) -> list[NodeId]:
    """Other red tests of the baseline that pass with the patch: they had the same cause."""
    others = [result.node_id for result in ground.baseline.red if result.node_id not in targets]
    return [key for key in others if key in run.passed and key not in ground.unsteady]


def _expected(ground: Ground, scope: Scope) -> frozenset[NodeId]:
    """Ids that passed before and are in the scope."""
    return _in_scope(scope, ground.baseline.passed - ground.unsteady)


def _in_scope(scope: Scope, ids: frozenset[NodeId]) -> frozenset[NodeId]:
    if scope.only is not None:
        return ids & scope.only
    if not scope.files:
        return ids
    return frozenset(key for key in ids if key.split("::", 1)[0] in scope.files)


def _lost(expected: frozenset[NodeId], collected: set[NodeId], run: TestRun) -> Rejected | None:
    lost = sorted(expected - collected)
    if not lost:
        return None
    broken = [result.node_id for result in run.red if result.node_id not in collected]
    cause = f" (collection of {broken[0]} fails)" if broken else ""
    return Rejected((Reason.NODE_ID_LOST,), f"{_some(lost)} is no longer collected{cause}")


def _targets(targets: tuple[NodeId, ...], run: TestRun) -> Rejected | None:
    for target in targets:
        results = _results_of(target, run)
        if not results:
            return Rejected((Reason.TARGET_NOT_RUN,), f"{target} did not run")
        for key, outcome in results:
            if outcome.is_red:
                return Rejected((Reason.TARGET_STILL_FAILS,), f"{key} still fails{_why(run, key)}")
            if outcome is not Outcome.PASSED and key == target:
                return Rejected((Reason.TARGET_NOT_RUN,), f"{key} is {outcome} instead of passed")
        if all(outcome is not Outcome.PASSED for _, outcome in results):
            return Rejected((Reason.TARGET_NOT_RUN,), f"nothing in {target} passed")
    return None


def _results_of(target: NodeId, run: TestRun) -> list[tuple[NodeId, Outcome]]:
    """Of a test: its own; of a file that did not collect: those of everything in it."""
    if "::" in target and target in run.results:
        return [(target, run.results[target].outcome)]
    return [
        (key, result.outcome) for key, result in run.results.items() if key == target or key.startswith(f"{target}::")
    ]


def _why(run: TestRun, key: NodeId) -> str:
    failure = run.results[key].failure
    return f": {failure.error_type}: {failure.message.splitlines()[0][:200]}" if failure and failure.message else ""


def _regressions(expected: frozenset[NodeId], run: TestRun) -> Rejected | None:
    bad = sorted(key for key in expected if key not in run.results or run.results[key].outcome is not Outcome.PASSED)
    return Rejected((Reason.REGRESSION,), f"{_some(bad)} passed before") if bad else None


def _some(keys: list[NodeId]) -> str:
    return keys[0] if len(keys) == 1 else f"{keys[0]} and {len(keys) - 1} more"


def _new_tests(baseline: TestRun, collected: Iterable[NodeId]) -> tuple[str, ...]:
    new = set(collected) - {test.node_id for test in baseline.collected}
    return (f"{len(new)} tests are collected that were not before",) if new else ()


def _import_origin(patch: Patch, run: TestRun, ground: Ground) -> Unproven | None:
    """Whether the patched files are what the tests imported.

    An editable or installed copy makes the tests run the old code: measured with setuptools, hatchling, meson-python.
    """
    loaded = {Path(file) for file in run.module_files.values()}
    for change in patch.changes:
        if change.after is None or not change.path.endswith(".py"):
            continue
        tails = [file for file in loaded if file.as_posix().endswith("/" + change.path)]
        if not tails:
            return Unproven((Reason.NEVER_IMPORTED,), f"the tests never imported {change.path}")
        if not any(file.is_relative_to(ground.private) for file in tails):
            return Unproven((Reason.IMPORT_ORIGIN,), f"the tests imported {tails[0]} instead of the patched copy")
    return None


def _fails_without_patch(ground: Ground, rejected: Rejected, scope: Scope, deadline: Deadline) -> bool:
    """Whether the same order breaks the same tests on the unpatched code."""
    run = _run(ground.place, scope, ground.baseline, deadline, reverse=True)
    named = rejected.detail.split(" ", 1)[0]
    return any(key == named for key in (result.node_id for result in run.red))


def _with_note(verdict: Plausible, note: str) -> Plausible:
    evidence = verdict.evidence
    return Plausible(replace(evidence, notes=(*evidence.notes, note)))

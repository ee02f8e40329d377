"""What the outcomes of one complete run say about a patch."""

from collections.abc import Iterable
from pathlib import Path

from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, Outcome, TestRun
from lsp_repair.domain.verdicts import Evidence, Plausible, Reason, Rejected, Unproven, Verdict
from lsp_repair.judge.proof_context import ProofContext, Scope


def judged(context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], run: TestRun, scope: Scope) -> Verdict:
    """What one run says: complete, of the patched files, no test lost, targets passed, nothing else worse."""
    if run.oversight.garbled:
        return Unproven((Reason.GARBLED_CHANNEL,), run.oversight.garbled)
    if not run.complete:
        return Unproven((Reason.INCOMPLETE_RUN,), "the test run did not finish")
    origin = _import_origin(patch, run, context)
    if origin is not None and origin.reasons == (Reason.IMPORT_ORIGIN,):
        return origin
    requested = expected(context, scope)
    collected = {test.node_id for test in run.collected}
    for rejected in (
        _lost(lost_ids(context, scope, run), run),
        first_failing_target(targets, run),
        _regression(regressions(requested - set(targets), run)),
    ):
        if rejected is not None:
            return rejected
    if origin is not None:
        return origin
    still = sum(run.results[key].outcome is Outcome.PASSED for key in requested - set(targets) if key in run.results)
    notes = _new_tests(context.baseline, collected)
    fixed = (*targets, *_also_fixed(context, targets, run))
    return Plausible(Evidence(fixed, still, scope.level, runs=2, notes=notes, isolation=context.isolation))


def _also_fixed(context: ProofContext, targets: tuple[NodeId, ...], run: TestRun) -> list[NodeId]:
    """Other failing tests of the baseline that pass with the patch: they had the same cause."""
    others = [result.node_id for result in context.baseline.failing if result.node_id not in targets]
    return [key for key in others if run.has_passed(key) and key not in context.flaky]


def expected(context: ProofContext, scope: Scope) -> frozenset[NodeId]:
    """Ids that passed before and are in the scope."""
    return _in_scope(scope, context.baseline.passed - context.flaky - context.renamed)


def lost_ids(context: ProofContext, scope: Scope, run: TestRun) -> frozenset[NodeId]:
    """Ids of the scope that the baseline collected and the run did not."""
    before = frozenset(test.node_id for test in context.baseline.collected) - context.renamed
    return _in_scope(scope, before) - {test.node_id for test in run.collected}


def _in_scope(scope: Scope, ids: frozenset[NodeId]) -> frozenset[NodeId]:
    if scope.only is not None:
        return ids & scope.only
    if not scope.files:
        return ids
    return frozenset(key for key in ids if key.file in scope.files)


def _lost(lost: frozenset[NodeId], run: TestRun) -> Rejected | None:
    if not lost:
        return None
    files = {key.file for key in lost}
    broken = [result.node_id for result in run.failing if result.node_id.is_file and result.node_id in files]
    cause = f" (collection of {broken[0]} fails)" if broken else ""
    return Rejected((Reason.NODE_ID_LOST,), f"{_some(sorted(lost))} is no longer collected{cause}")


def first_failing_target(targets: tuple[NodeId, ...], run: TestRun) -> Rejected | None:
    """The first target that does not pass, with why; None when all pass."""
    for target in targets:
        results = _results_of(target, run)
        if not results:
            return Rejected((Reason.TARGET_NOT_RUN,), f"{target} did not run")
        for key, outcome in results:
            if outcome.is_failing:
                return Rejected((Reason.TARGET_STILL_FAILS,), f"{key} still fails{_why(run, key)}")
            if outcome is not Outcome.PASSED and key == target:
                return Rejected((Reason.TARGET_NOT_RUN,), f"{key} is {outcome} instead of passed")
        if all(outcome is not Outcome.PASSED for _, outcome in results):
            return Rejected((Reason.TARGET_NOT_RUN,), f"nothing in {target} passed")
    return None


def _results_of(target: NodeId, run: TestRun) -> list[tuple[NodeId, Outcome]]:
    """Of a test: its own; of a file that did not collect: those of everything in it."""
    if not target.is_file and target in run.results:
        return [(target, run.results[target].outcome)]
    return [
        (key, result.outcome) for key, result in run.results.items() if key == target or key.startswith(f"{target}::")
    ]


def _why(run: TestRun, key: NodeId) -> str:
    failure = run.results[key].failure
    return f": {failure.error_type}: {failure.message.splitlines()[0][:200]}" if failure and failure.message else ""


def regressions(expected: Iterable[NodeId], run: TestRun) -> frozenset[NodeId]:
    """Tests that passed before and do not pass in this run."""
    return frozenset(expected) - run.passed


def _regression(tests: Iterable[NodeId]) -> Rejected | None:
    bad = sorted(tests)
    return Rejected((Reason.REGRESSION,), f"{_some(bad)} passed before", tuple(bad)) if bad else None


def _some(keys: list[NodeId]) -> str:
    return keys[0] if len(keys) == 1 else f"{keys[0]} and {len(keys) - 1} more"


def _new_tests(baseline: TestRun, collected: Iterable[NodeId]) -> tuple[str, ...]:
    mended = {key for key, result in baseline.results.items() if key.is_file and result.outcome.is_failing}
    new = set(collected) - {test.node_id for test in baseline.collected}
    new = {key for key in new if key.file not in mended}  # files that did not load
    return (f"{len(new)} new tests are collected",) if new else ()


def _import_origin(patch: Patch, run: TestRun, context: ProofContext) -> Unproven | None:
    """Whether the patched files are what the tests imported.

    An editable or installed copy makes the tests run the old code: measured with setuptools, hatchling, meson-python.
    Where a single file changed and failing tests now pass, it was run, if only in a process that the tests started.
    """
    code = [change for change in patch.changes if change.after is not None and change.path.endswith(".py")]
    loaded = {Path(file) for file in run.module_files.values()}
    for change in code:
        tails = [file for file in loaded if file.as_posix().endswith("/" + change.path)]
        if not tails:
            if change.before is None and len(code) > 1:
                continue  # a new module that nothing needs changes nothing
            if len(code) == 1 and change.before is not None:
                continue
            return Unproven((Reason.NEVER_IMPORTED,), f"the tests never imported {change.path}")
        if not any(file.is_relative_to(context.private) for file in tails):
            return Unproven((Reason.IMPORT_ORIGIN,), f"the tests imported {tails[0]} instead of the patched copy")
    return None

"""What the outcomes of runs say about a patch: of a complete run, in whatever order, alone, and with other hash seeds."""

import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import NodeId, Outcome, TestRun
from lsp_repair.domain.verdicts import Evidence, Plausible, Reason, Rejected, Unproven, Verdict
from lsp_repair.judge.proof_context import LayerResult, ProofContext, Scope, refused, unknown
from lsp_repair.judge.runs.must_fail import reported
from lsp_repair.judge.runs.patched_runs import PatchedRun, request_of, run_patched, targets_scope
from lsp_repair.judge.runs.run_integrity import check_integrity
from lsp_repair.testrun.cold import ColdRequest, run_cold

_ALONE_SEEDS = ("3", str(4 + secrets.randbelow(1 << 31)))
"""Of the runs alone, one of them unpredictable; the runs of the whole scope use others."""
_ORDER_NOTE = "some tests depend on the order they run in, with and without this patch"
_ALONE_NOTE = "{} needs other tests before it, with and without this patch"


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
        _lost(_in_scope(scope, frozenset(test.node_id for test in context.baseline.collected)), collected, run),
        first_failing_target(targets, run),
        _regressions(requested - set(targets), run),
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
    return [key for key in others if key in run.passed and key not in context.flaky]


def expected(context: ProofContext, scope: Scope) -> frozenset[NodeId]:
    """Ids that passed before and are in the scope."""
    return _in_scope(scope, context.baseline.passed - context.flaky)


def _in_scope(scope: Scope, ids: frozenset[NodeId]) -> frozenset[NodeId]:
    if scope.only is not None:
        return ids & scope.only
    if not scope.files:
        return ids
    return frozenset(key for key in ids if key.file in scope.files)


def _lost(expected: frozenset[NodeId], collected: set[NodeId], run: TestRun) -> Rejected | None:
    lost = sorted(expected - collected)
    if not lost:
        return None
    broken = [result.node_id for result in run.failing if result.node_id not in collected]
    cause = f" (collection of {broken[0]} fails)" if broken else ""
    return Rejected((Reason.NODE_ID_LOST,), f"{_some(lost)} is no longer collected{cause}")


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


def _regressions(expected: frozenset[NodeId], run: TestRun) -> Rejected | None:
    bad = sorted(key for key in expected if key not in run.results or run.results[key].outcome is not Outcome.PASSED)
    return Rejected((Reason.REGRESSION,), f"{_some(bad)} passed before") if bad else None


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
            if len(code) == 1 and change.before is not None:
                continue
            return Unproven((Reason.NEVER_IMPORTED,), f"the tests never imported {change.path}")
        if not any(file.is_relative_to(context.private) for file in tails):
            return Unproven((Reason.IMPORT_ORIGIN,), f"the tests imported {tails[0]} instead of the patched copy")
    return None


def alone(context: ProofContext, patch: Patch, targets: Sequence[NodeId], deadline: Deadline) -> LayerResult:
    """Two of the targets, each in a process of its own with another hash seed; the only one twice."""
    chosen = _differing(targets)
    seconds = max((each.seconds for each in context.baseline.results.values() if each.node_id in chosen), default=0.0)
    if deadline.remaining < 5 * seconds + 5:
        return LayerResult(not_applicable=("alone (time)",))
    with ThreadPoolExecutor(len(_ALONE_SEEDS), thread_name_prefix="alone") as pool:
        found = [
            pool.submit(_one_alone, context, patch, key, seed, deadline)
            for key, seed in zip(chosen, _ALONE_SEEDS, strict=False)
        ]
        results = [each.result() for each in found]
    return next((each for each in results if each.refusal is not None), None) or LayerResult(
        notes=tuple(dict.fromkeys(note for each in results for note in each.notes))
    )


def _differing(targets: Sequence[NodeId]) -> list[NodeId]:
    """Targets of different functions, or at least parameters: the last one and another."""
    tests = [key for key in targets if not key.is_file] or list(targets)
    others = [key for key in tests[:-1] if key.split("[", 1)[0] != tests[-1].split("[", 1)[0]] or tests[:-1]
    return [*(others or tests)[:1], tests[-1]]


def _one_alone(context: ProofContext, patch: Patch, target: NodeId, seed: str, deadline: Deadline) -> LayerResult:
    request = replace(request_of(targets_scope([target]), context.baseline, reverse=False), hash_seed=seed)
    run = run_patched(context, patch, request, deadline).run
    if not run.complete:
        return unknown(Reason.INCOMPLETE_RUN, f"the run of {target} alone did not finish")
    failing = first_failing_target((target,), run)
    if failing is None:
        return LayerResult()
    if _is_the_tests_own(context, target, run, request, deadline):
        return LayerResult(notes=(_ALONE_NOTE.format(target),))
    return refused(Reason.UNSTABLE, f"alone: {failing.detail}")


def in_other_order(
    context: ProofContext,
    patch: Patch,
    targets: tuple[NodeId, ...],
    reversed_run: tuple[PatchedRun, Scope],
    deadline: Deadline,
) -> LayerResult:
    """What the run in reversed order says; what it lost is compared with the same order on the unpatched code."""
    second, narrow = reversed_run
    match judged(context, patch, targets, second.run, narrow):
        case Plausible():
            return check_integrity(context, second, patch.paths)
        case Unproven() as again:
            return LayerResult(again)
        case Rejected() as again:
            return _lost_in_other_order(context, again, second.run, narrow, deadline)


def _lost_in_other_order(
    context: ProofContext, rejected: Rejected, run: TestRun, narrow: Scope, deadline: Deadline
) -> LayerResult:
    request = request_of(narrow, context.baseline, reverse=True)
    named = NodeId(rejected.detail.split(" ", 1)[0])
    if rejected.reasons == (Reason.REGRESSION,):
        before = run_cold(context.place, request, deadline).run
        if any(result.node_id == named for result in before.failing):
            return LayerResult(notes=(_ORDER_NOTE,))
    elif rejected.reasons == (Reason.TARGET_STILL_FAILS,) and _is_the_tests_own(context, named, run, request, deadline):
        return LayerResult(notes=(_ORDER_NOTE,))
    return LayerResult(Rejected((Reason.UNSTABLE, *rejected.reasons), f"in another order: {rejected.detail}"))


def _is_the_tests_own(
    context: ProofContext, target: NodeId, run: TestRun, request: ColdRequest, deadline: Deadline
) -> bool:
    """Whether the unpatched code fails in the same way here, and in another way among all tests.

    A patch that falls back to what the code did before fails as the baseline did.
    """
    failed, before = run.failure_of(target), context.baseline.failure_of(target)
    if failed is None or before is None or reported(failed) == reported(before):
        return False
    unpatched = run_cold(context.place, request, deadline).run.failure_of(target)
    return unpatched is not None and reported(unpatched) == reported(failed)

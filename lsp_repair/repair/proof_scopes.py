"""How much of the suite a proof runs, by what the time limit leaves."""

from collections.abc import Iterable

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import NodeId, TestResult, TestRun
from lsp_repair.domain.verdicts import Level
from lsp_repair.judge.judge import Scope

_QUICK_SECONDS = 5.0
"""A suite this quick is run whole for every proposal; a slower one once."""
_AFFORDABLE = 0.5
"""Share of the remaining time that one proof may take."""


def full_scope(baseline: TestRun, deadline: Deadline, broad_runs: int) -> Scope | None:
    """The whole suite, where the baseline knows it and the time limit allows it: a slow one once."""
    if not baseline.complete or baseline.seconds * 1.2 > deadline.remaining * _AFFORDABLE:
        return None
    return Scope(Level.FULL, (), None) if broad_runs == 0 or baseline.seconds < _QUICK_SECONDS else None


def related_scope(baseline: TestRun, narrow: Scope, related: frozenset[str], deadline: Deadline) -> Scope:
    """What is known of the files that import the change; else of the targets' own files; else what covers it."""
    for level, requested in ((Level.AFFECTED, related | set(narrow.files)), (Level.FILE, set(narrow.files))):
        known = [result for result in baseline.results.values() if result.node_id.file in requested]
        files = dict.fromkeys(result.node_id.file for result in known)
        is_wider = level is Level.FILE or len(files) > len(narrow.files)
        if is_wider and _seconds(known) < deadline.remaining * _AFFORDABLE:
            return Scope(level, (*narrow.files, *(file for file in files if file not in narrow.files)), None)
    return narrow


def _seconds(results: Iterable[TestResult]) -> float:
    return sum(result.seconds for result in results)


def covering_tests(
    passing: Iterable[TestResult], lines: dict[str, set[int]], budget_seconds: float
) -> tuple[NodeId, ...]:
    """Passing tests that execute any of these lines, quickest first, as many as the budget of test time allows."""
    covering = [
        result
        for result in passing
        if any(not found.isdisjoint(lines.get(path, ())) for path, found in result.executed.items())
    ]
    covering.sort(key=lambda result: result.seconds)
    chosen: list[NodeId] = []
    spent = 0.0
    for result in covering:
        spent += result.seconds
        if spent > budget_seconds:
            break
        chosen.append(result.node_id)
    return tuple(chosen)

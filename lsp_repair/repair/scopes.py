"""How much of the suite a proof runs, by what the time limit leaves."""

from collections.abc import Iterable, Sequence

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import NodeId, TestResult, TestRun
from lsp_repair.domain.verdicts import Level
from lsp_repair.validation.proof import Scope

_QUICK_SECONDS = 5.0
"""A suite this quick is run whole for every proposal; a slower one once."""


def file_of(node_id: NodeId) -> str:
    """The file part of a node id."""
    return node_id.split("::", 1)[0]


def narrow_scope(targets: Sequence[NodeId], covering: Iterable[NodeId]) -> Scope:
    """Targets and the tests that cover the suspicious code."""
    chosen = [*targets, *covering]
    files = tuple(dict.fromkeys(file_of(key) for key in chosen))
    whole_files = any("::" not in key for key in targets)
    return Scope(Level.AFFECTED, files, None if whole_files else frozenset(chosen))


def wide_scope(baseline: TestRun, narrow: Scope, deadline: Deadline, *, whole_suite: bool, broad_runs: int) -> Scope:
    """The whole suite where the limit allows it and the baseline knows it; else the files; else what is affected."""
    affordable = deadline.remaining * 0.5
    known = whole_suite and baseline.complete and baseline.seconds * 1.2 < affordable
    if known and (broad_runs == 0 or baseline.seconds < _QUICK_SECONDS):
        return Scope(Level.FULL, (), None)
    in_files = [result for result in baseline.results.values() if file_of(result.node_id) in narrow.files]
    if sum(result.seconds for result in in_files) < affordable:
        return Scope(Level.FILE, narrow.files, None)
    return narrow


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

"""One failure group with everything a strategy needs to repair it."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_repair.domain.candidates import SourceFile
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.groups import FailureGroup
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.runs import Failure, NodeId, TestResult
from lsp_repair.repair.scopes import covering_tests, file_of
from lsp_repair.repair.session import Baseline, Prepared
from lsp_repair.repair.suspects import Suspects
from lsp_repair.search.hints import Hints
from lsp_repair.search.literals import mined
from lsp_repair.testrun.warm import WarmServer
from lsp_repair.validation.screening import Ladder, TrustedTest, trusted_tests

_SCREENING_TESTS = 3
_CONFIRMING_TARGETS = 40
_COVERING_SECONDS = 2.0
_SOURCE_FILES = 12
_FLOOR_SECONDS = 0.04
_CEILING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a failure group before anything is proposed."""

    group: FailureGroup
    localisation: Localisation
    sources: tuple[SourceFile, ...]
    hints: Hints
    covering: tuple[NodeId, ...]
    """Passing tests that execute suspicious lines."""


def build_case(
    prepared: Prepared, baseline: Baseline, group: FailureGroup, found: Suspects, passing: Sequence[TestResult]
) -> Case:
    """Gather the sources, the ingredients and the covering tests."""
    scores = found.localisation.scores
    paths = sorted(scores, key=lambda path: -max(scores[path].values(), default=0.0))[:_SOURCE_FILES]
    sources = [
        SourceFile(path, data) for path in paths if (data := read_file(prepared.snapshot.root, path)) is not None
    ]
    lines = {path: set(by_line) for path, by_line in scores.items()}
    hints = Hints(
        failures=group.failures[:6],
        test_literals=_literals(prepared, baseline, group),
        project_names=tuple(_project_names(prepared, baseline)),
    )
    covering = covering_tests(passing, lines, _COVERING_SECONDS)
    return Case(group, found.localisation, tuple(sources), hints, covering)


def read_file(root: Path, path: str) -> bytes | None:
    """The bytes of a file of the snapshot; None when it cannot be read or lies elsewhere."""
    file = root / path
    try:
        return file.read_bytes() if file.resolve().is_relative_to(root.resolve()) else None
    except OSError:
        return None


def _literals(prepared: Prepared, baseline: Baseline, group: FailureGroup) -> tuple[object, ...]:
    lines = {test.node_id: (test.path, test.line) for test in baseline.run.collected}
    found: dict[str, object] = {}
    for key in group.node_ids[:6]:
        path, line = lines.get(key, ("", 0))
        data = read_file(prepared.snapshot.root, path) if path else None
        if data is not None:
            found.update((repr(each), each) for each in mined(data, line))
    return tuple(found.values())[:60]


def _project_names(prepared: Prepared, baseline: Baseline) -> Iterable[str]:
    """`module:name` of the functions and classes of the imported modules of the project."""
    root = prepared.snapshot.root
    for module, file in sorted(baseline.run.module_files.items()):
        path = Path(file)
        if path.is_relative_to(root) and path.stat().st_size < 200_000:
            yield from (f"{module}:{name}" for name in _top_names(path))


def _top_names(path: Path) -> Iterable[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def build_ladder(
    case: Case, baseline: Baseline, others: Sequence[Failure], server: WarmServer, deadline: Deadline
) -> Ladder:
    """Which tests screen and which confirm, each only if the warm server reproduces its known outcome.

    `others` are the failures of groups that are not repaired yet.
    """
    limit = _cpu_limit(baseline.run.results, [*case.group.node_ids, *case.covering])
    expected: dict[NodeId, str | None] = {
        failure.node_id: failure.error_type
        for failure in case.group.failures[:_CONFIRMING_TARGETS]
        if _is_test(failure)
    }
    targets = trusted_tests(server, expected, max(limit, 0.4), deadline)
    elsewhere: dict[NodeId, str | None] = {each.node_id: each.error_type for each in others[:_CONFIRMING_TARGETS]}
    red_elsewhere = trusted_tests(server, elsewhere, max(limit, 0.4), deadline)
    passing = trusted_tests(server, dict.fromkeys(case.covering), max(10 * limit, 0.4), deadline)
    files = dict.fromkeys(file_of(key) for key in (*case.group.node_ids, *case.covering))
    tight = tuple(_limited(test, limit) for test in _cheapest(targets, baseline.run.results))
    return Ladder(tight[:_SCREENING_TESTS], (*targets, *passing), tuple(files), red_elsewhere, whole_files=not expected)


def _is_test(failure: Failure) -> bool:
    return "::" in failure.node_id


def _limited(test: TrustedTest, seconds: float) -> TrustedTest:
    return TrustedTest(test.node_id, test.style, max(seconds, _FLOOR_SECONDS), test.expected_error)


def _cheapest(tests: Sequence[TrustedTest], results: Mapping[NodeId, TestResult]) -> list[TrustedTest]:
    """Quick ones first, hanging ones last."""

    def cost(test: TrustedTest) -> tuple[bool, float]:
        return test.expected_error in {"TestTimeout", "ProcessDied"}, results[test.node_id].seconds

    return sorted(tests, key=cost)


def _cpu_limit(results: Mapping[NodeId, TestResult], ids: Sequence[NodeId]) -> float:
    """15 times the slowest passing test among them, within bounds."""
    slowest = max(
        (results[key].seconds for key in ids if key in results and not results[key].outcome.is_red), default=0.01
    )
    return min(_CEILING_SECONDS, max(_FLOOR_SECONDS, 15 * slowest))

"""One failure group with everything a strategy needs to repair it."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.localisation import Localisation
from lsp_repair.domain.patches import Candidate, Hints, SourceFile
from lsp_repair.domain.runs import Failure, FailureGroup, NodeId, TestResult, TestRun
from lsp_repair.pycode.expectations import expected_at
from lsp_repair.pycode.modules import Module, read_module, tree_of
from lsp_repair.pycode.nodes import Definition, Function, assigned_names, first_line, last_line, names_in
from lsp_repair.repair.history.blamed import Blame
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.repair.unseen import NOTHING_UNSEEN, Unseen, unseen_code
from lsp_repair.screening.screening_state import Ladder, TrustedTest, trusted_tests
from lsp_repair.search.generation import first_order
from lsp_repair.search.search import Limits
from lsp_repair.testrun.probe.warm.warm_records import Style
from lsp_repair.testrun.warm_server import WarmServer

_SCREENING_TESTS = 3
_CONFIRMING_TARGETS = 40
_COVERING_SECONDS = 2.0
_SOURCE_FILES = 12
_HANGS = frozenset({"TestTimeout", "ProcessDied"})
_FLOOR_SECONDS = 0.04
_CEILING_SECONDS = 2.0
_MAX_LITERALS = 60
_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a failure group before anything is proposed."""

    group: FailureGroup
    localisation: Localisation
    sources: tuple[SourceFile, ...]
    hints: Hints
    covering: tuple[NodeId, ...]
    """Passing tests that execute suspicious lines."""
    passing: tuple[TestResult, ...] = ()
    """Passing tests with their executed lines, as many as were traced."""
    failing: tuple[TestResult, ...] = ()
    """The failing tests of the group with their executed lines."""
    expectations: tuple[str, ...] = ()
    """Expressions of the user's that have to be true of the repaired code."""
    start_programs: frozenset[NodeId] = frozenset()
    """Tests whose child processes read the source from the disk: only a fresh copy can tell what they say."""
    blame: Blame = field(default_factory=Blame)
    """What the history says: the change since which the tests fail, where it is known."""
    unseen: Unseen = NOTHING_UNSEEN
    """What the failing tests execute without its lines being seen."""

    def with_hint(self, hint: str) -> "Case":
        """The case with what the user says of it."""
        return replace(self, hints=replace(self.hints, told=hint))

    def with_blame(self, blame: Blame) -> "Case":
        """The case with that change looked at first, and undone as the first candidate."""
        blamed = blame.blamed
        if blamed is None:
            return replace(self, blame=blame)
        back, localisation = blamed.take_back, blamed.leading(self.localisation)
        reverts = () if back is None or _is_found_anyway(back, localisation, self.hints) else (back,)
        hints = replace(self.hints, reverts=reverts)
        return replace(self, blame=blame, localisation=localisation, hints=hints)


def _is_found_anyway(back: Candidate, localisation: Localisation, hints: Hints) -> bool:
    """Whether a template makes the same edit: then it is worth what the tests say of it, whatever was there before."""
    scores = localisation.scores.get(back.source.path, {})
    return any(each.after == back.after for each in first_order(back.source, scores, hints, Limits().first_wave))


def build_case(
    prepared: Prepared, run: TestRun, group: FailureGroup, localisation: Localisation, traced: Sequence[TestResult]
) -> Case:
    """Gather the sources, the ingredients and the covering tests; `traced` are results with their executed lines."""
    scores = localisation.scores
    paths = sorted(scores, key=lambda path: -max(scores[path].values(), default=0.0))[:_SOURCE_FILES]
    sources = [SourceFile(path, data) for path in paths if (data := prepared.read(path)) is not None]
    lines = {path: set(by_line) for path, by_line in scores.items()}
    hints = Hints(
        failures=group.failures[:6],
        test_literals=_literals(prepared, run, group),
        project_names=tuple(_project_names(prepared, run)),
        expected_errors=tuple(dict.fromkeys(_expected_errors(prepared, group))),
    )
    passing = [each for each in traced if not each.outcome.is_failing]
    covering = _covering_tests(passing, lines, {key.file for key in group.node_ids})
    failing = frozenset(group.node_ids)
    spawning = frozenset(each.node_id for each in traced if each.starts_programs)
    return Case(
        group,
        localisation,
        tuple(sources),
        hints,
        covering,
        tuple(passing),
        tuple(each for each in traced if each.node_id in failing),
        start_programs=spawning,
        unseen=unseen_code(prepared, run, group, traced),
    )


def _literals(prepared: Prepared, run: TestRun, group: FailureGroup) -> tuple[object, ...]:
    lines = {test.node_id: (test.path, test.line) for test in run.collected}
    found: dict[str, object] = {}
    for key in group.node_ids[:6]:
        path, line = lines.get(key, ("", 0))
        data = prepared.read(path) if path else None
        if data is not None:
            found.update((repr(each), each) for each in mined(data, line))
    return tuple(found.values())[:60]


def _expected_errors(prepared: Prepared, group: FailureGroup) -> Iterator[str]:
    for failure in group.failures[:6]:
        for frame in failure.frames:
            data = prepared.read(frame.path) if frame.path == failure.node_id.file else None
            yield from expected_at(data, frame.line) if data is not None else ()


def _project_names(prepared: Prepared, run: TestRun) -> Iterable[str]:
    """`module:name` of the functions and classes of the imported modules of the project."""
    for module, file in sorted(run.module_files.items()):
        path = Path(file)
        if path.is_relative_to(prepared.snapshot.root):
            yield from (f"{module}:{name}" for name in _top_names(path))


def _top_names(path: Path) -> Iterable[str]:
    """None of a large file, or of one that is inside an archive."""
    try:
        tree = tree_of(path.read_bytes()) if path.stat().st_size < 200_000 else None
    except OSError:
        return
    yield from (node.name for node in tree.body if isinstance(node, Definition)) if tree is not None else ()


def build_ladder(case: Case, run: TestRun, others: Sequence[Failure], server: WarmServer, deadline: Deadline) -> Ladder:
    """Which tests screen and which confirm, each only if the warm server reproduces its known outcome.

    `others` are the failures of groups that are not repaired yet.
    """
    results = run.results
    limit = _cpu_limit(results, [*case.group.node_ids, *case.covering])
    failures = [failure for failure in case.group.failures[:_CONFIRMING_TARGETS] if not failure.node_id.is_file]
    targets = {
        failure.node_id: _expected(failure, results, limit)
        for failure in failures
        if failure.node_id not in case.start_programs
    }
    served = {test.node_id for test in server.collection.collected}
    passing = {
        key: TrustedTest(key, Style.DIRECT, max(10 * limit, 0.4), None)
        for key in case.covering
        if key in served and key not in case.start_programs
    }
    order = {test.node_id: index for index, test in enumerate(run.collected)}
    both = sorted({**passing, **targets}.values(), key=lambda test: order.get(test.node_id, 0))
    confirming = tuple(replace(test, seconds=max(test.seconds, 0.4)) for test in trusted_tests(server, both, deadline))
    elsewhere = [_expected(failure, results, limit) for failure in others[:_CONFIRMING_TARGETS]]
    screening = [test for test in confirming if test.node_id in targets]
    files = dict.fromkeys(key.file for key in (*case.group.node_ids, *case.covering))
    return Ladder(
        screening=tuple(
            replace(test, seconds=max(limit, _FLOOR_SECONDS, _usual_seconds(test, results)))
            for test in _cheapest(screening, results)[:_SCREENING_TESTS]
        ),
        confirming=confirming,
        test_files=tuple(files),
        others=trusted_tests(server, elsewhere, deadline),
        whole_files=not failures,
        only_cold=case.start_programs.issuperset(case.group.node_ids),
    )


def _expected(failure: Failure, results: Mapping[NodeId, TestResult], limit: float) -> TrustedTest:
    """A failing test with the time in which it certainly shows its error again, or ends once repaired.

    One that hangs is stopped early here: it is known to hang.
    """
    hangs = failure.error_type in _HANGS
    own = 0.0 if hangs else max(0.4, 3 * results[failure.node_id].seconds)
    return TrustedTest(failure.node_id, Style.DIRECT, max(limit, own), failure.error_type)


def _usual_seconds(test: TrustedTest, results: Mapping[NodeId, TestResult]) -> float:
    """With room; nothing for a test that hangs."""
    return 0.0 if test.expected_error in _HANGS else 3 * results[test.node_id].seconds


def _cheapest(tests: Sequence[TrustedTest], results: Mapping[NodeId, TestResult]) -> list[TrustedTest]:
    """Quick ones first, hanging ones last."""

    def cost(test: TrustedTest) -> tuple[bool, float]:
        return test.expected_error in _HANGS, results[test.node_id].seconds

    return sorted(tests, key=cost)


def _cpu_limit(results: Mapping[NodeId, TestResult], ids: Sequence[NodeId]) -> float:
    """15 times what a passing test among them usually takes, within bounds.

    Candidates that hang cost this much each; one that is merely slow gets a second chance with more.
    """
    passing = [results[key].seconds for key in ids if key in results and not results[key].outcome.is_failing]
    return min(_CEILING_SECONDS, max(_FLOOR_SECONDS, 15 * median(passing or [0.01])))


def _covering_tests(passing: Iterable[TestResult], lines: dict[str, set[int]], files: set[str]) -> tuple[NodeId, ...]:
    """Passing tests that execute any of these lines, quickest first, as many as the budget of test time allows.

    Those that the warm server may not serve come last: only coverage knows them, and they stand in other files.
    """
    covering = [
        result
        for result in passing
        if any(not found.isdisjoint(lines.get(path, ())) for path, found in result.executed.items())
    ]
    covering.sort(key=lambda each: (each.is_from_coverage and each.node_id.file not in files, each.seconds))
    chosen: list[NodeId] = []
    spent = 0.0
    for result in covering:
        spent += result.seconds
        if spent > _COVERING_SECONDS:
            break
        chosen.append(result.node_id)
    return tuple(chosen)


def mined(test_source: bytes, line: int) -> tuple[object, ...]:
    """Distinct strings and numbers of the test function that starts at the line, decorators included.

    Values of module-level names that the function reads count too: tests keep their tables there.
    """
    module = read_module(test_source)
    function = None if module is None else _function_at(module, line)
    if module is None or function is None:
        return ()
    read = names_in(function)
    tables = [node for node in module.tree.body if isinstance(node, ast.Assign) and read & set(assigned_names(node))]
    distinct: dict[str, object] = {}
    for node in (function, *tables):
        for value in _values(node):
            distinct.setdefault(repr(value), value)
    return tuple(distinct.values())[:_MAX_LITERALS]


def _function_at(module: Module, line: int) -> Function | None:
    exact = (node for node in module.functions if line in {node.lineno, first_line(node)})
    around = (node for node in module.functions if first_line(node) <= line <= last_line(node))
    return next(exact, None) or next(around, None)


def _values(node: ast.AST) -> Iterator[object]:
    for each in ast.walk(node):
        match each:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                yield -value
            case ast.Constant(value=str() as text) if len(text) <= _MAX_CHARS:
                yield text
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                yield value
            case _:
                pass

"""The fourth stage: the lines of the product where the fault of a failure group may be."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.localisation import Localisation, ochiai
from lsp_repair.domain.runs import FailureGroup, NodeId, Outcome, TestResult, TestRun
from lsp_repair.judge.policy.protected_paths import FilesOfTests, decides_outcomes, files_of_tests, patterns_of_tests
from lsp_repair.patches.foreign_patch import plain_path
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.repair.stages.triage import MIN_TEST_SECONDS
from lsp_repair.search.suspicion import localised
from lsp_repair.testrun.warm_server import WarmServer

TRACE_SECONDS = 6.0
"""What tracing passing tests may take at most."""
_UNKNOWN = 0.3
"""Suspiciousness of every line of a file of which no executed lines are known."""
_MAX_WHOLE_FILES = 5


def traced_passing(
    server: WarmServer, run: TestRun, deadline: Deadline, known: Container[NodeId] = ()
) -> tuple[TestResult, ...]:
    """Passing tests with their executed lines, quickest first, as many as a share of the time allows.

    Those whose lines are known are left out.
    """
    served = {
        test.node_id: index for index, test in enumerate(server.collection.collected) if test.node_id not in known
    }
    passing = [each for key, each in run.results.items() if key in served and each.outcome is Outcome.PASSED]
    budget = min(TRACE_SECONDS, deadline.remaining / 20)
    affordable: list[NodeId] = []
    for result in sorted(passing, key=lambda each: each.seconds):
        budget -= tracing_seconds([result])
        if budget < 0:
            break
        affordable.append(result.node_id)
    affordable.sort(key=served.__getitem__)
    traced = server.run(affordable, deadline.within(2 * TRACE_SECONDS), record=True, test_seconds=MIN_TEST_SECONDS)
    return tuple(
        replace(traced.results[key], seconds=run.results[key].seconds) for key in affordable if traced.has_passed(key)
    )


def tracing_seconds(results: Iterable[TestResult]) -> float:
    """What running these tests with their lines recorded takes, about."""
    return sum(0.002 + 2 * each.seconds for each in results)


def localise(
    prepared: Prepared, run: TestRun, group: FailureGroup, traced: Sequence[TestResult], ignored: Sequence[str]
) -> Localisation:
    """The suspicious lines that a repair may touch, from results with their executed lines.

    Where the failing tests executed no such line, every line of the imported files is equally suspicious.
    """
    editable = _searchable(prepared, run, ignored)
    found = _suspicious(prepared, group, traced, editable)
    if found.scores:
        return found
    root = prepared.snapshot.root
    files = [Path(file) for file in run.module_files.values()]
    paths = dict.fromkeys(file.relative_to(root).as_posix() for file in files if file.is_relative_to(root))
    whole = [path for path in paths if editable(path)][:_MAX_WHOLE_FILES]
    contents = {path: data for path in whole if (data := prepared.read(path)) is not None}
    scores = {path: dict.fromkeys(range(1, data.count(b"\n") + 2), _UNKNOWN) for path, data in contents.items()}
    return Localisation(scores, is_seen=False)


def _searchable(prepared: Prepared, run: TestRun, ignored: Sequence[str]) -> Callable[[str], bool]:
    """By path, relative to the root: whether an edit of the file could be offered."""
    editable, named = editable_files(run, ignored), _named_like_tests(prepared, run)
    return cache(lambda path: editable(path) and not named(path))


def _named_like_tests(prepared: Prepared, run: TestRun) -> Callable[[str], bool]:
    """Whether a file counts as a test for its name and place alone."""
    tests = files_of_tests(run.oracle_paths, patterns_of_tests(prepared.project))

    def named(path: str) -> bool:
        plain = plain_path(path)
        return tests.is_named_so(plain) and not tests.is_product(plain, prepared.read(path) or b"")

    return named


def why_nothing(prepared: Prepared, run: TestRun, group: FailureGroup, traced: Sequence[TestResult]) -> str:
    """Why there is nothing that a repair may touch, with the way out where there is one."""
    named, editable = _named_like_tests(prepared, run), editable_files(run)
    results = {each.node_id: each for each in traced}
    executed = dict.fromkeys(path for key in group.node_ids if key in results for path in results[key].executed)
    refused = next((path for path in executed if editable(path) and named(path)), None)
    if refused is None:
        return "the failing tests execute no code that a repair may touch"
    return (
        f"{refused} is named like a test, so no repair may touch it; where it is none, say which files are tests: "
        "python_files in pytest's configuration"
    )


def localise_in_tests(prepared: Prepared, group: FailureGroup, traced: Sequence[TestResult]) -> Localisation:
    """The suspicious lines of the failing tests' own files: for tests that are wrong, where the user allows test edits."""
    return _suspicious(prepared, group, traced, {key.file for key in group.node_ids}.__contains__)


def _suspicious(
    prepared: Prepared, group: FailureGroup, traced: Sequence[TestResult], editable: Callable[[str], bool]
) -> Localisation:
    results = {each.node_id: each for each in traced}
    failing = [results[key] for key in group.node_ids]
    passing = [each for each in traced if not each.outcome.is_failing]
    latest = [each.latest for each in failing]
    return localised(ochiai(failing, passing), group.failures, editable, prepared.read, latest)


@dataclass(frozen=True, slots=True)
class Editable:
    """Decides by path (relative to the root)."""

    tests: FilesOfTests
    ignored: tuple[str, ...] = ()

    def __call__(self, path: str) -> bool:
        """Whether a repair may change this file."""
        pure, plain = PurePosixPath(path), plain_path(path)
        if pure.is_absolute() or ".." in pure.parts or pure.suffix != ".py" or decides_outcomes(plain):
            return False
        return plain not in self.tests and not any(pure.match(pattern) for pattern in self.ignored)


def editable_files(run: TestRun, ignored: Iterable[str] = (), python_files: Iterable[str] = ()) -> Editable:
    """From what was collected, and from pytest's patterns of test files."""
    return Editable(files_of_tests(run.oracle_paths, python_files), tuple(ignored))

"""What an earlier run of coverage, with a context for each test, tells of passing tests, so that they need not be traced again.

It is believed of a test whose own file, conftests and executed files have not changed since. It chooses where to look and
what to run first; verdicts and grades rest on runs of ours.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_repair.domain.events import Progressed
from lsp_repair.domain.runs import NodeId, Outcome, TestResult, TestRun
from lsp_repair.repair.stages.localise import TRACE_SECONDS, editable_files, tracing_seconds
from lsp_repair.repair.stages.prepare import Prepared, Session
from lsp_repair.testrun.coverage_files.context_names import tests_of
from lsp_repair.testrun.coverage_files.read_coverage import (
    Recorded,
    Unreadable,
    is_installed,
    may_hold_contexts,
    read_coverage,
)

FILE = ".coverage"
_QUICK_SECONDS = 1.0
"""Tracing that takes no longer is not worth the reading, and knows what setting up executes."""

_READING_SHARE = 0.2
"""Of the time that the baseline took: how long reading may go on where that is more than tracing takes."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Passing tests of the baseline with the lines that an earlier run recorded, of the files that matter."""

    passing: tuple[TestResult, ...] = ()
    notices: tuple[str, ...] = ()
    """A line for people: that it was used, or why not; none where there is no file."""


def recorded_earlier(session: Session, run: TestRun, failing: Sequence[TestResult]) -> Earlier:
    """What `.coverage` in the root says of the passing tests, in the files whose lines the failing tests execute."""
    prepared = session.prepared
    database = prepared.project.root / FILE
    editable = editable_files(run, session.request.ignore)
    wanted = {path for each in failing for path in each.executed if editable(path)}
    passing = [each for each in run.results.values() if each.outcome is Outcome.PASSED]
    if not wanted or not passing or not os.path.lexists(database):
        return Earlier()
    if tracing_seconds(passing) < _QUICK_SECONDS:
        return _unused("tracing the passing tests takes less than a second")
    if not is_installed():
        return _unused("to read it: pip install 'lsp-repair[coverage]'") if may_hold_contexts(database) else Earlier()
    session.observe(Progressed(f"reading {FILE}"))
    newer = _newer_files(prepared.snapshot.root, database)
    seconds = min(max(TRACE_SECONDS, run.seconds * _READING_SHARE), session.deadline.remaining / 10)
    recorded = read_coverage(database, prepared.project.root, sorted(wanted | newer), seconds)
    if isinstance(recorded, Unreadable):
        return _unused(recorded.why)
    why = _unusable(recorded, wanted - newer) or _unmeasured(recorded, newer, run, prepared)
    return _unused(why) if why else _believed(prepared, recorded, newer, passing, wanted)


def _unused(why: str) -> Earlier:
    return Earlier((), (f"{FILE} is not used: {why}",))


def _newer_files(root: Path, database: Path) -> frozenset[str]:
    """Python files of the copy, which keeps the times of the user's, that were written after the database."""
    since = _written(database)
    return frozenset(
        Path(folder, name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
        if name.endswith(".py") and _written(Path(folder, name)) > since
    )


def _written(file: Path) -> int:
    """In nanoseconds; 0 for what is not there."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _unusable(recorded: Recorded, wanted: Collection[str]) -> str:
    """Why it tells nothing of any test; empty where it does."""
    if not recorded.measures_project:
        return "it measures no file of this project"
    if not recorded.contexts:
        return (
            "it has no contexts: run pytest with --cov-context=test (and COVERAGE_CORE=ctrace where sysmon is the core)"
        )
    missing = sorted(path for path in wanted if path not in recorded.lines)
    if missing:
        return f"it does not measure {missing[0]}"
    if not recorded.is_shared:
        return "each line is in the context of one test only, as coverage's core sysmon leaves it: set COVERAGE_CORE=ctrace"
    return ""


def _unmeasured(recorded: Recorded, newer: Collection[str], run: TestRun, prepared: Prepared) -> str:
    """A newer file that is imported, and of which it does not say who executes it; empty without one."""
    imported = prepared.imported_files(run)
    tests = {test.path for test in run.collected}
    found = [path for path in sorted(newer) if path in imported and path not in recorded.lines and path not in tests]
    return next((f"it is older than {path}" for path in found if not _is_conftest(path)), "")


def _is_conftest(path: str) -> bool:
    return path.rpartition("/")[2] == "conftest.py"


def _believed(
    prepared: Prepared,
    recorded: Recorded,
    newer: Collection[str],
    passing: Sequence[TestResult],
    wanted: Collection[str],
) -> Earlier:
    """The passing tests that executed nothing which has changed."""
    tests = tests_of(recorded.contexts, [each.node_id for each in passing])
    if not tests:
        return _unused("its contexts name none of the passing tests")
    changed = {path for path in recorded.lines if path in newer or not _fits(prepared.read(path), recorded.lines[path])}
    executed = _by_test(recorded, tests)
    found = [
        replace(each, executed=executed[each.node_id], is_from_coverage=True)
        for each in passing
        if each.node_id in executed
        and changed.isdisjoint(executed[each.node_id])
        and not _is_changed(each.node_id, newer)
    ]
    culprits = [*sorted(changed.intersection(wanted)), *sorted(changed), *sorted(newer)]
    why = "".join(f"it {'is older than' if each in newer else 'does not fit'} {each}" for each in culprits[:1])
    if not found:
        return _unused(why)
    but = f", but {why}" if why and len(found) < len(passing) else ""
    of_all = f"{len(found)} of {len(passing)} passing tests execute"
    return Earlier(tuple(found), (f"{FILE} says which lines {of_all}; these were not traced again{but}",))


def _by_test(recorded: Recorded, tests: Mapping[str, NodeId]) -> dict[NodeId, dict[str, frozenset[int]]]:
    """Lines by test and path, those of all its contexts taken together."""
    found: dict[NodeId, dict[str, frozenset[int]]] = {key: {} for key in tests.values()}
    for path, by_context in recorded.lines.items():
        for context, lines in by_context.items():
            if context in tests:
                known = found[tests[context]]
                known[path] = known[path] | lines if path in known else lines
    return found


def _fits(data: bytes | None, by_context: Mapping[str, Collection[int]]) -> bool:
    """Whether there is code on every recorded line: else it is another text, whatever its time says."""
    if data is None:
        return False
    texts = [line.strip() for line in data.splitlines()]
    lines = {line for found in by_context.values() for line in found}
    is_code = [True, *(bool(text) and not text.startswith(b"#") for text in texts)]  # an import begins on line 0
    return all(line < len(is_code) and is_code[line] for line in lines)


def _is_changed(key: NodeId, newer: Collection[str]) -> bool:
    """Whether the test's own file is newer, or a conftest in a folder above it."""
    folders = key.file.split("/")[:-1]
    conftests = ("/".join([*folders[:depth], "conftest.py"]) for depth in range(len(folders) + 1))
    return key.file in newer or any(each in newer for each in conftests)

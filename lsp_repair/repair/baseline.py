"""What one command prepares before any failure is looked at: the snapshot, the place and the baseline."""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import BaselineFinished, Observer, Progressed
from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.outcomes import TestCounts
from lsp_repair.domain.projects import Project
from lsp_repair.domain.runs import Outcome, TestRun
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.isolation.environment import scrubbed, trusted
from lsp_repair.isolation.tiers import Found
from lsp_repair.judge.policy.policy import ProjectRules
from lsp_repair.judge.policy.project_rules import project_rules
from lsp_repair.repair.test_selection import Chosen
from lsp_repair.repair.triage import Surroundings
from lsp_repair.testrun.cold import ColdRequest, ColdResult, run_cold
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import Snapshot, SnapshotRules, copy_snapshot, take_snapshot
from lsp_repair.testrun.source_roots import source_roots

NO_OVERLAYS: Mapping[str, bytes] = {}
_BASELINE_SHARE = 0.5
"""Of the time limit: a baseline that takes longer leaves nothing for repairs, so what it found by then has to do."""
_PATIENT_SECONDS = 20.0
_PATIENT_SHARE = 1 / 20
"""CPU time, at most and of the time limit, that a test gets before it is believed to hang."""
_USAGE_ERROR, _INTERNAL_ERROR = 4, 3


@dataclass(frozen=True, slots=True)
class Prepared:
    """A private copy of the project, ready to run its tests."""

    project: Project
    private: Path
    snapshot: Snapshot
    place: Place
    isolation: IsolationReport

    def surroundings(self) -> tuple[Surroundings, tuple[Surroundings, ...]]:
        """The user's own surroundings, and each of their parts alone; made when they are first needed."""
        everything = _with_excluded_files(self)
        files = replace(self.place.at(everything), environ=self.place.environ)
        own = trusted(os.environ)
        home = {"HOME": own["HOME"]} if "HOME" in own else {}
        single = (
            Surroundings(f"the network ({_allowing('network')})", _with_opened(self.place, "network")),
            Surroundings(
                f"environment variables ({_allowing('environment')})",
                replace(self.place, environ={**own, **_private_home(self.place)}),
            ),
            Surroundings(
                f"the home folder ({_allowing('home')})",
                _with_opened(replace(self.place, environ={**self.place.environ, **home}), "home"),
            ),
            Surroundings("files left out of the snapshot", files),
        )
        return Surroundings("the user's own surroundings", files.unconfined(own)), single


def _allowing(effect: str) -> str:
    return f'to let tests have it: allow = ["{effect}"] in your configuration'


def _with_opened(place: Place, effect: str) -> Place:
    sandbox = place.sandbox
    return replace(place, sandbox=replace(sandbox, opened=sandbox.opened | {effect}))


def _private_home(place: Place) -> dict[str, str]:
    return {key: place.environ[key] for key in ("HOME", "TMPDIR") if key in place.environ}


def _with_excluded_files(prepared: Prepared) -> Path:
    """A copy that also holds the small files that the snapshot leaves out: `.env`, keys."""
    copy = copy_snapshot(prepared.snapshot, prepared.private / "trusted" / prepared.snapshot.root.name)
    for skipped in prepared.snapshot.skipped:
        source = prepared.project.root / skipped.path
        if source.is_file() and source.stat().st_size < 1 << 20:
            shutil.copy2(source, copy.root / skipped.path)
    return copy.root


def prepare(
    project: Project,
    private: Path,
    rules: SnapshotRules,
    found: Found,
    overlays: Mapping[str, bytes] = NO_OVERLAYS,
) -> Prepared:
    """Copy the project and find out how its own code is imported from the copy; everything runs in this sandbox."""
    sandbox = found.sandbox
    snapshot = take_snapshot(project.root, private / "base" / (project.root.name or "root"), overlays, rules)
    for name in ("home", "tmp"):
        (private / name).mkdir(exist_ok=True)
    place = Place(
        root=snapshot.root,
        python=project.interpreter.executable,
        environ=_environ(private, sandbox.opened),
        source_roots=source_roots(project, snapshot),
        arguments=project.pytest_args,
        selected=project.selected,
        sandbox=sandbox,
        copy_bytes=snapshot.size_bytes,
    )
    return Prepared(project, private, snapshot, place, found.report)


def _environ(private: Path, opened: frozenset[str]) -> dict[str, str]:
    """What candidate code gets, with what the user opened."""
    environ = scrubbed(os.environ, private)
    if "environment" in opened:
        environ = {**trusted(os.environ), "HOME": environ["HOME"], "TMPDIR": environ["TMPDIR"]}
    if "home" in opened and "HOME" in os.environ:
        environ["HOME"] = os.environ["HOME"]
    return environ


@dataclass(frozen=True, slots=True)
class Baseline:
    """The tests on the unpatched snapshot."""

    run: TestRun
    whole_suite: bool
    """Whether everything was meant to run: nothing narrowed it."""
    chosen: Chosen
    notices: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> TestCounts:
        """The figures of the run."""
        count = self.run.count
        passed = count(Outcome.PASSED) + count(Outcome.XPASSED)
        skipped = count(Outcome.SKIPPED) + count(Outcome.XFAILED)
        not_run = sum(test.node_id not in self.run.results for test in self.run.collected)
        return TestCounts(
            len(self.run.collected), passed, count(Outcome.FAILED), count(Outcome.ERROR), skipped, not_run
        )


def run_baseline(prepared: Prepared, chosen: Chosen, deadline: Deadline, observe: Observer) -> Baseline:
    """Run what was chosen (or everything) once; raises CannotRunTestsError when pytest itself cannot start."""
    observe(Progressed("running the tests on a snapshot"))
    patience = min(_PATIENT_SECONDS, deadline.remaining * _PATIENT_SHARE)
    request = ColdRequest(files=chosen.files)
    result = run_cold(prepared.place, request, deadline.within(deadline.remaining * _BASELINE_SHARE))
    _must_be_able_to_run(prepared, result)
    run = _with_slow_tests(prepared, result.run, patience, deadline)
    whole = not chosen.targets and not prepared.project.selected and not prepared.project.pytest_args
    notices = () if run.complete else (_incomplete(run),)
    baseline = Baseline(run, whole, chosen, notices)
    observe(BaselineFinished(run))
    return baseline


def _with_slow_tests(prepared: Prepared, run: TestRun, patience: float, deadline: Deadline) -> TestRun:
    """Tests that were stopped as hanging get more time: the first one alone, and the others when that one was just slow."""
    stopped = [
        result.node_id for result in run.failing if result.failure and result.failure.error_type == "TestTimeout"
    ]
    for tests in (stopped[:1], stopped[1:]):
        if not tests:
            break
        files = tuple(dict.fromkeys(key.file for key in tests))
        request = ColdRequest(files=files, only=frozenset(tests), test_seconds=patience)
        again = run_cold(prepared.place, request, deadline.within(deadline.remaining * _BASELINE_SHARE)).run
        ended = {
            key: result
            for key, result in again.results.items()
            if key in tests and not (result.failure and result.failure.error_type == "TestTimeout")
        }
        if not ended:
            break
        run = replace(run, results={**run.results, **ended}, seconds=run.seconds + again.seconds)
    return run


def _incomplete(run: TestRun) -> str:
    return (
        f"the baseline did not finish within its share of the time limit: {len(run.results)} of {len(run.collected)} "
        "tests ran; raise --time-limit, or choose tests with --test or --last-failed"
    )


def _must_be_able_to_run(prepared: Prepared, result: ColdResult) -> None:
    run, conftest = result.run, result.conftest_failure
    if conftest is not None:
        frame = conftest.innermost_project_frame
        where = f"{frame.path}:{frame.line}: " if frame else ""
        raise CannotRunTestsError(
            "conftest-error",
            f"a conftest does not load: {where}{conftest.error_type}: {conftest.message}",
            "repair it first: without it no test can be run",
        )
    if not run.pytest_version:
        raise CannotRunTestsError(
            "probe-did-not-start",
            f"{prepared.place.python} did not start pytest: {_last_line(run.output_tail)}",
            "run it with -m pytest to see why, or choose another with --python",
        )
    if run.exit_status in {_USAGE_ERROR, _INTERNAL_ERROR} and not run.results:
        raise CannotRunTestsError(
            "pytest-error",
            f"pytest did not run: {_last_line(run.output_tail)}",
            "run pytest by hand to see the whole message",
        )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    usage = [line for line in lines if ": error: " in line]
    errors = usage or [line for line in lines if line.startswith(("ERROR", "E ", "INTERNALERROR> E"))] or lines
    return errors[-1][:300] if errors else "it printed nothing"


_ORDINARY_ERRORS = frozenset(
    {"AssertionError", "DocTestFailure", "Failed", "TestTimeout", "AttributeError", "NameError", "UnboundLocalError"}
    | {"TypeError", "ValueError", "IndexError", "KeyError", "ZeroDivisionError", "RecursionError", "StopIteration"}
    | {"SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError", "NotImplementedError"}
)
_SPEAKS_OF_SURROUNDINGS = re.compile(
    rb"\benviron|\bgetenv|\bexpanduser|\bhome\(|\bHOME\b|\bTMPDIR\b|\bXDG_|\bgetuser|\bgetpass|\bkeyring|dotenv|\.netrc|\.git\b"
    rb"|\bsocket\b|\brequests\b|\bhttpx\b|\burllib\b|\bhttp\.client\b|\baiohttp\b|\bpsycopg|\bredis\b|\bsubprocess\b"
)


def surroundings_may_matter(prepared: Prepared, run: TestRun) -> bool:
    """Whether a red test could be red because of what its surroundings lack here.

    So it is when an error is not one that code makes by itself, when files were left out that may hold secrets, or when
    a file of the project speaks of its surroundings. A run in the user's own ones costs a start of pytest.
    """
    if any(result.failure and result.failure.error_type not in _ORDINARY_ERRORS for result in run.failing):
        return True
    if any(skipped.why.startswith(("may hold", "holds")) for skipped in prepared.snapshot.skipped):
        return True
    files = {Path(file) for file in run.module_files.values()}
    return any(_speaks_of_surroundings(file) for file in files if file.is_relative_to(prepared.snapshot.root))


def _speaks_of_surroundings(file: Path) -> bool:
    try:
        return _SPEAKS_OF_SURROUNDINGS.search(file.read_bytes()) is not None
    except OSError:
        return False


def rules_of(prepared: Prepared, *, test_edits: bool) -> ProjectRules:
    """The project's rules, with the folders that its copy is imported from."""
    copy, root = prepared.snapshot.root, prepared.project.root
    sources = [root / Path(each).relative_to(copy) for each in prepared.place.source_roots if _is_below(each, copy)]
    return project_rules(prepared.project, sources, test_edits=test_edits)


def _is_below(path: str, folder: Path) -> bool:
    return Path(path).is_relative_to(folder)

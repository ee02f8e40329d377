"""What tests miss in the sandbox and have at home: found by running them in the user's own surroundings, part by part."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Failure, Outcome, TestResult, TestRun
from lsp_repair.isolation.environment import trusted
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.testrun.cold import ColdRequest, run_cold
from lsp_repair.testrun.exclusions import Exclusion
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.snapshot import copy_snapshot
from lsp_repair.testrun.snapshot_rules import Skipped

_ORDINARY_ERRORS = frozenset(
    {"AssertionError", "DocTestFailure", "Failed", "TestTimeout", "AttributeError", "NameError", "UnboundLocalError"}
    | {"TypeError", "ValueError", "IndexError", "KeyError", "ZeroDivisionError", "RecursionError", "StopIteration"}
    | {"SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError", "NotImplementedError"}
)
_NEEDS_SERVICE = frozenset(
    {"ConnectionRefusedError", "gaierror", "ConnectionError", "ConnectTimeout", "URLError", "NewConnectionError"}
    | {"OperationalError", "ConnectError", "MaxRetryError", "herror", "ConnectionResetError"}
)
_SURROUNDINGS = re.compile(
    rb"\benviron|\bgetenv|\bexpanduser|\bhome\(|\bHOME\b|\bTMPDIR\b|\bXDG_|\bgetuser|\bgetpass|\bkeyring|dotenv|\.netrc|\.git\b"
    rb"|\bsocket\b|\brequests\b|\bhttpx\b|\burllib\b|\bhttp\.client\b|\baiohttp\b|\bpsycopg|\bredis\b|\bsubprocess\b"
)
_WITHHELD = frozenset({Exclusion.SECRETS, Exclusion.PRIVATE_KEY})
_MAX_NAMED = 3
_START_SECONDS = 30.0


def surroundings_may_matter(prepared: Prepared, run: TestRun) -> bool:
    """Whether a test could fail because of something that is missing in the sandbox.

    True for errors that code does not raise by itself, for files left out because they may contain secrets, and for
    projects whose files mention their surroundings. Running in the user's own surroundings costs a start of pytest.
    """
    if any(result.failure and result.failure.error_type not in _ORDINARY_ERRORS for result in run.failing):
        return True
    if withheld(prepared):
        return True
    files = {Path(file) for file in run.module_files.values()}
    return any(_mentions_surroundings(file) for file in files if file.is_relative_to(prepared.snapshot.root))


def _mentions_surroundings(file: Path) -> bool:
    try:
        return _SURROUNDINGS.search(file.read_bytes()) is not None
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A place with one effect opened that candidate code does not get."""

    effect: str
    place: Place


class EnvironmentTriage:
    """Runs the failing tests in the user's own surroundings while the search is already under way; a context manager."""

    def __init__(self, prepared: Prepared, deadline: Deadline) -> None:
        self._prepared = prepared
        self._deadline = deadline.cancellable()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="environment-triage")
        self._run: Future[TestRun] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._deadline.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, failing: Sequence[TestResult]) -> None:
        """Begin in the background."""
        own = _own(self._prepared)
        self._run = self._pool.submit(_rerun, own, failing, self._deadline.within(30.0))

    def missing_effect(self, failure: Failure) -> str | None:
        """What the test lacks in the sandbox; None when it fails in the user's own surroundings in the same way."""
        silent = "a network service that does not answer" if failure.error_type in _NEEDS_SERVICE else None
        result = self._run.result().results.get(failure.node_id) if self._run is not None else None
        if result is None or not _is_other(result, failure):
            return silent
        for each in parts(self._prepared, failure):
            alone = _rerun(each.place, [result], self._deadline.within(10.0)).results.get(failure.node_id)
            if alone is not None and _is_alike(alone, result):
                return f"{each.effect}{_afterwards(result)}"
        return f"{_OWN}{_afterwards(result)}" if result.outcome is Outcome.PASSED else silent


def _is_other(home: TestResult, failure: Failure) -> bool:
    """Whether a test passes at home, or fails there with an error of another kind."""
    return home.outcome is Outcome.PASSED or (
        home.failure is not None and home.failure.error_type != failure.error_type
    )


def _is_alike(one: TestResult, other: TestResult) -> bool:
    kinds = [each.failure.error_type if each.failure is not None else "" for each in (one, other)]
    return one.outcome is other.outcome and kinds[0] == kinds[1]


def _afterwards(home: TestResult) -> str:
    """What is left to repair once the test has what it lacks."""
    return "" if home.failure is None else f"; with it, it still fails: {home.failure.error_type}"


def _rerun(place: Place, failing: Sequence[TestResult], deadline: Deadline) -> TestRun:
    patience = max(2.0, 4 * max((result.seconds for result in failing), default=0.0))
    request = ColdRequest.of((result.node_id for result in failing), test_seconds=patience)
    return run_cold(place, request, deadline).run


_OWN = "the user's own surroundings"


def _own(prepared: Prepared) -> Place:
    return _with_files(prepared, withheld(prepared)).unconfined(trusted(os.environ))


def parts(prepared: Prepared, failure: Failure | None = None) -> Iterator[Surroundings]:
    """Places with one effect of the user's own surroundings each, the files that a failure speaks of first."""
    place = prepared.place
    own = trusted(os.environ)
    home = {"HOME": own["HOME"]} if "HOME" in own else {}
    private = {key: place.environ[key] for key in ("HOME", "TMPDIR") if key in place.environ}
    files = withheld(prepared)
    said = f"{failure.message} {failure.frames}" if failure is not None else ""
    for each in sorted(files, key=lambda each: Path(each.path).name not in said)[:_MAX_NAMED]:
        yield Surroundings(_file_effect([each]), _with_files(prepared, [each]))
    yield Surroundings(f"the network ({_allowing('network')})", _with_opened(place, "network"))
    yield Surroundings(
        f"environment variables ({_allowing('environment')})", replace(place, environ={**own, **private})
    )
    yield Surroundings(
        f"the home folder ({_allowing('home')})",
        _with_opened(replace(place, environ={**place.environ, **home}), "home"),
    )
    if len(files) > 1:
        yield Surroundings(_file_effect(files), _with_files(prepared, files))


def lacked_at_start(prepared: Prepared, request: ColdRequest, deadline: Deadline) -> str | None:
    """What keeps pytest from starting in the sandbox and is there at home; None where it does not start there either."""

    def starts(place: Place) -> bool:
        result = run_cold(place, request, deadline.within(_START_SECONDS))
        return result.start_failure is None and bool(result.run.collected)

    if not starts(_own(prepared)):
        return None
    return next((each.effect for each in parts(prepared) if starts(each.place)), _OWN)


def withheld(prepared: Prepared) -> list[Skipped]:
    """Files that the copy leaves out because they may hold secrets."""
    return [each for each in prepared.snapshot.skipped if each.why in _WITHHELD]


def _allowing(effect: str) -> str:
    return f'to let tests have it: allow = ["{effect}"] in your configuration'


def _file_effect(files: Sequence[Skipped]) -> str:
    paths = [each.path for each in files]
    names = ", ".join(paths[:_MAX_NAMED]) + (f" and {len(paths) - _MAX_NAMED} more" if len(paths) > _MAX_NAMED else "")
    pattern = ", ".join(f'"{each}"' for each in paths[:_MAX_NAMED])
    kept = "it may contain secrets" if len(paths) == 1 else "they may contain secrets"
    return f"{names}, not copied because {kept} (to copy it: snapshot_include = [{pattern}] in your configuration)"


def _with_opened(place: Place, effect: str) -> Place:
    sandbox = place.sandbox
    return replace(place, sandbox=replace(sandbox, opened=sandbox.opened | {effect}))


def _with_files(prepared: Prepared, files: Sequence[Skipped]) -> Place:
    """The place of a copy that also holds these files, as far as they are small."""
    number = len(list((prepared.private / "trusted").glob("*")))
    copy = copy_snapshot(prepared.snapshot, prepared.private / "trusted" / str(number) / prepared.snapshot.root.name)
    for each in files:
        source = prepared.project.root / each.path
        if source.is_file() and source.stat().st_size < 1 << 20:
            shutil.copy2(source, copy.root / each.path)
    return replace(prepared.place.at(copy.root), environ=prepared.place.environ)

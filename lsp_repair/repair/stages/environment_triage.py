"""Whether a test fails only because of what the sandbox withholds: the same test in the user's own surroundings."""

import os
import re
import shutil
from collections.abc import Sequence
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


def surroundings_may_matter(prepared: Prepared, run: TestRun) -> bool:
    """Whether a test could fail because of something that is missing in the sandbox.

    True for errors that code does not raise by itself, for files left out because they may contain secrets, and for
    projects whose files mention their surroundings. Running in the user's own surroundings costs a start of pytest.
    """
    if any(result.failure and result.failure.error_type not in _ORDINARY_ERRORS for result in run.failing):
        return True
    if any(skipped.why in {Exclusion.SECRETS, Exclusion.PRIVATE_KEY} for skipped in prepared.snapshot.skipped):
        return True
    files = {Path(file) for file in run.module_files.values()}
    return any(_mentions_surroundings(file) for file in files if file.is_relative_to(prepared.snapshot.root))


def _mentions_surroundings(file: Path) -> bool:
    try:
        return _SURROUNDINGS.search(file.read_bytes()) is not None
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class _Surroundings:
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
        self._own, self._single = _surroundings(self._prepared)
        self._run = self._pool.submit(_rerun, self._own.place, failing, self._deadline.within(30.0))

    def missing_effect(self, failure: Failure) -> str | None:
        """What the test lacks in the sandbox; None when it fails in the user's own surroundings as well."""
        silent = "a network service that does not answer" if failure.error_type in _NEEDS_SERVICE else None
        if self._run is None:
            return silent
        result = self._run.result().results.get(failure.node_id)
        if result is None or result.outcome is not Outcome.PASSED:
            return silent
        for each in self._single:
            alone = _rerun(each.place, [result], self._deadline.within(10.0)).results.get(failure.node_id)
            if alone is not None and alone.outcome is Outcome.PASSED:
                return each.effect
        return self._own.effect


def _rerun(place: Place, failing: Sequence[TestResult], deadline: Deadline) -> TestRun:
    only = frozenset(result.node_id for result in failing)
    files = tuple(dict.fromkeys(key.file for key in only))
    patience = max(2.0, 4 * max((result.seconds for result in failing), default=0.0))
    return run_cold(place, ColdRequest(files=files, only=only, test_seconds=patience), deadline).run


def _surroundings(prepared: Prepared) -> tuple[_Surroundings, tuple[_Surroundings, ...]]:
    """The user's own surroundings, and each of their parts alone."""
    place = prepared.place
    files = replace(place.at(_with_excluded_files(prepared)), environ=place.environ)
    own = trusted(os.environ)
    home = {"HOME": own["HOME"]} if "HOME" in own else {}
    private = {key: place.environ[key] for key in ("HOME", "TMPDIR") if key in place.environ}
    single = (
        _Surroundings(f"the network ({_allowing('network')})", _with_opened(place, "network")),
        _Surroundings(
            f"environment variables ({_allowing('environment')})", replace(place, environ={**own, **private})
        ),
        _Surroundings(
            f"the home folder ({_allowing('home')})",
            _with_opened(replace(place, environ={**place.environ, **home}), "home"),
        ),
        _Surroundings("files left out of the snapshot", files),
    )
    return _Surroundings("the user's own surroundings", files.unconfined(own)), single


def _allowing(effect: str) -> str:
    return f'to let tests have it: allow = ["{effect}"] in your configuration'


def _with_opened(place: Place, effect: str) -> Place:
    sandbox = place.sandbox
    return replace(place, sandbox=replace(sandbox, opened=sandbox.opened | {effect}))


def _with_excluded_files(prepared: Prepared) -> Path:
    """A copy that also holds the small files that the snapshot leaves out: `.env`, keys."""
    copy = copy_snapshot(prepared.snapshot, prepared.private / "trusted" / prepared.snapshot.root.name)
    for skipped in prepared.snapshot.skipped:
        source = prepared.project.root / skipped.path
        if source.is_file() and source.stat().st_size < 1 << 20:
            shutil.copy2(source, copy.root / skipped.path)
    return copy.root

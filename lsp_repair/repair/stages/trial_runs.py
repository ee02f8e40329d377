"""Runs the failing tests with other contents of the product's files: in the warm server, or on fresh copies."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.delta_debugging import Trial
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import FailureGroup, NodeId, TestRun
from lsp_repair.errors import LspRepairError
from lsp_repair.judge.proof_context import ProofContext
from lsp_repair.judge.runs.patched_runs import patched, request_of, targets_scope
from lsp_repair.repair.history.product_states import State
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.testrun.cold import run_cold
from lsp_repair.testrun.probe.warm.warm_records import Reimport, ReimportedOutcome, Style, TestToRun
from lsp_repair.testrun.warm_server import WarmServer

_MAX_TESTS = 3
_STALL_SECONDS = 10.0
_NOT_COLLECTED = "NotCollected"


@dataclass(frozen=True, slots=True)
class WarmTrials:
    """Runs the failing tests on other texts of the product's files, in forks of the warm server."""

    root: Path
    tests: tuple[TestToRun, ...]
    errors: Mapping[NodeId, str]
    """The error of each test now."""
    server: WarmServer
    deadline: Deadline

    @classmethod
    def of(cls, prepared: Prepared, group: FailureGroup, server: WarmServer, deadline: Deadline) -> "WarmTrials | None":
        """None where no test can be run this way."""
        failures = [each for each in group.failures if not each.node_id.is_file]
        errors = {each.node_id: each.error_type for each in itertools.islice(failures, _MAX_TESTS)}
        tests = tuple(TestToRun(key, Style.HOOKS, _STALL_SECONDS / 2) for key in errors)
        return cls(prepared.snapshot.root, tests, errors, server, deadline) if tests else None

    def is_red_now(self, new: Mapping[str, bytes]) -> bool:
        """Whether this way of running shows today's failure with today's code."""
        return self.ends(new) is Trial.FAILS

    def ends(self, texts: Mapping[str, bytes]) -> Trial:
        """How the tests end with these texts: as now, all well, or otherwise."""
        return ended(self.outcomes(texts), self.errors)

    def outcomes(self, texts: Mapping[str, bytes]) -> dict[NodeId, str | None]:
        """The error of each test that ended, None where it passed."""
        files = {f"{self.root}/{path}": data.decode("utf-8", "surrogateescape") for path, data in texts.items()}
        test_files = list(dict.fromkeys(NodeId(test.id).file for test in self.tests))
        request = Reimport(files, test_files, self.tests, whole_files=False, run_all=True, test_seconds=1.0)
        found, done = self.server.answer(request, self.deadline, _STALL_SECONDS)
        outcomes = [each for each in found if isinstance(each, ReimportedOutcome) and each.error != _NOT_COLLECTED]
        return {} if done is None else {NodeId(each.id): each.error for each in outcomes}


def ended(outcomes: Mapping[NodeId, str | None], errors: Mapping[NodeId, str]) -> Trial:
    """How tests end whose errors now are known."""
    if any(key not in outcomes for key in errors):
        return Trial.UNRESOLVED
    if all(outcomes[key] is None for key in errors):
        return Trial.PASSES
    return Trial.FAILS if all(outcomes[key] == error for key, error in errors.items()) else Trial.UNRESOLVED


@dataclass(frozen=True, slots=True)
class Ended:
    """How the tests ended with a state of the product."""

    trial: Trial
    has_run: bool
    """Whether all of them came to an end of their own, whatever it was."""


_Key = tuple[bool, tuple[tuple[str, bytes | None], ...]]
_UNKNOWN = Ended(Trial.UNRESOLVED, has_run=False)


@dataclass(slots=True)
class StateTrials:
    """Runs the failing tests on states of the product, each once.

    States that differ from today in the text of Python files alone go to the warm server, where it shows today's failure with
    today's code; others to a fresh copy each.
    """

    errors: Mapping[NodeId, str]
    """The error of each test now; a file that is not collected is a test as well."""
    warm: WarmTrials | None
    context: ProofContext
    today: Mapping[str, bytes]
    deadline: Deadline
    most_cold: int
    is_exhausted: bool = False
    """Whether a state was not run for want of time or runs."""
    _cold: int = 0
    _known: dict[_Key, Ended] = field(default_factory=dict[_Key, Ended])
    _is_warm_trusted: bool | None = None

    @classmethod
    def of(  # noqa: PLR0913, PLR0917 - the copy, what is known of its tests, and how to run them
        cls,
        prepared: Prepared,
        run: TestRun,
        group: FailureGroup,
        server: WarmServer | None,
        today: Mapping[str, bytes],
        deadline: Deadline,
        most_cold: int,
    ) -> "StateTrials":
        """For the first few tests of a group."""
        warm = None if server is None else WarmTrials.of(prepared, group, server, deadline)
        errors = {each.node_id: each.error_type for each in group.failures[:_MAX_TESTS]}
        if any(key.is_file for key in errors):
            warm = None
        context = prepared.proof_context(run, test_edits=False)
        return cls(errors, warm, context, today, deadline, most_cold)

    def ends(self, state: State, *, is_quick: bool = False, again: bool = False) -> Ended:
        """How the tests end.

        `is_quick`: files that came or went and data count for nothing where the warm server has an answer without them, so what
        follows has to be confirmed. `again`: where the warm server has none, a fresh copy is tried.
        """
        different, texts = self._different(state)
        is_warm = self._is_warm(is_enough=is_quick or len(texts) == len(different))
        found = self._ends(texts, self._warm) if is_warm else _UNKNOWN
        if not is_warm or (again and found.trial is Trial.UNRESOLVED):
            found = self._ends(different, self.cold)
        return found

    def _ends(self, different: State, run: Callable[[State], Ended | None]) -> Ended:
        key = (run == self.cold, tuple(sorted(different.items())))
        if key not in self._known:
            found = run(different)
            if found is None:
                return _UNKNOWN
            self._known[key] = found
        return self._known[key]

    def is_red_now(self, like: State) -> bool:
        """Whether today's code shows today's failure if it is run as this state is."""
        different, texts = self._different(like)
        if self._is_warm(is_enough=len(texts) == len(different)):
            return True
        return self._ends({}, self.cold).trial is Trial.FAILS

    def _different(self, state: State) -> tuple[State, State]:
        """What is not as it is today, and what of it is text of Python files that are there today."""
        different = {path: data for path, data in state.items() if data != self.today.get(path)}
        code = {path: data for path, data in different.items() if path.endswith(".py") and path in self.today}
        return different, {path: data for path, data in code.items() if data is not None}

    def _is_warm(self, *, is_enough: bool) -> bool:
        if self.warm is None or not is_enough:
            return False
        if self._is_warm_trusted is None:
            found = self._warm(self._texts_now())
            self._is_warm_trusted = found is not None and found.trial is Trial.FAILS
        return self._is_warm_trusted

    def _texts_now(self) -> dict[str, bytes]:
        """Of the imported files."""
        root = self.context.snapshot.root
        files = [Path(file) for file in self.context.baseline.module_files.values()]
        paths = (file.relative_to(root).as_posix() for file in files if file.is_relative_to(root))
        return {path: self.today[path] for path in paths if path in self.today}

    def _warm(self, texts: State) -> Ended | None:
        assert self.warm is not None
        if self.deadline.passed:
            self.is_exhausted = True
            return None
        outcomes = self.warm.outcomes({path: data for path, data in texts.items() if data is not None})
        return Ended(ended(outcomes, self.errors), all(key in outcomes for key in self.errors))

    def cold(self, state: State) -> Ended | None:
        """In a fresh process on a fresh copy; None where there is no time or no run left."""
        if self.deadline.passed or self._cold >= self.most_cold:
            self.is_exhausted = True
            return None
        self._cold += 1
        different = [(path, data) for path, data in state.items() if data != self.today.get(path)]
        different.sort(key=lambda each: each[1] is not None)  # a file may become a folder
        patch = Patch(tuple(FileChange(path, self.today.get(path), data) for path, data in different))
        request = request_of(targets_scope(tuple(self.errors)), self.context.baseline, reverse=False)
        try:
            with patched(self.context, patch) as place:
                _remove_empty_folders(place.root, patch)
                run = run_cold(place, request, self.deadline).run
        except (LspRepairError, OSError):  # what cannot be laid over today's files: a folder where a file is
            return _UNKNOWN
        if not run.complete and self.deadline.passed:
            self.is_exhausted = True
            return None
        outcomes = dict(_outcomes(run, self.errors))
        return Ended(ended(outcomes, self.errors), all(key in outcomes for key in self.errors))


def _remove_empty_folders(root: Path, patch: Patch) -> None:
    """A folder without a file is a package all the same, to the import system."""
    for change in patch.changes:
        if change.after is None:
            with suppress(OSError):
                for folder in Path(change.path).parents:
                    if folder != Path():
                        (root / folder).rmdir()


def _outcomes(run: TestRun, tests: Mapping[NodeId, str]) -> Iterator[tuple[NodeId, str | None]]:
    """Of a file: its own error, else that of a test in it."""
    for key in tests:
        found = [each for each in run.results.values() if each.node_id == key]
        if key.is_file and not found:
            found = [each for each in run.results.values() if each.node_id.file == key]
        failing = [each for each in found if each.outcome.is_failing]
        if failing:
            yield key, failing[0].failure.error_type if failing[0].failure is not None else ""
        elif any(run.has_passed(each.node_id) for each in found):
            yield key, None

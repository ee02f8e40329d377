"""The second tier: a candidate's file is imported again in a fork of the warm server, with all that imported it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.domain.patches import Candidate, Screened, SourceFile
from lsp_repair.domain.runs import NodeId
from lsp_repair.screening.screening_state import ScreeningState, TrustedTest, same_outcome
from lsp_repair.testrun.probe.warm.warm_records import Done, Reimport, ReimportedOutcome, Style

_STALL_SECONDS = 10.0

_Outcomes = Mapping[NodeId, str | None]
"""Error types by test, None where it passes."""


@dataclass(slots=True)
class ReloadTier:
    """Screens candidates side by side, as many as there are workers."""

    state: ScreeningState
    _running: dict[int, Candidate] = field(default_factory=dict[int, Candidate])
    _outcomes: dict[int, dict[NodeId, str | None]] = field(default_factory=dict[int, dict[NodeId, str | None]])

    def screen(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """The candidates in the order in which they are decided."""
        state, waiting = self.state, list(candidates)
        while (waiting or self._running) and not state.deadline.passed:
            yield from self._submit(waiting)
            if not self._running and not state.server.is_gone:
                return
            for arrived in state.server.reports(state.deadline):
                if arrived.number not in self._running:
                    continue
                match arrived.report:
                    case ReimportedOutcome(id=test, error=error):
                        self._outcomes.setdefault(arrived.number, {})[NodeId(test)] = error
                    case Done(cpu=cpu):
                        state.tally.reload += 1
                        state.tally.cpu_seconds += cpu
                        yield self._screened(arrived.number)
                        break
                    case _:
                        pass
            else:
                if not state.restarted_after_death():
                    return
                yield from self._after_death()

    def _submit(self, waiting: list[Candidate]) -> Iterator[Screened]:
        """As many as there are workers; candidates that this tier is not trusted with go to the last one."""
        while waiting and len(self._running) < self.state.workers + 1:
            candidate = waiting.pop(0)
            if not self._is_trusted(candidate.source):
                yield self.state.screen_cold(candidate)
                continue
            request = self._request(candidate.source.path, candidate.after, run_all=False)
            try:
                self._running[self.state.server.submit(request, _STALL_SECONDS)] = candidate
            except OSError:
                waiting.insert(0, candidate)
                return

    def _after_death(self) -> Iterator[Screened]:
        """A candidate that was alone when the server died killed it; of several, each runs in a process of its own."""
        candidates = list(self._running.values())
        self._running.clear()
        for candidate in candidates:
            if len(candidates) == 1:
                yield from self.state.quarantine(candidate)
            else:
                yield self.state.screen_cold(candidate)

    def _is_trusted(self, source: SourceFile) -> bool:
        """Whether there is a target, and the file's original behaves through this tier as it is known to."""
        state = self.state
        if not state.ladder.screening and not state.ladder.whole_files:
            return False
        if source.path not in state.reload_is_trusted:
            request = self._request(source.path, source.data, run_all=True)
            found, _ = state.server.answer(request, state.deadline, _STALL_SECONDS)
            outcomes = {NodeId(each.id): each.error for each in found if isinstance(each, ReimportedOutcome)}
            state.reload_is_trusted[source.path] = self._original_holds(outcomes)
        return state.reload_is_trusted[source.path]

    def _original_holds(self, outcomes: _Outcomes) -> bool:
        if self.state.ladder.whole_files and not any(error is None for error in outcomes.values()):
            return True
        return bool(outcomes) and all(
            test.node_id in outcomes and same_outcome(outcomes[test.node_id], test.expected_error)
            for test in self._tests
        )

    def _screened(self, number: int) -> Screened:
        candidate, outcomes = self._running.pop(number), self._outcomes.pop(number, {})
        passed = sum(error is None for error in outcomes.values())
        complete = all(test.node_id in outcomes for test in self._tests)
        return Screened(candidate, passed, survived=bool(outcomes) and complete and passed == len(outcomes))

    @property
    def _tests(self) -> tuple[TrustedTest, ...]:
        ladder = self.state.ladder
        known = {test.node_id for test in ladder.screening}
        return (*ladder.screening, *(test for test in ladder.confirming if test.node_id not in known))

    def _request(self, path: str, data: bytes, *, run_all: bool) -> Reimport:
        """The request that imports a file with this text."""
        return Reimport(
            files={f"{self.state.root}/{path}": data.decode("utf-8", "surrogateescape")},
            test_files=self.state.ladder.test_files,
            tests=[replace(test, style=Style.HOOKS).request(3.0) for test in self._tests],
            whole_files=self.state.ladder.whole_files,
            run_all=run_all,
            test_seconds=1.0,
        )

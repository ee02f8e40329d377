"""The cheapest tier: batches of candidates, each swapped into a fork of the warm server.

If a candidate kills the warm server, the server is restarted and that candidate runs alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.patches import Candidate, Screened
from lsp_repair.pycode.units import Unit
from lsp_repair.screening.screening_state import ScreeningState, same_outcome
from lsp_repair.testrun.probe.channel import Record
from lsp_repair.testrun.probe.warm.warm_records import Canary, Done, Screen, ScreenedCandidate, ScreeningVerdict

_BATCH = 40

Placed = tuple[Candidate, Unit]
"""A candidate and the function that it changes."""


@dataclass(slots=True)
class _Batch:
    """Candidates that share a fork; their keys are their places in the list."""

    placed: Sequence[Placed]
    decided: set[int] = field(default_factory=set[int])
    lost: set[int] = field(default_factory=set[int])
    is_spoiled: bool = False
    """Whether the canary after it failed."""

    @property
    def undecided(self) -> list[int]:
        """Keys in their order."""
        return [key for key in range(len(self.placed)) if key not in self.decided]

    def part(self, keys: Iterable[int]) -> "_Batch":
        """Some of the candidates, to run again."""
        return _Batch([self.placed[key] for key in keys])

    def leftovers(self) -> list["_Batch"]:
        """What is undecided at the end: alone where the canary failed, together where the batch was cut short."""
        alone = [self.part([key]) for key in self.undecided if key in self.lost]
        together = self.part(key for key in self.undecided if key not in self.lost)
        return [*alone, together] if together.placed else alone


_PATIENCE = 10
"""On a busy machine a test that is stopped early shows no disturbance."""


@dataclass(slots=True)
class SwapTier:
    """Screens the candidates that change one function."""

    state: ScreeningState
    to_reload: list[Candidate]
    """Gets the candidates whose module has to be imported again."""
    _waiting: list[_Batch] = field(default_factory=list[_Batch])
    _running: dict[int, _Batch] = field(default_factory=dict[int, _Batch])

    def screen(self, placed: Sequence[Placed]) -> Iterator[Screened]:
        """The candidates in the order in which they are decided."""
        state, server = self.state, self.state.server
        self._waiting = [_Batch(placed[at : at + _BATCH]) for at in range(0, len(placed), _BATCH)]
        while (self._waiting or self._running) and not state.deadline.passed:
            self._submit_waiting()
            for arrived in server.reports(state.deadline):
                batch = self._running.get(arrived.number)
                if batch is None:
                    continue
                yield from self._received(arrived.report, batch)
                if isinstance(arrived.report, Done):
                    del self._running[arrived.number]
                    self._waiting[:0] = batch.leftovers()
                    if batch.is_spoiled and self._server_is_disturbed():
                        yield from self._quarantine_if_alone(batch)
                        if server.restart(state.deadline):
                            self._ask_again()
                    break
            else:
                if state.deadline.passed or not server.is_gone:
                    return
                yield from self._after_death()
                if not state.restarted_after_death():
                    return

    def _submit_waiting(self) -> None:
        try:
            while self._waiting and len(self._running) < self.state.workers + 1:
                self._running[self._submit(self._waiting[0])] = self._waiting[0]
                del self._waiting[0]
        except OSError:
            pass  # the server is gone, as the end of its reports will show

    def _submit(self, batch: _Batch) -> int:
        """The original goes first, as key -1, where its function has not gone through this tier before."""
        (first, unit), state = batch.placed[0], self.state
        swaps = [state.swap(key, each.source.path, unit) for key, (each, unit) in enumerate(batch.placed)]
        if (first.source.path, unit.function) not in state.swap_is_trusted:
            original = state.index(first.source).original(unit.function)
            swaps.insert(0, state.swap(-1, first.source.path, original))
        tests = [test.request() for test in state.ladder.screening]
        stall_seconds = 3.0 + 3 * sum(test.seconds for test in tests)
        return state.server.submit(Screen(swaps, tests, run_all=True, canary=True), stall_seconds)

    def _received(self, report: Record, batch: _Batch) -> Iterator[Screened]:
        match report:
            case ScreenedCandidate(key=-1):
                self._note_original(report, *batch.placed[0])
            case ScreenedCandidate() if 0 <= report.key < len(batch.placed):
                yield from self._decided(report, batch)
            case Canary():
                batch.is_spoiled = not self._canary_holds(report)
                if batch.is_spoiled and len(batch.placed) > 1:
                    batch.decided -= batch.lost
            case Done():
                self.state.tally.cpu_seconds += report.cpu
                if report.why:
                    yield from self._cut_short(batch)
            case _:
                pass

    def _note_original(self, report: ScreenedCandidate, first: Candidate, unit: Unit) -> None:
        passing = sum(test.expected_error is None for test in self.state.ladder.screening)
        failed = report.verdict in {ScreeningVerdict.LOST, ScreeningVerdict.SLOW}
        self.state.swap_is_trusted[first.source.path, unit.function] = failed and report.passed <= passing

    def _decided(self, report: ScreenedCandidate, batch: _Batch) -> Iterator[Screened]:
        candidate, unit = batch.placed[report.key]
        batch.decided.add(report.key)
        if report.verdict is ScreeningVerdict.CANNOT_SWAP:
            self.to_reload.append(candidate)
            return
        self.state.tally.swap += 1
        match report.verdict:
            case ScreeningVerdict.WON:
                yield self._confirmed(candidate, unit)
            case ScreeningVerdict.SLOW:
                yield self._inconclusive(candidate, report.passed)
            case _:
                batch.lost.add(report.key)
                yield Screened(candidate, report.passed, survived=False)

    def _confirmed(self, candidate: Candidate, unit: Unit) -> Screened:
        """In a fork of its own: every target, then the tests that cover the changed code."""
        verdict = self.state.run_alone(candidate, unit, self.state.ladder.confirming)
        is_slow = verdict is ScreeningVerdict.SLOW
        if is_slow:
            self.state.slow.add(candidate)
        passed = len(self.state.ladder.screening)
        return Screened(candidate, passed, survived=verdict is ScreeningVerdict.WON, inconclusive=is_slow)

    def _inconclusive(self, candidate: Candidate, passed: int) -> Screened:
        self.state.slow.add(candidate)
        self.state.tally.inconclusive += 1
        return Screened(candidate, passed, survived=False, inconclusive=True)

    def _cut_short(self, batch: _Batch) -> Iterator[Screened]:
        """The fork died or stalled: the first undecided candidate is the cause."""
        for key in batch.undecided[:1]:
            batch.decided.add(key)
            yield self._inconclusive(batch.placed[key][0], 0)

    def _after_death(self) -> Iterator[Screened]:
        """A candidate that was alone when the server died killed it; of several, the next of each batch runs alone."""
        for batch in self._running.values():
            left = batch.undecided
            if len(self._running) == len(batch.placed) == len(left) == 1:
                yield from self._quarantine_if_alone(batch)
            else:
                parts = (batch.part(left[:1]), batch.part(left[1:]))
                self._waiting[:0] = [each for each in parts if each.placed]
        self._running.clear()

    def _ask_again(self) -> None:
        """What the server before this one was asked besides."""
        self._waiting[:0] = [batch.part(batch.undecided) for batch in self._running.values() if batch.undecided]
        self._running.clear()

    def _quarantine_if_alone(self, batch: _Batch) -> Iterator[Screened]:
        """A candidate of a larger batch is found out when it runs alone."""
        if len(batch.placed) == 1:
            yield from self.state.quarantine(batch.placed[0][0])

    def _server_is_disturbed(self) -> bool:
        """Whether the original fails in a fresh child as well: then a candidate changed what all children share."""
        tests = [test.request(_PATIENCE) for test in self.state.ladder.screening]
        found, _ = self.state.server.answer(Screen([], tests, canary=True), self.state.deadline)
        canary = next((each for each in found if isinstance(each, Canary)), None)
        return canary is None or not self._canary_holds(canary)

    def _canary_holds(self, canary: Canary) -> bool:
        tests = self.state.ladder.screening
        pairs = zip(canary.outcomes, tests, strict=False)
        return len(canary.outcomes) == len(tests) and all(same_outcome(got, test.expected_error) for got, test in pairs)

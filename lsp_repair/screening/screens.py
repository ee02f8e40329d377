"""Screening: many candidates through the warm server, cheapest tier first; decides who climbs to the proof.

A tier is believed for a set of tests, and for a function, only after the original source went through it and gave the
known outcome.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lsp_repair.domain.candidates import Candidate, Screened, SourceFile
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import NodeId
from lsp_repair.pycode.units import Function, FunctionIndex, Unit
from lsp_repair.screening.ladder import Ladder, Tally, TrustedTest, same_outcome
from lsp_repair.testrun.records import Record
from lsp_repair.testrun.warm_server import WarmServer

_BATCH = 40
_PATIENCE = 12.0
"""How many times the limit a slow candidate gets on its second chance."""
_MAX_COLD = 24
"""Candidates that may cost a whole pytest start each."""
_MAX_RESTARTS = 6
"""Of the warm server: where more candidates than this end it, something else is wrong."""


@dataclass(slots=True)
class _Batch:
    """Candidates that share a fork."""

    candidates: list[Candidate]
    units: list[Unit]
    decided: set[int] = field(default_factory=set[int])
    lost: list[int] = field(default_factory=list[int])
    doubtful: bool = False
    """Whether the canary behind it failed."""
    guard: bool = False
    """Whether the original of the first unit's function goes first as key -1."""


@dataclass(slots=True)
class WarmScreen:
    """The `Screen` port over a warm server."""

    server: WarmServer
    root: str
    ladder: Ladder
    deadline: Deadline
    workers: int = 1
    run_cold: Callable[[Candidate], bool] | None = None
    """Runs the targets on a candidate in a fresh process: the last tier."""
    tally: Tally = field(default_factory=Tally)
    quarantined: list[Candidate] = field(default_factory=list[Candidate])
    """Candidates that ended or disturbed the server itself, by name: they are not run in company again."""
    _indexes: dict[SourceFile, FunctionIndex] = field(default_factory=dict[SourceFile, FunctionIndex])
    _guarded: dict[tuple[str, Function], bool] = field(default_factory=dict[tuple[str, Function], bool])
    _slow: set[Candidate] = field(default_factory=set[Candidate])
    _reload_trusted: dict[str, bool] = field(default_factory=dict[str, bool])

    def __call__(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """Screen in order of arrival; a candidate that was inconclusive before runs alone and with more time."""
        again = [each for each in candidates if each in self._slow]
        fresh = [each for each in candidates if each not in self._slow and each not in self.quarantined]
        placed = [(each, self.unit(each)) for each in fresh]
        swapped = [(candidate, unit) for candidate, unit in placed if unit is not None]
        to_reload = [candidate for candidate, unit in placed if unit is None]
        yield from self._swap_all(swapped, to_reload)
        yield from self._reload_all(to_reload)
        for candidate in again:
            if self.deadline.passed:
                return
            yield self._second_chance(candidate)

    def unit(self, candidate: Candidate) -> Unit | None:
        """The function to ship for a candidate; None when its module has to be imported again."""
        if not self.ladder.screening:
            return None
        source = candidate.source
        if source not in self._indexes:
            self._indexes[source] = FunctionIndex(source)
        unit = self._indexes[source].unit(candidate)
        if unit is None or self._guarded.get((source.path, unit.function)) is False:
            return None
        return unit

    def _swap_all(self, placed: Sequence[tuple[Candidate, Unit]], to_reload: list[Candidate]) -> Iterator[Screened]:
        waiting = [self._batch(placed[at : at + _BATCH]) for at in range(0, len(placed), _BATCH)]
        flying: dict[int, _Batch] = {}
        while (waiting or flying) and not self.deadline.passed:
            try:
                while waiting and len(flying) < self.workers + 1:
                    flying[self._send(waiting[0])] = waiting[0]
                    del waiting[0]
            except OSError:
                pass  # it is gone, as the records will show
            for record in self.server.records(self.deadline):
                received = flying.get(record.get("number", -1))
                if received is None:
                    continue
                yield from self._received(record, received, to_reload)
                if record["kind"] == "done":
                    del flying[record["number"]]
                    waiting[:0] = self._leftovers(received)
                    if received.doubtful and self._is_disturbed():
                        yield from self._quarantine_batch(received)
                        self.server.restart(self.deadline)
                    break
            else:
                if self.deadline.passed or not self.server.is_gone:
                    return
                yield from self._after_death(list(flying.values()), waiting)
                flying.clear()
                if not self._revived():
                    return

    def _revived(self) -> bool:
        """Whether a server that died serves again."""
        if self.deadline.passed or not self.server.is_gone or self.server.restarts >= _MAX_RESTARTS:
            return False
        return self.server.restart(self.deadline)

    def _after_death(self, flying: Sequence[_Batch], waiting: list[_Batch]) -> Iterator[Screened]:
        """Who was alone when the server died did it; of several, each runs alone from now on."""
        for batch in flying:
            left = [key for key in range(len(batch.candidates)) if key not in batch.decided]
            if len(flying) == 1 and len(left) == 1:
                yield from self._quarantine_batch(batch)
            else:
                alone = [_Batch([batch.candidates[key]], [batch.units[key]]) for key in left[:1]]
                rest = [_Batch([batch.candidates[key] for key in left[1:]], [batch.units[key] for key in left[1:]])]
                waiting[:0] = [*alone, *(each for each in rest if each.candidates)]

    def _is_disturbed(self) -> bool:
        """Whether the original fails in a fresh child as well: then a candidate reached what all children share."""
        tests = [test.request() for test in self.ladder.screening]
        records, _ = self.server.answer(
            "screen", self.deadline, candidates=[], tests=tests, canary=True, stall_seconds=10.0
        )
        reported = [record for record in records if record["kind"] == "canary"]
        return not reported or not self._canary_holds(reported[0])

    def _quarantine_batch(self, batch: _Batch) -> Iterator[Screened]:
        """A candidate that was alone when it happened; one in company is found out when it runs alone."""
        if len(batch.candidates) == 1:
            yield from self._quarantine(batch.candidates[0])

    def _quarantine(self, candidate: Candidate) -> Iterator[Screened]:
        """Name it, and have done with it."""
        if candidate not in self.quarantined:
            self.quarantined.append(candidate)
            yield Screened(candidate, 0, survived=False)

    def _batch(self, placed: Sequence[tuple[Candidate, Unit]]) -> _Batch:
        return _Batch([candidate for candidate, _ in placed], [unit for _, unit in placed])

    def _send(self, batch: _Batch) -> int:
        first = batch.candidates[0].source, batch.units[0].function
        batch.guard = (first[0].path, first[1]) not in self._guarded
        entries = [self.entry(-1, first[0].path, self._indexes[first[0]].original(first[1]))] if batch.guard else []
        entries += [
            self.entry(key, candidate.source.path, unit)
            for key, (candidate, unit) in enumerate(zip(batch.candidates, batch.units, strict=True))
        ]
        tests = [test.request() for test in self.ladder.screening]
        stall = 3.0 + 3 * sum(test.seconds for test in self.ladder.screening)
        return self.server.submit("screen", candidates=entries, tests=tests, all=True, canary=True, stall_seconds=stall)

    def entry(self, key: int, path: str, unit: Unit) -> dict[str, object]:
        """A candidate as the warm server wants it."""
        function = unit.function
        return {
            "key": key,
            "path": f"{self.root}/{path}",
            "first": function.first_line,
            "name": function.name,
            "shells": list(function.shells),
            "text": unit.text,
        }

    def _received(self, record: Record, batch: _Batch, to_reload: list[Candidate]) -> Iterator[Screened]:
        match record["kind"]:
            case "screened" if record["key"] < 0:
                expected = sum(test.expected_error is None for test in self.ladder.screening)
                trusted = record["verdict"] in {"lost", "slow"} and record["passed"] <= expected
                self._guarded[batch.candidates[0].source.path, batch.units[0].function] = trusted
            case "screened":
                yield from self._decided(record, batch, to_reload)
            case "canary":
                batch.doubtful = not self._canary_holds(record)
                if batch.doubtful and len(batch.candidates) > 1:
                    batch.decided -= set(batch.lost)
            case "done":
                self.tally.cpu_seconds += record["cpu"]
                yield from self._culprit(record, batch)
            case _:
                pass

    def _decided(self, record: Record, batch: _Batch, to_reload: list[Candidate]) -> Iterator[Screened]:
        key: int = record["key"]
        candidate = batch.candidates[key]
        batch.decided.add(key)
        if record["verdict"] == "no-swap":
            to_reload.append(candidate)
            return
        self.tally.swap += 1
        match record["verdict"]:
            case "won":
                yield self._confirmed(candidate, batch.units[key])
            case "slow":
                self._slow.add(candidate)
                self.tally.inconclusive += 1
                yield Screened(candidate, record["passed"], survived=False, inconclusive=True)
            case _:
                batch.lost.append(key)
                yield Screened(candidate, record["passed"], survived=False)

    def _canary_holds(self, record: Record) -> bool:
        tests = self.ladder.screening
        return all(same_outcome(got, test.expected_error) for got, test in zip(record["outcomes"], tests, strict=True))

    def _culprit(self, record: Record, batch: _Batch) -> Iterator[Screened]:
        """A batch that died or stalled: the first undecided candidate did it."""
        if not record["why"]:
            return
        undecided = [key for key in range(len(batch.candidates)) if key not in batch.decided]
        if undecided:
            batch.decided.add(undecided[0])
            self._slow.add(batch.candidates[undecided[0]])
            self.tally.inconclusive += 1
            yield Screened(batch.candidates[undecided[0]], 0, survived=False, inconclusive=True)

    def _leftovers(self, batch: _Batch) -> list[_Batch]:
        """What is undecided after a batch: alone where the canary failed, together where the batch was cut short."""
        left = [key for key in range(len(batch.candidates)) if key not in batch.decided]
        spoiled = set(batch.lost)
        alone = [_Batch([batch.candidates[key]], [batch.units[key]]) for key in left if key in spoiled]
        together = [key for key in left if key not in spoiled]
        if not together:
            return alone
        return [*alone, _Batch([batch.candidates[key] for key in together], [batch.units[key] for key in together])]

    def _confirmed(self, candidate: Candidate, unit: Unit) -> Screened:
        """In a fork of its own: every target, then the tests that cover the changed code."""
        verdict = self._alone(candidate, unit, self.ladder.confirming, 1.0)
        if verdict == "slow":
            self._slow.add(candidate)
        passed = len(self.ladder.screening)
        return Screened(candidate, passed, survived=verdict == "won", inconclusive=verdict == "slow")

    def _second_chance(self, candidate: Candidate) -> Screened:
        self._slow.discard(candidate)
        unit = self._indexes[candidate.source].unit(candidate) if candidate.source in self._indexes else None
        if unit is None:
            return next(self._reload_all([candidate]), Screened(candidate, 0, survived=False))
        for tests, patience in ((self.ladder.screening, _PATIENCE), (self.ladder.confirming, _PATIENCE / 4)):
            if self._alone(candidate, unit, tests, patience) != "won":
                return Screened(candidate, 0, survived=False)
        return Screened(candidate, len(self.ladder.screening), survived=True)

    def _alone(self, candidate: Candidate, unit: Unit, tests: Iterable[TrustedTest], patience: float) -> str:
        requests = [test.request(patience) for test in tests]
        stall = 3.0 + 2 * sum(test.seconds for test in tests) * patience
        records, done = self.server.answer(
            "screen",
            self.deadline,
            candidates=[self.entry(0, candidate.source.path, unit)],
            tests=requests,
            stall_seconds=min(stall, 30.0),
        )
        if done is not None:
            self.tally.cpu_seconds += done["cpu"]
        return next((record["verdict"] for record in records if record["kind"] == "screened"), "slow")

    def also_repaired(self, candidate: Candidate) -> int:
        """How many red tests of other groups pass with a survivor."""
        unit = self.unit(candidate)
        if unit is None or not self.ladder.others or self.deadline.passed:
            return 0
        records, _ = self.server.answer(
            "screen",
            self.deadline,
            candidates=[self.entry(0, candidate.source.path, unit)],
            tests=[test.request() for test in self.ladder.others],
            all=True,
            stall_seconds=5.0,
        )
        return next((int(record["passed"]) for record in records if record["kind"] == "screened"), 0)

    def _reload_all(self, candidates: Sequence[Candidate]) -> Iterator[Screened]:
        """The tier that imports the file again, as many side by side as there are workers."""
        waiting = list(candidates)
        flying: dict[int, Candidate] = {}
        outcomes: dict[int, dict[NodeId, str | None]] = {}
        while (waiting or flying) and not self.deadline.passed:
            yield from self._send_reloads(waiting, flying)
            if not flying and not self.server.is_gone:
                return
            for record in self.server.records(self.deadline):
                number = record.get("number", -1)
                if number in flying and record["kind"] == "outcome":
                    outcomes.setdefault(number, {})[NodeId(record["id"])] = record["error"]
                elif number in flying and record["kind"] == "done":
                    self.tally.reload += 1
                    self.tally.cpu_seconds += record["cpu"]
                    yield self._of_reload(flying.pop(number), outcomes.pop(number, {}))
                    break
            else:
                if not self._revived():
                    return
                yield from self._lost_reloads(list(flying.values()))
                flying.clear()

    def _send_reloads(self, waiting: list[Candidate], flying: dict[int, Candidate]) -> Iterator[Screened]:
        """As many as there are workers; what this tier is not trusted with goes to the last one."""
        while waiting and len(flying) < self.workers + 1:
            candidate = waiting.pop(0)
            if not self._reload_is_trusted(candidate.source):
                yield self._cold(candidate)
                continue
            request = self._reimport(candidate.source.path, candidate.after, all=False)
            try:
                flying[self.server.submit("reimport", **request)] = candidate
            except OSError:
                waiting.insert(0, candidate)
                return

    def _lost_reloads(self, lost: Sequence[Candidate]) -> Iterator[Screened]:
        """Who was alone when the server died did it; of several, each runs in a process of its own."""
        for candidate in lost:
            if len(lost) == 1:
                yield from self._quarantine(candidate)
            else:
                yield self._cold(candidate)

    def _reload_is_trusted(self, source: SourceFile) -> bool:
        """Not for a file whose original does not behave through this tier as it is known to, nor without a target."""
        if not self.ladder.screening and not self.ladder.whole_files:
            return False
        if source.path not in self._reload_trusted:
            request = self._reimport(source.path, source.data, all=True)
            records, _ = self.server.answer("reimport", self.deadline, **request)
            outcomes = {NodeId(each["id"]): each["error"] for each in records if each["kind"] == "outcome"}
            self._reload_trusted[source.path] = self._reload_holds(outcomes)
        return self._reload_trusted[source.path]

    def _of_reload(self, candidate: Candidate, outcomes: dict[NodeId, str | None]) -> Screened:
        passed = sum(error is None for error in outcomes.values())
        complete = all(test.node_id in outcomes for test in self._tests)
        return Screened(candidate, passed, survived=bool(outcomes) and complete and passed == len(outcomes))

    def _reload_holds(self, outcomes: dict[NodeId, str | None]) -> bool:
        if self.ladder.whole_files and not any(error is None for error in outcomes.values()):
            return True
        return bool(outcomes) and all(
            test.node_id in outcomes and same_outcome(outcomes[test.node_id], test.expected_error)
            for test in self._tests
        )

    def _cold(self, candidate: Candidate) -> Screened:
        if self.run_cold is None or self.tally.cold >= _MAX_COLD:
            return Screened(candidate, 0, survived=False)
        self.tally.cold += 1
        return Screened(candidate, 0, survived=self.run_cold(candidate))

    @property
    def _tests(self) -> tuple[TrustedTest, ...]:
        known = {test.node_id for test in self.ladder.screening}
        return (*self.ladder.screening, *(test for test in self.ladder.confirming if test.node_id not in known))

    def _reimport(self, path: str, data: bytes, *, all: bool) -> dict[str, Any]:  # noqa: A002 - the request's word
        """The request that imports a file with this text."""
        return {
            "files": {f"{self.root}/{path}": data.decode("utf-8", "surrogateescape")},
            "test_files": list(self.ladder.test_files),
            "whole_files": self.ladder.whole_files,
            "tests": [replace(test, style="hooks").request(3.0) for test in self._tests],
            "all": all,
            "test_seconds": 1.0,
            "stall_seconds": 10.0,
        }

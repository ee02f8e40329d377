"""The tool's end of the warm server: requests out, reports in, never a deadlock between the two."""

import os
import select
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.isolation import GUARD, Mechanism, Running
from lsp_repair.testrun.cold import start_probe
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe import channel, run_records
from lsp_repair.testrun.probe.channel import Record
from lsp_repair.testrun.probe.warm import warm_records
from lsp_repair.testrun.records import RunBuilder
from lsp_repair.testrun.shapes import read_warm_report


@dataclass(frozen=True, slots=True)
class WarmRequest:
    """What to collect and how many children may run at once."""

    files: tuple[str, ...]
    only: frozenset[NodeId] | None = None
    workers: int = 1


Reach = frozenset[tuple[str, int]]
"""Files (relative to the root) with the first lines of the functions that were executed; 0: the file as a whole."""
UNKNOWN = ("", 0)
"""In a test's reach: it depends on what could not be seen."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A report of the warm server."""

    number: int
    """Of the request that it belongs to; -1: of none."""
    report: Record


@dataclass(frozen=True, slots=True)
class ReachingRun:
    """A run, and what its tests reached where that could be noted."""

    run: TestRun
    reached: Mapping[NodeId, Reach] = field(default_factory=dict[NodeId, Reach])


@dataclass(slots=True)
class WarmServer:
    """A process that has collected the tests and forks for each request; use as a context manager."""

    running: Running
    collection: TestRun
    """What was collected, with the errors of collection."""
    place: Place
    request: WarmRequest
    restarts: int = 0
    is_gone: bool = False
    """Whether its process ended, so that nothing more will arrive."""
    _buffer: bytearray = field(default_factory=bytearray)
    _arrived: deque[Arrived] = field(default_factory=deque[Arrived])
    _next_number: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the server and its children."""
        self.running.close()

    def restart(self, deadline: Deadline) -> bool:
        """Replace a process that died or was disturbed by a new one; False when it does not start again."""
        self.running.close()
        self.is_gone = True
        again = start_warm(self.place, self.request, deadline)
        if isinstance(again, NotWarm):
            return False
        # No request was sent before it was ready, so nothing else of it has arrived.
        self.running, self.collection = again.running, again.collection
        self._arrived.clear()
        self._buffer.clear()
        self.is_gone = False
        self.restarts += 1
        return True

    def submit(self, operation: Record, stall_seconds: float, *, urgent: bool = False) -> int:
        """Queue a request and return its number; raises BrokenPipeError when the server is gone."""
        self._next_number += 1
        request = warm_records.ChildRequest(self._next_number, operation, urgent, stall_seconds)
        rest = memoryview(channel.encoded(request))
        if self.is_gone:
            raise BrokenPipeError
        os.set_blocking(self.running.write_fd, False)
        while rest:
            readable, writable, _ = select.select([self.running.read_fd], [self.running.write_fd], [])
            if readable and not self._read():
                raise BrokenPipeError
            if writable:
                rest = rest[os.write(self.running.write_fd, rest[: 1 << 15]) :]
        return self._next_number

    def reports(self, deadline: Deadline) -> Iterator[Arrived]:
        """Reports on all requests as they arrive; ends when the deadline passes or the server is gone."""
        while True:
            while self._arrived:
                yield self._arrived.popleft()
            if self.is_gone or deadline.passed or not (self._wait(deadline) or self._arrived):
                return

    def answer(
        self, operation: Record, deadline: Deadline, stall_seconds: float = 10.0
    ) -> tuple[list[Record], warm_records.Done | None]:
        """One request and all its reports; `Done` is None when time ran out or the server is gone.

        Somebody waits for the answer, so it goes before what is queued and beside what is running.
        Reports on other requests that arrive meanwhile stay for whoever waits for them.
        """
        try:
            number = self.submit(operation, stall_seconds, urgent=True)
        except OSError:
            self.is_gone = True
            return [], None
        found: list[Record] = []
        others: list[Arrived] = []
        done: warm_records.Done | None = None
        for arrived in self.reports(deadline):
            if arrived.number != number:
                others.append(arrived)
            elif isinstance(arrived.report, warm_records.Done):
                done = arrived.report
                break
            else:
                found.append(arrived.report)
        self._arrived.extendleft(reversed(others))
        return found, done

    def run(self, ids: Sequence[NodeId], deadline: Deadline, *, record: bool, test_seconds: float) -> TestRun:
        """Run tests in one forked child with full facts; what is missing did not run."""
        return self._run(warm_records.RunTests(ids, test_seconds, record=record), deadline).run

    def run_reaching(
        self,
        ids: Sequence[NodeId],
        swaps: Sequence[warm_records.Swap],
        deadline: Deadline,
        *,
        test_seconds: float,
        again: bool,
    ) -> ReachingRun:
        """The same with functions replaced, and what each test reached; incomplete when one of them cannot be replaced.

        `again`: the tests run a second time, for what a test reaches only because it is the first.
        """
        rounds = 2 if again else 1
        return self._run(warm_records.RunTests(ids, test_seconds, swaps=swaps, rounds=rounds), deadline)

    def _run(self, operation: warm_records.RunTests, deadline: Deadline) -> ReachingRun:
        found, done = self.answer(operation, deadline, 3 * operation.test_seconds + 10)
        builder = RunBuilder.at(self.place)
        reached: dict[NodeId, Reach] = {}
        for each in found:
            match each:
                case warm_records.CannotSwap():
                    return ReachingRun(RunBuilder().run(0.0, ""))
                case warm_records.Reached():
                    reached = {NodeId(test): frozenset(places) for test, places in each.tests.items()}
                case _:
                    builder.take(each)
        if done is not None and done.why:
            builder.died(f"the process ended while this test ran ({done.why})")
        builder.ended = done is not None and not done.why
        return ReachingRun(builder.run(0.0, ""), reached)

    def _wait(self, deadline: Deadline) -> bool:
        while not select.select([self.running.read_fd], [], [], deadline.glance)[0]:
            if deadline.passed:
                return False
        return self._read()

    def _read(self) -> bool:
        chunk = os.read(self.running.read_fd, 1 << 16)
        self._buffer += chunk
        for found in channel.split(self._buffer):
            report = read_warm_report(found)
            if report is not None:
                number = found.get("number")
                self._arrived.append(Arrived(number if type(number) is int else -1, report))
        self.is_gone = not chunk
        return not self.is_gone


@dataclass(frozen=True, slots=True)
class NotWarm:
    """The warm test server is not available, and why."""

    why: str


def start_warm(place: Place, request: WarmRequest, deadline: Deadline) -> WarmServer | NotWarm:
    """Start a warm server and wait until it has collected."""
    running = start_probe(place, "0")
    builder = RunBuilder.at(place)
    server = WarmServer(running, builder.run(0.0, ""), place, request)
    try:
        channel.send(running.write_fd, _requested(place, request))
        for arrived in server.reports(deadline):
            builder.take(arrived.report)
            if isinstance(arrived.report, warm_records.Ready):
                server.collection = builder.run(0.0, "")
                return server
            if isinstance(arrived.report, run_records.End):
                break
    except BrokenPipeError:
        pass
    except BaseException:
        server.close()
        raise
    server.close()
    return NotWarm(_reason(builder, running))


def _reason(builder: RunBuilder, running: Running) -> str:
    if builder.start_failure is not None:
        return f"pytest does not start: {builder.start_failure.message}"
    return running.output_tail(400) or "the process ended during collection"


def _requested(place: Place, request: WarmRequest) -> run_records.WarmRequest:
    return run_records.WarmRequest(
        root=str(place.root),
        home=str(place.home),
        args=place.pytest_words(request.files),
        only=sorted(request.only) if request.only is not None else None,
        workers=request.workers,
        guard=str(GUARD) if place.sandbox.mechanism is not Mechanism.NONE else None,
    )

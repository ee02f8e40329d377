"""One run of pytest in a fresh process, which the tests may crash, hang or lie in."""

import os
import secrets
import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hmac import compare_digest

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Failure, NodeId, Outcome, TestRun
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.isolation import Running, launch
from lsp_repair.testrun.place import Place
from lsp_repair.testrun.probe import channel, run_records
from lsp_repair.testrun.probe.channel import Record
from lsp_repair.testrun.probe.run_records import MustFailRequest
from lsp_repair.testrun.probe.session.sealing import TAG_BYTES, Sign, chain
from lsp_repair.testrun.records import Protocol, RunBuilder
from lsp_repair.testrun.shapes import read_report

_MAX_BYTES = 1 << 30
"""Of all records of one process."""


@dataclass(slots=True)
class Intake:
    """One process's reports; `garbled` says why it cannot be trusted any more, and then nothing more is taken.

    The first record comes before the secret is known to the process, and is the only one without a seal.
    """

    secret: bytes = field(repr=False)
    garbled: str = ""
    _buffer: bytearray = field(default_factory=bytearray)
    _taken: int = 0
    _is_greeted: bool = False
    _sign: Sign | None = None

    def feed(self, chunk: bytes) -> list[Record]:
        """The reports that are complete with this chunk."""
        self._taken += len(chunk)
        found: list[Record] = []
        if self.garbled:
            return found
        if self._taken > _MAX_BYTES:
            self.garbled = "the process reported too much"
            return found
        self._buffer += chunk
        try:
            found.extend(self._record(payload) for payload in channel.payloads(self._buffer))
        except ValueError as error:
            self.garbled = str(error)
        return found

    def _record(self, payload: bytes) -> Record:
        if not self._is_greeted:
            self._is_greeted = True
            self._sign = chain(self.secret)
        else:
            assert self._sign is not None
            tag, payload = payload[:TAG_BYTES], payload[TAG_BYTES:]
            if not compare_digest(tag, self._sign(payload)):
                raise ValueError("a record was forged, lost or repeated")
        return read_report(channel.decoded(payload))


_MAX_DEATHS = 4
"""A suite whose tests kill the process this often is not started again."""


@dataclass(frozen=True, slots=True)
class ColdRequest:
    """What one run is to do."""

    files: tuple[str, ...] = ()
    """Paths (or node ids) to collect, relative to the root; empty: what the place selects."""
    only: frozenset[NodeId] | None = None
    """The tests to keep of what was collected; None keeps all."""
    within: frozenset[str] | None = None
    """The files that may be collected at all, relative to the root; None: all. Which of them hold tests, pytest says."""
    record: bool = False
    """Whether the executed lines are reported."""
    reverse: bool = False
    hash_seed: str = "random"
    test_seconds: float = 2.0
    """CPU seconds a test may use at least before it counts as hanging."""
    stall_seconds: float = 60.0
    """Wall seconds without news before the running test counts as hanging."""
    must_fail: MustFailRequest | None = None
    digests: bool = True
    """Whether what the test files hold just before they are imported is reported."""
    guarded: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Files, relative to the root, reported when they reach for frames or code, with the names that need no report."""

    @classmethod
    def of(cls, tests: Iterable[NodeId], *, record: bool = False, test_seconds: float = 2.0) -> "ColdRequest":
        """These tests alone, in the files that hold them."""
        only = frozenset(tests)
        files = tuple(dict.fromkeys(key.file for key in sorted(only)))
        return cls(files, only, record=record, test_seconds=test_seconds)


@dataclass(frozen=True, slots=True)
class ColdResult:
    """A run, and why its configuration did not load when it did not."""

    run: TestRun
    start_failure: Failure | None = None


def run_cold(
    place: Place, request: ColdRequest, deadline: Deadline, start: Callable[[], Running] | None = None
) -> ColdResult:
    """Run the tests; a test that ends its process or hangs is a failure, and the others run without it.

    When the deadline passes the run is returned as far as it got, marked incomplete. `start` gives a probe that was
    started at this place before.
    """
    builder = RunBuilder.at(place)
    started = time.monotonic()
    tail = ""
    for _ in range(_MAX_DEATHS):
        running = start() if start is not None else start_probe(place, request.hash_seed)
        start = None
        ended, tail = _run_once(running, place, request, (builder, deadline))
        if ended or deadline.passed:
            break
        victim = builder.died(_last_words(tail))
        if victim is None:
            break
        left = frozenset(builder.collected) - frozenset(builder.results) | _for_trials(request.must_fail, builder)
        if not left:
            builder.ended = True
            break
        request = replace(request, only=left)
    return ColdResult(builder.run(time.monotonic() - started, tail), builder.start_failure)


def _for_trials(must_fail: MustFailRequest | None, builder: RunBuilder) -> frozenset[NodeId]:
    """Targets that have passed: when another test ends the process, the trials that follow the tests need them again."""
    requested = must_fail.targets if must_fail is not None else ()
    passed = (key for key, each in builder.results.items() if each.outcome is Outcome.PASSED)
    return frozenset(key for key in passed if key in requested or key.file in requested)


def _last_words(tail: str) -> str:
    lines = [line for line in tail.strip().splitlines() if line.strip()]
    return "the process ended or hung while this test ran" + (f"; last output: {lines[-1][:200]}" if lines else "")


def _run_once(
    running: Running, place: Place, request: ColdRequest, sink: tuple[RunBuilder, Deadline]
) -> tuple[bool, str]:
    """Whether the end was reported or the reports cannot be trusted, and the end of the output."""
    builder, deadline = sink
    intake, protocol = Intake(secrets.token_bytes(32)), Protocol()
    try:
        channel.send(running.write_fd, _requested(place, request, intake.secret))
        for report in reports(running, intake, deadline, request.stall_seconds):
            protocol.take(report)
            builder.take(report)
        if builder.ended and _is_silent(running, protocol):
            running.finish(1.0)
    except BrokenPipeError:
        pass
    finally:
        running.close()
    builder.garbled = builder.garbled or intake.garbled
    builder.irregular |= protocol.irregular
    return builder.ended or bool(builder.garbled), running.output_tail()


def _is_silent(running: Running, protocol: Protocol) -> bool:
    """Whether the pipe closes after the end was reported; another process may still hold it, and write to it."""
    if not select.select([running.read_fd], [], [], 1.0)[0]:
        return False
    if os.read(running.read_fd, 1):
        protocol.irregular.add("records after the end")
    return True


def start_probe(place: Place, hash_seed: str) -> Running:
    """The probe's process; raises CannotRunTestsError when the interpreter does not start."""
    try:
        return launch(place.command(hash_seed))
    except OSError as error:
        raise CannotRunTestsError(
            "broken-interpreter", f"{place.python} cannot be started: {error.strerror}", "choose another with --python"
        ) from error


def _requested(place: Place, request: ColdRequest, secret: bytes) -> run_records.ColdRequest:
    return run_records.ColdRequest(
        root=str(place.root),
        home=str(place.home),
        args=place.pytest_words(request.files),
        secret=secret.hex(),
        only=sorted(request.only) if request.only is not None else None,
        within=sorted(request.within) if request.within is not None else None,
        record=request.record,
        reverse=request.reverse,
        test_seconds=request.test_seconds,
        digests=request.digests,
        guarded=request.guarded,
        must_fail=request.must_fail,
    )


def reports(running: Running, intake: Intake, deadline: Deadline, stall_seconds: float) -> Iterator[Record]:
    """Reports as they arrive, including those that arrive together with the end.

    Ends with the end report, at the end of the pipe, at the deadline, or after too long a silence.
    """
    received = time.monotonic()
    has_ended = False
    while not has_ended and not deadline.passed and time.monotonic() - received < stall_seconds and not intake.garbled:
        if not select.select([running.read_fd], [], [], min(deadline.glance, stall_seconds))[0]:
            continue
        received = time.monotonic()
        chunk = os.read(running.read_fd, 1 << 16)
        if not chunk:
            return
        for report in intake.feed(chunk):
            has_ended = has_ended or isinstance(report, run_records.End)
            yield report

"""Independent observation: calls that the tests make, made again on old and new code where no test runs.

The tests say that a patch works; this layer checks whether it also works without them, and on other inputs.
"""

import os
import secrets
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import NodeId
from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.isolation import Running, launch
from lsp_repair.judge.proof_context import LayerResult, ProofContext
from lsp_repair.judge.replay import replay_judgement as judgement
from lsp_repair.judge.replay.changed_code import ChangedCode, changed_code, depends_on_nothing_else
from lsp_repair.judge.runs.patched_runs import private_copy
from lsp_repair.testrun.place import START, Place
from lsp_repair.testrun.probe import channel
from lsp_repair.testrun.probe.channel import Record
from lsp_repair.testrun.probe.replay import replay_records as records
from lsp_repair.testrun.probe.run_records import End
from lsp_repair.testrun.shapes import OF_A_REPLAY, read_report
from lsp_repair.testrun.snapshot import Snapshot, write_patch

LAYER = "replay"
_OBSERVES = "replay.observing"
_SECONDS = 20.0
_STALL_SECONDS = 10.0
_MAX_TARGETS = 20
_MAX_BYTES = 1 << 20
_TEST_SECONDS = 2.0
_NOT_APPLICABLE = LayerResult(not_applicable=(LAYER,))


@dataclass(slots=True)
class _Recorded:
    """What the tests called, and in which environment."""

    calls: list[records.CallMade] = field(default_factory=list[records.CallMade])
    test_modules: list[str] = field(default_factory=list[str])
    path: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Answered:
    """What one process answered before it ended, died, or was cut off."""

    answers: judgement.Answers
    missing: frozenset[int] = frozenset()
    """Calls whose function could not be imported."""
    is_whole: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class _Replay:
    """One patch under observation, in a private copy that holds the new or the old code by turns."""

    context: ProofContext
    patch: Patch
    targets: tuple[NodeId, ...]
    code: ChangedCode
    copy: Snapshot
    place: Place
    deadline: Deadline

    def finding(self, code: Flag, message: str) -> Finding:
        """At the first of the changed functions."""
        first = ((path, lines[0]) for path, lines in self.code.functions.items() if lines)
        path, line = next(first, self.patch.changes[0].first_difference)
        return Finding(code, path, line, message)

    def turn_back(self) -> None:
        """Put the old code where the new one was: paths in arguments then mean the same to both."""
        back = [FileChange(each.path, each.after, each.before) for each in self.patch.changes]
        write_patch(self.copy, back)

    def ask(self, hash_seed: str, task: records.RecordCalls | records.ReplayCalls) -> Iterator[Record]:
        """The reports of one process; without `End` it was cut off, and with `_Gone` it ended by itself."""
        command = self.place.command(hash_seed)
        environ = dict(command.environ)
        if isinstance(task, records.ReplayCalls) and task.test is None:
            environ = {name: text for name, text in environ.items() if not name.startswith("PYTEST_")}
        running = launch(replace(command, argv=[str(self.place.python), str(START), _OBSERVES], environ=environ))
        seal = secrets.token_hex(16)
        try:
            channel.send(running.write_fd, records.ReplayRequest(str(self.place.root), seal, task))
            for report in _reported(running, self.deadline, seal):
                yield report
                if isinstance(report, End):
                    running.finish(1.0)
                    return
        except BrokenPipeError:
            return
        finally:
            running.close()


class _Gone(Record):
    """The process ended without a last report."""


def _reported(running: Running, deadline: Deadline, seal: str) -> Iterator[Record]:
    """Reports until the end of the pipe (`_Gone`), the deadline, a silence, too many bytes, or one without the seal."""
    buffer, size, received = bytearray(), 0, time.monotonic()
    while not deadline.passed and time.monotonic() - received < _STALL_SECONDS and size < _MAX_BYTES * 8:
        if not select.select([running.read_fd], [], [], min(deadline.glance, _STALL_SECONDS))[0]:
            continue
        received = time.monotonic()
        chunk = os.read(running.read_fd, 1 << 16)
        if not chunk:
            yield _Gone()
            return
        size += len(chunk)
        buffer += chunk
        for found in channel.split(buffer):
            if found.get("seal") != seal:
                return
            yield read_report(found, OF_A_REPLAY)


def replayed(context: ProofContext, patch: Patch, targets: tuple[NodeId, ...], deadline: Deadline) -> LayerResult:
    """Flags and notes from calls made outside of the tests, for a patch that makes the targets pass.

    Not applicable where the tests make no call that can be made again, or the code does not import without them. A
    process that does not finish in time, or whose records cannot be read, is ignored: no flag rests on half of the answers.
    """
    code = changed_code(patch)
    if not code.functions:
        return _NOT_APPLICABLE
    try:
        with private_copy(context, patch) as copy:
            place = context.place.at(copy.root).for_candidates()
            return _observed(_Replay(context, patch, targets, code, copy, place, deadline.within(_SECONDS)))
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
        return _NOT_APPLICABLE  # not what our probe reports


def _observed(replay: _Replay) -> LayerResult:
    recorded = _recorded(replay)
    new = _answered(replay, recorded) if recorded.calls else _Answered({})
    if new.is_gone:
        new = _answered(replay, recorded)
    doubtful = _other_in_a_test(replay, recorded, new.answers) if new.is_whole else frozenset[judgement.InputKey]()
    replay.turn_back()
    old = _answered(replay, recorded) if new != _Answered({}) else _Answered({})
    if not old.is_whole or not any(each.tested and each.gives for each in old.answers.values()):
        return _NOT_APPLICABLE
    if new.is_gone or new.missing - old.missing:  # where no test runs, the patched code cannot even be called
        return _unchanged(replay)
    if doubtful & _alike_in_a_test(replay, recorded, old.answers, doubtful):
        return _unchanged(replay)
    pairs = judgement.compared(old.answers, new.answers)
    known = [call for number, call in enumerate(recorded.calls) if number not in old.missing]
    if judgement.nothing_changed(pairs, known, replay.code) and _is_alone(replay):
        return _unchanged(replay)
    findings = list[Finding]()
    if judgement.answers_without_looking(pairs, replay.code):
        message = "called outside the tests, it answers without looking at its input"
        findings.append(replay.finding(Flag.HARD_CODED_INPUT, message))
    if judgement.changed_only_at_tested_points(pairs, replay.code):
        message = "called outside the tests, only the answers to inputs used by the tests change"
        findings.append(replay.finding(Flag.CHANGED_ONLY_AT_TESTED_POINTS, message))
    notes = judgement.vanished_errors(pairs, recorded.calls, replay.code, _failed_with(replay))
    return LayerResult(findings=tuple(findings), notes=notes)


def _unchanged(replay: _Replay) -> LayerResult:
    message = "called outside the tests, the code answers as it did before"
    return LayerResult(findings=(replay.finding(Flag.NO_CHANGE_OUTSIDE_PYTEST, message),))


def _is_alone(replay: _Replay) -> bool:
    root = replay.context.snapshot.root
    files = [root / path for path in replay.context.baseline.oracle_paths if path.endswith(".py")]
    return depends_on_nothing_else(replay.patch, (file.read_bytes() for file in files if file.is_file()))


def _other_in_a_test(replay: _Replay, recorded: _Recorded, bare: judgement.Answers) -> frozenset[judgement.InputKey]:
    """Inputs to which the new code answers differently in a process that looks like a test run.

    Asked once more without tests at the end: a clock, or whatever else moves, is no sign of tests.
    """
    found = judgement.differing(bare, _answered_in_a_test(replay, recorded).answers)
    if not found:
        return found
    again = _answered(replay, recorded, near=False)
    return frozenset(key for key in found if key in again.answers and again.answers[key].gives == bare[key].gives)


def _alike_in_a_test(
    replay: _Replay, recorded: _Recorded, bare: judgement.Answers, requested: frozenset[judgement.InputKey]
) -> frozenset[judgement.InputKey]:
    """Inputs to which the old code gives one answer whether a test seems to run or not."""
    if not requested:
        return requested
    inside = _answered_in_a_test(replay, recorded).answers
    alike = (key for key, answer in inside.items() if key in bare and answer.gives == bare[key].gives is not None)
    return requested.intersection(alike)


def _answered_in_a_test(replay: _Replay, recorded: _Recorded) -> _Answered:
    test = replay.targets[0]
    function = test.rpartition("::")[2].partition("[")[0]
    imitated = records.ImitatedTest(test, test.file, function, at_root=replay.code.reads_place)
    return _answered(replay, recorded, near=False, test=imitated)


def _failed_with(replay: _Replay) -> frozenset[str]:
    failures = map(replay.context.baseline.failure_of, replay.targets)
    return frozenset(each.error_type for each in failures if each is not None)


def _recorded(replay: _Replay) -> _Recorded:
    """The calls of a run of the targets on the patched code: unlike the old code it gets through them."""
    root, targets = replay.place.root, replay.targets[:_MAX_TARGETS]
    recorded, size = _Recorded(), 0
    task = records.RecordCalls(
        home=str(replay.place.home),
        args=replay.place.pytest_words(dict.fromkeys(each.file for each in targets)),
        only=list(targets) if all(not each.is_file for each in targets) else None,
        oracle=[str(root / path) for path in replay.context.baseline.oracle_paths],
        changed={str(root / path): lines for path, lines in replay.code.functions.items()},
        test_seconds=_TEST_SECONDS,
    )
    for report in replay.ask("1", task):
        match report:
            case records.CallMade():
                size += len(report.data)
                if size <= _MAX_BYTES:
                    recorded.calls.append(report)
            case records.Surroundings():
                recorded.test_modules, recorded.path = list(report.modules), list(report.path)
            case _:
                pass
    return recorded


def _answered(
    replay: _Replay, recorded: _Recorded, *, near: bool = True, test: records.ImitatedTest | None = None
) -> _Answered:
    """What one process answered; an input answered twice makes it worthless."""
    found: dict[judgement.InputKey, records.CallAnswer] = {}
    missing: frozenset[int] = frozenset()
    task = records.ReplayCalls(
        calls=recorded.calls,
        path=recorded.path,
        test_modules=recorded.test_modules,
        near=near,
        numbers=replay.code.numbers,
        texts=replay.code.texts,
        test=test,
    )
    seed = "1" if replay.code.reads_seed and test is not None else "0"
    for report in replay.ask(seed, task):
        if isinstance(report, records.MissingCalls):
            missing = frozenset(report.calls)
            continue
        if not isinstance(report, records.CallAnswer):
            return _Answered(found, missing, is_whole=isinstance(report, End), is_gone=isinstance(report, _Gone))
        key = (".".join(recorded.calls[report.call].callee[:2]), report.key)
        if key in found:
            break
        found[key] = report
    return _Answered({})
